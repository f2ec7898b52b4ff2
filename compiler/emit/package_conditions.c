/* SPDX-License-Identifier: MIT */
/* Models with conditions in NAME_main.c: what their conditions are; and since a verb of the program works under one
 * condition, functions that take it once, behind the scalars, for all samples of a call. */
#include "compiler/emit/package_parts.h"

#include <string.h>

/* Samples in one call of the package's function; the rows of their conditions are at the workspace's start. */
enum { GIVEN_ROWS = 4096 };

/* From the plain function's parameters to the conditional one's arguments, of samples `from` on; @ is the model's name. */
static const char *const ARGUMENTS[ENTRY_COUNT] = {
    [ENTRY_SAMPLE] = "weights, scalars, seed, first + from, here, rows, x + from * @_DIMENSION, log_q + from",
    [ENTRY_LOG_PROB] = "weights, scalars, here, x + from * @_DIMENSION, rows, log_q + from",
    [ENTRY_ENERGY] = "scalars, here, x + from * @_DIMENSION, rows, energy + from",
    [ENTRY_FORCE] = "scalars, here, x + from * @_DIMENSION, rows, force + from * @_DIMENSION",
    [ENTRY_OBSERVABLES] = "scalars, here, x + from * @_DIMENSION, rows, values + from * @_OBSERVABLES",
    [ENTRY_SCORE] = "weights, scalars, here, x + from * @_DIMENSION, rows, log_q + from, score + from * @_DIMENSION"};

bool package_is_given(const PackageWriter *writer, EntryKind kind)
{
    return writer->program->spec->condition_count > 0 && ARGUMENTS[kind] != NULL;
}

static void put_table(PackageWriter *writer, Text *out)
{
    const ModelSpec *spec = writer->program->spec;
    for (int i = 0; i < spec->condition_count; i++) {
        if (spec->conditions[i].choice_count == 0)
            continue;
        text_print(out, "static const char *const choices_%d[] = {", i);
        for (int k = 0; k < spec->conditions[i].choice_count; k++) {
            text_put(out, k > 0 ? ", " : "");
            package_put_string(out, spec->conditions[i].choices[k]);
        }
        text_put(out, "};\n");
    }
    text_put(out, "static const ModelInput conditions[] = {\n");
    for (int i = 0; i < spec->condition_count; i++) {
        const ConditionInput *condition = &spec->conditions[i];
        text_put(out, "    {");
        package_put_string(out, condition->name);
        text_put(out, ", ");
        text_number(out, condition->low);
        text_put(out, ", ");
        text_number(out, condition->high);
        text_print(out, ", %d, %s, ", condition->choice_count,
                   condition->choice_count > 0 ? arena_print(writer->arena, "choices_%d", i) : "NULL");
        if (spec->data.condition_columns != NULL && spec->data.condition_columns[i] != NULL)
            package_put_string(out, spec->data.condition_columns[i]);
        else
            text_put(out, "NULL");
        text_put(out, "},\n");
    }
    text_put(out, "};\n\n");
}

/* Everything is called after the model, so that no name meets one of its header's. */
static void put_repeat(PackageWriter *writer, const char *real, const char *infix, Text *out)
{
    text_print(
        out,
        "/* One condition for all samples of a call stands behind the scalars; the functions want a row for each. */\n"
        "static void %s_%srepeat(const %s *scalars, size_t count, %s *rows)\n{\n"
        "    for (size_t i = 0; i < count && i < %d; i++)\n"
        "        for (int k = 0; k < %s_CONDITIONS; k++)\n"
        "            rows[i * %s_CONDITIONS + (size_t)k] = scalars[%s_SCALARS + k];\n}\n\n",
        writer->name, infix, real, real, GIVEN_ROWS, writer->upper, writer->upper, writer->upper);
}

static const char *arguments_of(const PackageWriter *writer, EntryKind kind)
{
    Text text = text_start(writer->arena);
    for (const char *c = ARGUMENTS[kind]; *c != '\0'; c++)
        text_add(&text, *c == '@' ? writer->upper : c, *c == '@' ? strlen(writer->upper) : 1);
    return text.bytes;
}

static void put_given(PackageWriter *writer, const char *real, const char *infix, Text *out)
{
    put_repeat(writer, real, infix, out);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        if (!package_has(writer, kind) || ARGUMENTS[kind] == NULL)
            continue;
        package_open_guard(writer, kind, out);
        text_print(out,
                   "static void %s_given_%s%s(%s)\n{\n    %s *const rows = workspace;\n"
                   "    %s_%srepeat(scalars, count, rows);\n"
                   "    for (size_t from = 0; from < count; from += %d) {\n"
                   "        const size_t here = count - from < %d ? count - from : %d;\n"
                   "        %s_%s%s(%s, rows + %d * %s_CONDITIONS, threads);\n    }\n}\n\n",
                   writer->name, infix, package_entry_name(kind), package_call_parameters(writer, kind, false, real),
                   real, writer->name, infix, GIVEN_ROWS, GIVEN_ROWS, GIVEN_ROWS, writer->name, infix,
                   package_entry_name(kind), arguments_of(writer, kind), GIVEN_ROWS, writer->upper);
        package_close_guard(kind, out);
    }
}

const char *package_given_bytes(const PackageWriter *writer, bool is_double)
{
    if (writer->program->spec->condition_count == 0)
        return "";
    return arena_print(writer->arena, "%d * %s_CONDITIONS + ", GIVEN_ROWS * (is_double ? 8 : 4), writer->upper);
}

/* The functions stand first: their parameters are called as tables are that follow. */
void package_put_conditions(PackageWriter *writer, Text *out)
{
    if (writer->program->spec->condition_count == 0)
        return;
    put_given(writer, "float", "", out);
    text_print(out, "#ifndef %s_WITHOUT_DOUBLE\n\n", writer->upper);
    put_given(writer, "double", "double_", out);
    text_put(out, "#endif\n\n");
    put_table(writer, out);
}

const char *package_condition_options(const PackageWriter *writer)
{
    const ModelSpec *spec = writer->program->spec;
    Text text = text_start(writer->arena);
    for (int i = 0; i < spec->condition_count; i++) {
        const ConditionInput *condition = &spec->conditions[i];
        text_print(&text, " --condition %s=", condition->name);
        if (condition->choice_count > 0)
            text_put(&text, condition->choices[0]);
        else
            text_number(&text, condition->low + (condition->high - condition->low) / 2);
    }
    return text.length > 0 ? text.bytes : "";
}
