/* SPDX-License-Identifier: MIT */
/* The package's public header, and an example that uses it. */
#include "compiler/emit/package_parts.h"

static void put_data_documentation(PackageWriter *writer, Text *out)
{
    const Program *program = writer->program;
    if (program->data_width > 0)
        text_print(out, "\n * data[%lld][%lld]: a row for each sample.", (long long)program->module->batch,
                   (long long)program->data_width);
    else
        text_put(out, "\n * `data` is not used.");
}

/* What the conditions are, once for all functions. */
static void put_conditions(PackageWriter *writer, Text *out)
{
    const ModelSpec *spec = writer->program->spec;
    if (spec->condition_count == 0)
        return;
    text_print(out, "\n/* conditions[count][%s_CONDITIONS]: what the model is conditioned on, for each sample:\n",
               writer->upper);
    for (int i = 0; i < spec->condition_count; i++) {
        const ConditionInput *condition = &spec->conditions[i];
        text_print(out, " *   %d  %s, ", i, condition->name);
        if (condition->choice_count == 0) {
            text_put(out, "from ");
            text_number(out, condition->low);
            text_put(out, " to ");
            text_number(out, condition->high);
        }
        for (int k = 0; k < condition->choice_count; k++)
            text_print(out, "%s%d: %s", k > 0 ? ", " : "", k, condition->choices[k]);
        text_put(out, condition == spec->kT_condition ? "; it is kT\n" : "\n");
    }
    text_put(out, " * A training step draws those that its data don't hold, uniformly. */\n");
}

static void put_documentation(PackageWriter *writer, EntryKind kind, Text *out)
{
    const char *upper = writer->upper;
    switch (kind) {
    case ENTRY_SAMPLE:
        text_put(out, "/* Samples number first, ..., first + count - 1 of the stream that `seed` names, and the "
                      "log-density of the model at\n"
                      " * each: x[count][DIMENSION], log_q[count]. Sample k depends on weights, scalars, seed and k, "
                      "on nothing else. */\n");
        break;
    case ENTRY_LOG_PROB:
        text_put(
            out,
            "/* log_q[i] = log q(x[i]), the log-density of the model at x[count][DIMENSION]; NaN where x is. */\n");
        break;
    case ENTRY_ENERGY:
        text_put(out, "/* energy[i] = U(x[i]), x[count][DIMENSION]. */\n");
        break;
    case ENTRY_FORCE:
        text_put(out, "/* force[i] = -dU/dx at x[i]: force[count][DIMENSION]. */\n");
        break;
    case ENTRY_OBSERVABLES:
        text_put(out, "/* values[count][n]: the observables of the spec at x[i], in its order:");
        for (int i = 0; i < writer->program->observable_count; i++)
            text_print(out, "%s %s", i > 0 ? "," : "", writer->program->observable_names[i]);
        text_put(out, ". */\n");
        break;
    case ENTRY_SCORE:
        text_put(out, "/* log_q[i] = log q(x[i]) and score[i] = d log q / dx at x[i]: score[count][DIMENSION]. */\n");
        break;
    case ENTRY_INITIALISE:
        text_put(out, "/* The first values of the tensors that depend on the model's own samples or on data; they go "
                      "to their places in\n * values[WEIGHTS], the others stay as they are.");
        put_data_documentation(writer, out);
        text_put(out, " */\n");
        break;
    case ENTRY_STEP:
        text_print(
            out,
            "/* The loss of training step `step` over a batch of %lld samples, and its gradient in every weight:\n"
            " * gradient[%s_WEIGHTS].%s",
            (long long)writer->program->module->batch, upper,
            package_has_blas(writer) ? "" : " The same bits for any number of threads.");
        put_data_documentation(writer, out);
        text_put(out, " */\n");
        break;
    case ENTRY_LOSS:
    case ENTRY_COUNT:
        break;
    }
}

static void declare_all(PackageWriter *writer, const char *infix, const char *real, bool train, Text *out)
{
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++)
        if (package_has(writer, kind) && (train || package_has_one(package_file_of(kind))))
            text_print(out, "%s %s_%s%s(%s);\n", kind == ENTRY_STEP ? "double" : "void", writer->name, infix,
                       package_entry_name(kind), package_parameters(writer, kind, real));
}

/* "loss_0_weight" */
static const char *scalar_identifier(PackageWriter *writer, int scalar)
{
    Text text = text_start(writer->arena);
    for (const char *c = writer->program->scalars[scalar].name; *c != '\0'; c++)
        text_add(&text, *c == '.' ? "_" : c, 1);
    return text.bytes;
}

/* The names of the components of a kind, some on each line; whether there are any. */
static bool put_columns(const PackageWriter *writer, ColumnKind kind, const char *what, Text *out)
{
    const ModelSpec *spec = writer->program->spec;
    int count = 0;
    for (int64_t i = 0; i < spec->dimension; i++) {
        if (spec->kinds[i] != kind)
            continue;
        const char *name = spec->component_names != NULL ? spec->component_names[i]
                                                         : arena_print(writer->arena, "x[%lld]", (long long)i);
        text_print(out, "%s%s", count == 0 ? what : count % 8 == 0 ? ",\n *     " : ", ", name);
        count++;
    }
    text_put(out, count > 0 ? ".\n" : "");
    return count > 0;
}

/* What a table's columns are to the functions. */
static void put_kinds(const PackageWriter *writer, Text *out)
{
    if (writer->program->spec->kinds == NULL)
        return;
    text_put(out, "\n/* The components of a table are real numbers to the functions below.\n");
    put_columns(writer, COLUMN_POSITIVE, " * Positive: ", out);
    if (put_columns(writer, COLUMN_INTEGER, " * Integers: ", out))
        text_put(
            out,
            " * An integer k stands for all of [k, k + 1). Samples are to be rounded down; the mean of log q(k + u), u "
            "uniform in\n * (0, 1), is at most log P(k). A step takes rows with integers and adds its u itself.\n");
    text_put(out, " */\n");
}

static void put_sizes(PackageWriter *writer, Text *out)
{
    const Program *program = writer->program;
    const Workspace *room = &writer->workspace;
    const char *upper = writer->upper;
    text_print(out, "#define %s_DIMENSION %lld /* components of one configuration */\n", upper,
               (long long)program->dimension);
    text_print(out, "#define %s_WEIGHTS %lld /* numbers in the block of weights */\n", upper,
               (long long)program->weight_count);
    text_print(out, "#define %s_SCALARS %d /* numbers given at each call */\n", upper, program->scalar_count);
    text_print(out, "#define %s_OBSERVABLES %d\n", upper, program->observable_count);
    if (program->spec->condition_count > 0)
        text_print(out, "#define %s_CONDITIONS %d\n", upper, program->spec->condition_count);
    text_print(out, "\nenum { /* the scalars, in their order */\n");
    for (int i = 0; i < program->scalar_count; i++)
        text_print(out, "    %s_SCALAR_%s%s\n", upper, scalar_identifier(writer, i),
                   i + 1 < program->scalar_count ? "," : "");
    text_put(out, "};\n\n");
    text_print(out,
               "/* Bytes of workspace, aligned to 64, that any call below needs with so many threads. */\n"
               "#define %s_WORKSPACE_BYTES(threads) (4 * ((size_t)%lld + (size_t)(threads) * %lld))\n"
               "#define %s_DOUBLE_WORKSPACE_BYTES(threads) (2 * %s_WORKSPACE_BYTES(threads))\n"
               "#define %s_ONE_WORKSPACE_BYTES ((size_t)%lld)\n",
               upper, (long long)room->fixed, (long long)room->thread, upper, upper, upper,
               4 * (long long)room->single);
    text_print(out,
               "/* A workspace as a variable: %s_WORKSPACE(workspace, 1); */\n"
               "#define %s_WORKSPACE(name, threads) %s_ALIGNED static float name[%s_WORKSPACE_BYTES(threads) / 4]\n",
               upper, upper, upper, upper);
}

static void add_header(PackageWriter *writer)
{
    Text text = text_start(writer->arena);
    const char *upper = writer->upper;
    package_head(
        writer, &text,
        "The model as a library. No function allocates, keeps state or fails: inputs and workspace are the caller's.\n"
        " * Weights are one block of floats: the data of weights.safetensors, which a training writes, all that "
        "follows its\n"
        " * header (whose length stands in the first 8 bytes, the least first).");
    text_print(&text, "#ifndef %s_H\n#define %s_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n", upper, upper);
    text_print(&text,
               "#ifdef __cplusplus /* what is compiled is C, who calls it may be C++ */\nextern \"C\" {\n"
               "#define %s_ALIGNED alignas(64)\n#else\n#define %s_ALIGNED _Alignas(64)\n#endif\n\n",
               upper, upper);
    put_sizes(writer, &text);
    put_conditions(writer, &text);
    put_kinds(writer, &text);
    text_put(
        &text,
        "\n/* ---- many samples: blocks of 64 in vector lanes, on `threads` threads where built with OpenMP ---- */\n");
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        if (!package_has(writer, kind))
            continue;
        text_put(&text, "\n");
        put_documentation(writer, kind, &text);
        text_print(&text, "%s %s_%s(%s);\n", kind == ENTRY_STEP ? "double" : "void", writer->name,
                   package_entry_name(kind), package_parameters(writer, kind, "float"));
    }
    if (package_has(writer, ENTRY_SAMPLE)) {
        text_print(
            &text,
            "\n/* ---- one sample at a time: the same numbers, soonest ---- */\n\n"
            "/* The weights as these functions read them; made once. Best in memory that begins at a cache line. */\n"
            "#define %s_ONE_WEIGHTS %lld\n"
            "void %s_one_prepare(const float *weights, float *prepared /* [%s_ONE_WEIGHTS] */);\n\n"
            "/* As above, with prepared weights. Inputs, outputs and scalars as above; threads are not used. */\n",
            upper, (long long)package_one_weights(writer->program), writer->name, upper);
        declare_all(writer, "one_", "float", false, &text);
    }
    text_put(&text, "\n/* ---- the same in double: to check the above ---- */\n\n");
    declare_all(writer, "double_", "double", true, &text);
    text_put(&text, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    package_add_text(writer, arena_print(writer->arena, "%s.h", writer->name), &text);
}

/* The numbers of a step after the last: what sampling uses. */
static void put_scalar_values(PackageWriter *writer, Text *out)
{
    for (int i = 0; i < writer->program->scalar_count; i++) {
        const Schedule *schedule = &writer->program->scalars[i].schedule;
        double last = schedule->shape == SCHEDULE_CONSTANT ? schedule->from
                      : schedule->shape == SCHEDULE_STAGES ? schedule->value[schedule->stage_count - 1]
                                                           : schedule->to;
        Text digits = text_start(writer->arena);
        text_number(&digits, last);
        text_print(out, "%s(float)%s", i > 0 ? ", " : "", digits.bytes);
    }
}

/* The middle of each range, the first of each list of choices. */
static const char *example_conditions(PackageWriter *writer)
{
    const ModelSpec *spec = writer->program->spec;
    Text row = text_start(writer->arena);
    if (spec->condition_count == 0)
        return "";
    for (int i = 0; i < spec->condition_count; i++) {
        const ConditionInput *condition = &spec->conditions[i];
        text_put(&row, i > 0 ? ", (float)" : "(float)");
        text_number(&row, condition->choice_count > 0 ? 0 : condition->low + (condition->high - condition->low) / 2);
    }
    return arena_print(writer->arena, "    const float conditions[3][%s_CONDITIONS] = {{%s}, {%s}, {%s}};\n",
                       writer->upper, row.bytes, row.bytes, row.bytes);
}

static void add_example(PackageWriter *writer)
{
    const char *name = writer->name, *upper = writer->upper;
    Text text = text_start(writer->arena);
    if (!package_has(writer, ENTRY_SAMPLE))
        return;
    package_head(writer, &text,
                 "Three samples and their log q, from weights that a training wrote (or zeros, where none are given).");
    text_print(&text,
               "#include \"../%s.h\"\n\n#include <stdio.h>\n\nint main(int argc, char **argv)\n{\n"
               "    static float weights[%s_WEIGHTS];\n    %s_WORKSPACE(workspace, 1);\n    const float "
               "scalars[%s_SCALARS] = {",
               name, upper, upper, upper);
    put_scalar_values(writer, &text);
    text_print(
        &text,
        "};\n    const uint64_t seed = 1;\n%s    float x[3][%s_DIMENSION], log_q[3];\n\n"
        "    if (argc > 1) { /* weights.safetensors: the header's length in 8 bytes, the header, the weights */\n"
        "        unsigned char length[8];\n        FILE *file = fopen(argv[1], \"rb\");\n"
        "        if (file == NULL)\n            return 66;\n"
        "        if (fread(length, sizeof length, 1, file) != 1 ||\n"
        "            fseek(file, length[0] + 256L * length[1] + 65536L * length[2], SEEK_CUR) != 0 ||\n"
        "            fread(weights, sizeof weights, 1, file) != 1 || fgetc(file) != EOF)\n            return 65;\n"
        "        fclose(file);\n    }\n"
        "    %s_sample(weights, scalars, seed, 0, 3, %sx[0], log_q, workspace, 1);\n"
        "    for (int k = 0; k < 3; k++)\n"
        "        printf(\"sample %%d: x[0] = %%g, log q = %%g\\n\", k, (double)x[k][0], (double)log_q[k]);\n    return "
        "0;\n}\n",
        example_conditions(writer), upper, name, writer->program->spec->condition_count > 0 ? "conditions[0], " : "");
    package_add_text(writer, "example/example.c", &text);
}

void package_add_api(PackageWriter *writer)
{
    add_header(writer);
    add_example(writer);
}
