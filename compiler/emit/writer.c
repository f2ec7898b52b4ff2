/* SPDX-License-Identifier: MIT */
/* The parts of the writer that all groups use: lines, identifiers, numbers, tables, addresses. */
#include "compiler/emit/writer.h"

#include "compiler/emit/views.h"

#include <math.h>
#include <string.h>

Writer *writer_new(Arena *arena, Planner *planner, const Packing *packing, const Plan *plan, FileParts *parts, Text *out)
{
    Writer *writer = ARENA_NEW(arena, Writer);
    *writer = (Writer){.arena = arena, .out = out, .planner = planner, .packing = packing, .plan = plan,
                       .parts = parts, .indent = 1};
    writer->names = ARENA_ARRAY(arena, const char *, 2 * plan->function->value_count + 1);
    writer->in_register = ARENA_ARRAY(arena, bool, plan->function->value_count + 1);
    return writer;
}

void writer_line(Writer *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = arena_vprint(writer->arena, format, arguments);
    va_end(arguments);
    bool preprocessor = line[0] == '#';
    for (int i = 0; i < writer->indent && !preprocessor && line[0] != '\0'; i++)
        text_put(writer->out, "    ");
    text_put(writer->out, line);
    text_put(writer->out, "\n");
}

/* Spec text in a comment: printable ASCII alone, nothing that ends or continues a comment. */
static void put_comment_text(Text *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool ends = (c[0] == '*' && c[1] == '/') || (c[0] == '/' && c[1] == '*') || (c[0] == '?' && c[1] == '?') ||
                    c[0] == '\\' || c[0] < 0x20 || c[0] >= 0x7f;
        if (c[0] == '\n')
            text_put(out, " ");
        else if (ends)
            text_print(out, "\\u%04x ", (unsigned)*c);
        else
            text_add(out, (const char *)c, 1);
    }
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

void writer_comment(Writer *writer, const char *text, Span span)
{
    if (text == NULL)
        return;
    Text line = text_start(writer->arena);
    put_comment_text(&line, text);
    if (span.source != NULL) {
        text_put(&line, "    ");
        put_comment_text(&line, last_part(span.source->name));
        text_print(&line, ":%d", span.line);
    }
    writer_line(writer, "/* %s */", line.bytes);
}

static bool is_reserved(const char *name)
{
    static const char *const words[] = {
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
        "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
        "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "real",
        "lanes", "block", "workspace", "weights", "scalars", "shared", "batch", "sums", "double_sums", "i", "j",
        "s", "t", "k", "r", "c", "p", "step", "main", "tile", "y0", "y1", "j0", "j1", "yn", "jn", "gamma", "shard"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return strncmp(name, "lanes_", 6) == 0 || strncmp(name, "real_", 5) == 0 || strncmp(name, "load_", 5) == 0 ||
           strncmp(name, "store_", 6) == 0;
}

static bool is_taken(const Writer *writer, const char *name)
{
    for (int i = 0; i < writer->taken_count; i++)
        if (strcmp(writer->taken[i], name) == 0)
            return true;
    return is_reserved(name);
}

const char *writer_identifier(Writer *writer, const char *hint)
{
    char *base = arena_copy_text(writer->arena, hint, strlen(hint));
    for (char *c = base; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    if (base[0] == '\0' || (base[0] >= '0' && base[0] <= '9') || base[0] == '_')
        base = arena_print(writer->arena, "v%s", base);
    char *name = base;
    for (int i = 2; is_taken(writer, name); i++)
        name = arena_print(writer->arena, "%s_%d", base, i);
    if (writer->taken_count == writer->taken_room) {
        int room = writer->taken_room * 2 + 64;
        writer->taken =
            arena_grow(writer->arena, writer->taken, (size_t)writer->taken_count, (size_t)room, sizeof(char *));
        writer->taken_room = room;
    }
    writer->taken[writer->taken_count++] = name;
    return name;
}

const char *writer_value_name(Writer *writer, IrId value)
{
    if (writer->names[value] == NULL) {
        const char *hint = writer->plan->function->values[value].name;
        writer->names[value] = writer_identifier(writer, hint != NULL ? hint : "t");
    }
    return writer->names[value];
}

const char *writer_number(Writer *writer, double value)
{
    if (isnan(value))
        return "REAL_NAN";
    if (isinf(value))
        return value > 0 ? "REAL_INFINITY" : "(-REAL_INFINITY)";
    Text digits = text_start(writer->arena);
    text_number(&digits, value);
    bool whole = strpbrk(digits.bytes, ".e") == NULL;
    const char *text = arena_print(writer->arena, "REAL(%s%s)", digits.bytes, whole ? ".0" : "");
    return signbit(value) ? arena_print(writer->arena, "(%s)", text) : text;
}

const char *writer_index_table(Writer *writer, const int64_t *table, int64_t count)
{
    const char *name = arena_print(writer->arena, "index_%d", ++writer->parts->table_count);
    Text *out = &writer->parts->tables;
    text_print(out, "static const int32_t %s[%lld] = {", name, (long long)count);
    for (int64_t i = 0; i < count; i++)
        text_print(out, "%s%lld", i == 0 ? "" : i % 16 == 0 ? ",\n    " : ", ", (long long)table[i]);
    text_put(out, "};\n");
    return name;
}

static const char *real_table(Writer *writer, IrId value)
{
    const IrFunction *function = writer->plan->function;
    const IrOp *op = &function->ops[function->values[value].op];
    int64_t count = ir_type_count(&function->values[value].type);
    const char *name = arena_print(writer->arena, "table_%d", ++writer->parts->table_count);
    Text *out = &writer->parts->tables;
    int64_t padded = (count + FRAME_ALIGNMENT - 1) / FRAME_ALIGNMENT * FRAME_ALIGNMENT + FRAME_ALIGNMENT;
    text_print(out, "static const real %s[%lld] = {", name, (long long)padded);
    for (int64_t i = 0; i < count; i++)
        text_print(out, "%s%s", i == 0 ? "" : i % 8 == 0 ? ",\n    " : ", ", writer_number(writer, op->data[i]));
    text_put(out, "};\n");
    return name;
}

const char *writer_place_address(Writer *writer, const Place *place, IrId value, int64_t element)
{
    int slot = (int)(place - writer->plan->places);
    if (writer->names[slot] == NULL) {
        if (place->kind == PLACE_TABLE) {
            writer->names[slot] = real_table(writer, value);
        } else {
            const char *hint = writer->plan->function->values[slot % writer->plan->function->value_count].name;
            writer->names[slot] = writer_identifier(writer, hint != NULL ? hint : "t");
        }
    }
    if (element == 0)
        return writer->names[slot];
    return arena_print(writer->arena, place->sample ? "%s + %lld * BLOCK" : "%s + %lld", writer->names[slot],
                       (long long)element);
}

const char *writer_address(Writer *writer, IrId value, bool want_sample, int64_t element)
{
    int64_t first;
    const Place *place = plan_memory(writer->plan, value, want_sample, &first);
    return writer_place_address(writer, place, value, first + element);
}
