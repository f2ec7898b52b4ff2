/* SPDX-License-Identifier: MIT */
/* The parts of the writer that all groups use: lines, comments, numbers, tables, names and addresses. */
#include "compiler/emit/writer.h"

#include <math.h>
#include <string.h>

/* ---- what files share ------------------------------------------------------------------------ */

SharedParts *shared_parts_new(Arena *arena)
{
    SharedParts *parts = ARENA_NEW(arena, SharedParts);
    parts->tables = text_start(arena);
    parts->kernels = text_start(arena);
    parts->sums = text_start(arena);
    parts->names = identifiers_start(arena, NULL);
    return parts;
}

void shared_parts_name_functions(SharedParts *parts, const IrModule *module)
{
    parts->functions = ARENA_ARRAY(parts->tables.arena, const char *, module->function_count + 1);
    for (int f = 0; f < module->function_count; f++)
        parts->functions[f] = identifiers_new(&parts->names, module->functions[f]->name);
}

const char *shared_parts_find(const SharedParts *parts, const char *key)
{
    for (int i = 0; i < parts->count; i++)
        if (strcmp(parts->keys[i], key) == 0)
            return parts->values[i];
    return NULL;
}

void shared_parts_add(SharedParts *parts, const char *key, const char *name)
{
    if (parts->count == parts->room) {
        int room = parts->room * 2 + 16;
        Arena *arena = parts->tables.arena;
        parts->keys = arena_grow(arena, parts->keys, (size_t)parts->count, (size_t)room, sizeof *parts->keys);
        parts->values = arena_grow(arena, parts->values, (size_t)parts->count, (size_t)room, sizeof *parts->values);
        parts->room = room;
    }
    parts->keys[parts->count] = key;
    parts->values[parts->count++] = name;
}

const char *shared_parts_name(SharedParts *parts, const char *key, const char *base)
{
    const char *name = base;
    for (int n = 2; shared_parts_find(parts, name) != NULL; n++)
        name = arena_print(parts->tables.arena, "%s_%d", base, n);
    shared_parts_add(parts, name, name);
    shared_parts_add(parts, key, name);
    return name;
}

Writer *writer_new(Arena *arena, Planner *planner, const Packing *packing, const Plan *plan, SharedParts *parts,
                   Text *out)
{
    Writer *writer = ARENA_NEW(arena, Writer);
    const IrFunction *function = plan->function;
    *writer = (Writer){
        .arena = arena, .out = out, .planner = planner, .packing = packing, .plan = plan, .parts = parts, .indent = 1};
    writer->names = ARENA_ARRAY(arena, const char *, 2 * function->value_count + 1);
    writer->used = ARENA_ARRAY(arena, bool, 2 * function->value_count + 1);
    writer->defined = ARENA_ARRAY(arena, bool, 2 * function->value_count + 1);
    writer->registers = ARENA_ARRAY(arena, Register, function->value_count + 1);
    writer->output_names = ARENA_ARRAY(arena, const char *, function->output_count + 1);
    writer->identifiers = identifiers_start(arena, &parts->names);
    /* parameters first: they get the plain names */
    for (int i = 0; i < function->input_count; i++)
        writer->names[function->inputs[i]] =
            identifiers_new(&writer->identifiers, writer_hint(writer, function->inputs[i], "x"));
    for (int i = 0; i < function->output_count; i++) {
        IrId value = function->outputs[i];
        const char *hint =
            function->output_names[i] != NULL ? function->output_names[i] : writer_hint(writer, value, "result");
        writer->output_names[i] = identifiers_new(&writer->identifiers, hint);
        if (plan->places[value].kind == PLACE_OUTPUT && plan->places[value].index == i)
            writer->names[value] = writer->output_names[i];
    }
    return writer;
}

/* ---- lines and comments ---------------------------------------------------------------------- */

static void put_line(Writer *writer, const char *format, va_list arguments)
{
    for (int i = 0; i < writer->indent; i++)
        text_put(writer->out, "    ");
    text_put(writer->out, arena_vprint(writer->arena, format, arguments));
}

void writer_line(Writer *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_line(writer, format, arguments);
    va_end(arguments);
    text_put(writer->out, "\n");
}

void writer_open(Writer *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_line(writer, format, arguments);
    va_end(arguments);
    text_put(writer->out, " {\n");
    writer->indent++;
}

void writer_close(Writer *writer)
{
    writer->indent--;
    writer_line(writer, "}");
}

void comment_add_text(Text *out, const char *text)
{
    char before = '\0';
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool ends = (before == '*' && *c == '/') || (before == '/' && *c == '*') || (before == '?' && *c == '?') ||
                    *c == '\\' || *c < 0x20 || *c >= 0x7f;
        before = (char)*c;
        if (*c == '\n')
            text_put(out, " ");
        else if (ends)
            text_print(out, "\\u%04x", (unsigned)*c);
        else
            text_add(out, (const char *)c, 1);
        if (ends)
            before = '\0';
    }
    if (before == '/' || before == '*' || before == '?') /* what follows must not make an end of it */
        text_put(out, " ");
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

void writer_comment(Writer *writer, const char *text, Span span)
{
    if (text == NULL || *text == '\0')
        return;
    Text line = text_start(writer->arena);
    comment_add_text(&line, text);
    if (span.source != NULL) {
        text_put(&line, "    ");
        comment_add_text(&line, last_part(span.source->name));
        text_print(&line, ":%d", span.line);
    }
    writer_line(writer, "/* %s */", line.bytes);
}

/* ---- names and numbers ----------------------------------------------------------------------- */

const char *writer_hint(const Writer *writer, IrId value, const char *otherwise)
{
    const IrFunction *function = writer->plan->function;
    const char *hint = function->values[value].name;
    if (hint == NULL || *hint == '\0')
        hint = function->values[writer->plan->views[value].root].name;
    return hint != NULL && *hint != '\0' ? hint : otherwise;
}

const char *writer_number(Writer *writer, double value)
{
    if (isnan(value))
        return "REAL_NAN";
    if (isinf(value))
        return value > 0 ? "REAL_INFINITY" : "-REAL_INFINITY";
    Text digits = text_start(writer->arena);
    text_number(&digits, value);
    const char *number = digits.bytes + (signbit(value) ? 1 : 0);
    bool whole = strpbrk(number, ".e") == NULL;
    return arena_print(writer->arena, "%sREAL(%s%s)", signbit(value) ? "-" : "", number, whole ? ".0" : "");
}

const char *writer_index_table(Writer *writer, const int64_t *table, int64_t count)
{
    Text text = text_start(writer->arena);
    text_print(&text, "[%lld] = {", (long long)count);
    for (int64_t i = 0; i < count; i++)
        text_print(&text, "%s%lld", i == 0 ? "" : i % 24 == 0 ? ",\n    " : ", ", (long long)table[i]);
    text_put(&text, "};\n");
    SharedParts *parts = writer->parts;
    const char *name = shared_parts_find(parts, text.bytes);
    if (name != NULL)
        return name;
    name = arena_print(writer->arena, "index_%d", ++parts->table_count);
    text_print(&parts->tables, "static const int32_t %s%s", name, text.bytes);
    shared_parts_add(parts, text.bytes, name);
    return name;
}

/* A constant array, with room behind it for loads of whole vectors. */
static const char *real_table(Writer *writer, IrId value)
{
    const IrFunction *function = writer->plan->function;
    const IrOp *op = &function->ops[function->values[value].op];
    int64_t count = ir_type_count(&function->values[value].type);
    int64_t padded = (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT + FRAME_ALIGNMENT;
    Text text = text_start(writer->arena);
    text_print(&text, "[%lld] = {", (long long)padded);
    for (int64_t i = 0; i < count; i++)
        text_print(&text, "%s%s", i == 0 ? "" : i % 8 == 0 ? ",\n    " : ", ", writer_number(writer, op->data[i]));
    text_put(&text, "};\n");
    SharedParts *parts = writer->parts;
    const char *name = shared_parts_find(parts, text.bytes);
    if (name != NULL)
        return name;
    name = arena_print(writer->arena, "table_%d", ++parts->table_count);
    text_print(&parts->tables, "static const real %s%s", name, text.bytes);
    shared_parts_add(parts, text.bytes, name);
    return name;
}

/* ---- addresses ------------------------------------------------------------------------------- */

const char *writer_slot_name(Writer *writer, int slot)
{
    int values = writer->plan->function->value_count;
    writer->used[slot] = true;
    if (writer->names[slot] != NULL)
        return writer->names[slot];
    IrId value = slot % values;
    if (writer->plan->places[slot].kind == PLACE_TABLE) {
        writer->names[slot] = real_table(writer, value);
    } else {
        const char *hint = writer_hint(writer, value, "t");
        if (slot >= values)
            hint = arena_print(writer->arena, "%s_each", hint);
        writer->names[slot] = identifiers_new(&writer->identifiers, hint);
    }
    return writer->names[slot];
}

const char *writer_slot_address(Writer *writer, int slot, int64_t element)
{
    const Place *place = &writer->plan->places[slot];
    const char *name = writer_slot_name(writer, slot);
    if (place->kind == PLACE_LOCAL || place->kind == PLACE_VALUE)
        return arena_print(writer->arena, "&%s", name);
    if (element == 0)
        return name;
    return arena_print(writer->arena, place->sample ? "%s + %lld * BLOCK" : "%s + %lld", name, (long long)element);
}

const char *writer_address(Writer *writer, IrId value, bool want_sample)
{
    Read read = plan_read(writer->plan, value, want_sample, writer->group);
    int64_t offset;
    map_is_contiguous(&read.map, &offset);
    return writer_slot_address(writer, read.slot, offset);
}

const char *writer_result_address(Writer *writer, IrId value)
{
    const Plan *plan = writer->plan;
    if (!plan->sums[value] || plan->wide[value])
        return writer_slot_address(writer, value, 0);
    const char *area = plan->doubles[value] ? "double_sums" : "sums";
    return plan->partials[value] == 0 ? area
                                      : arena_print(writer->arena, "%s + %lld", area, (long long)plan->partials[value]);
}

const char *writer_scalar(Writer *writer, IrId value)
{
    double number;
    Read read = plan_read(writer->plan, value, false, writer->group);
    if (!plan_has_copy(writer->plan, read.slot, writer->group) && plan_literal(writer->plan, value, &number))
        return writer_number(writer, number);
    PlaceKind kind = writer->plan->places[read.slot].kind;
    const char *name = writer_slot_name(writer, read.slot);
    if (kind == PLACE_VALUE || kind == PLACE_LOCAL)
        return name;
    return arena_print(writer->arena, "%s[%lld]", name, (long long)map_at(&read.map, 0));
}

const char *writer_index(Writer *writer, int count, const int64_t *strides, const char *const *names, int64_t offset)
{
    Text text = text_start(writer->arena);
    for (int k = 0; k < count; k++) {
        if (strides[k] == 0)
            continue;
        const char *sign = text.length == 0 ? (strides[k] < 0 ? "-" : "") : strides[k] < 0 ? " - " : " + ";
        long long size = (long long)(strides[k] < 0 ? -strides[k] : strides[k]);
        if (size == 1)
            text_print(&text, "%s%s", sign, names[k]);
        else
            text_print(&text, "%s%lld * %s", sign, size, names[k]);
    }
    if (text.length == 0)
        text_print(&text, "%lld", (long long)offset);
    else if (offset != 0)
        text_print(&text, " %c %lld", offset < 0 ? '-' : '+', (long long)(offset < 0 ? -offset : offset));
    return text.bytes;
}
