/* SPDX-License-Identifier: MIT */
/* Tables of numbers in files, for an energy's parameters: comma-separated values, a line a row, after at most one line
 * of titles. One column is a list, more are a table. */
#include "compiler/spec/build.h"

#include "compiler/base/utf8.h"

#include <string.h>

enum { TABLE_BYTES_MAX = 1 << 26, TABLE_VALUES_MAX = 1 << 22 };

typedef struct TableReading {
    const Build *build;
    const Source *source;
    size_t at;
    int line;
    double *data;
    size_t count, room;
    int64_t rows, columns;
} TableReading;

static Span cell_span(const TableReading *table, size_t line_start, size_t begin, size_t end)
{
    return (Span){table->source, begin, end, table->line,
                  (int)utf8_count(table->source->text + line_start, begin - line_start) + 1};
}

static bool refuse(const TableReading *table, Span span, const char *what, const char *label)
{
    Diagnostic *error = diagnostics_error(table->build->diagnostics, span, "E0116", "%s", what);
    error->label = label;
    return false;
}

static void add_number(TableReading *table, double number)
{
    if (table->count == table->room) {
        size_t room = table->room > 0 ? table->room * 2 : 64;
        table->data = arena_grow(table->build->arena, table->data, table->count, room, sizeof(double));
        table->room = room;
    }
    table->data[table->count++] = number;
}

/* Adds the number between two commas. *is_title: it is none, and its line may hold titles. */
static bool read_cell(TableReading *table, size_t line_start, size_t begin, size_t end, bool *is_title)
{
    const char *text = table->source->text;
    Arena *arena = table->build->arena;
    double number;
    while (begin < end && text[begin] == ' ')
        begin++;
    while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\r'))
        end--;
    NumberResult result = number_read(arena, arena_copy_text(arena, text + begin, end - begin), end - begin, &number);
    *is_title = result == NUMBER_NONE && table->line == 1;
    if (result != NUMBER_OK)
        return *is_title ||
               refuse(table, cell_span(table, line_start, begin, end), "a table's entries are finite numbers", NULL);
    if (table->count == TABLE_VALUES_MAX)
        return refuse(table, cell_span(table, line_start, begin, end), "a table has at most 4,194,304 entries", NULL);
    add_number(table, number);
    return true;
}

static bool read_row(TableReading *table, size_t end)
{
    const char *text = table->source->text;
    size_t line_start = table->at;
    int64_t columns = 0;
    for (size_t begin = line_start; begin <= end; columns++) {
        size_t stop = begin;
        bool is_title = false;
        while (stop < end && text[stop] != ',')
            stop++;
        if (!read_cell(table, line_start, begin, stop, &is_title))
            return false;
        if (is_title) {
            table->count = 0;
            return true;
        }
        begin = stop + 1;
    }
    if (table->rows > 0 && columns != table->columns)
        return refuse(table, cell_span(table, line_start, line_start, end), "the rows of a table are equally long",
                      arena_print(table->build->arena, "length %lld, the first row has length %lld", (long long)columns,
                                  (long long)table->columns));
    table->columns = columns;
    table->rows++;
    return true;
}

static bool is_blank(const char *text, size_t begin, size_t end)
{
    while (begin < end && (text[begin] == ' ' || text[begin] == '\r'))
        begin++;
    return begin == end;
}

static bool read_rows(TableReading *table)
{
    const Source *source = table->source;
    for (table->line = 1; table->at < source->length; table->line++) {
        const char *newline = memchr(source->text + table->at, '\n', source->length - table->at);
        size_t end = newline != NULL ? (size_t)(newline - source->text) : source->length;
        if (!is_blank(source->text, table->at, end) && !read_row(table, end))
            return false;
        table->at = end + 1;
    }
    if (table->rows > 0)
        return true;
    return refuse(table, (Span){source, 0, 0, 1, 1}, "the table has no numbers", NULL);
}

bool build_table_file(const Build *build, const YamlNode *file, SpecParameter *parameter)
{
    if (build->access == NULL) {
        diagnostics_error(build->diagnostics, file->span, "E0015", "only a spec in a file can name other files");
        return false;
    }
    const char *real = access_real_path(build->access, file, TABLE_BYTES_MAX);
    TableReading table = {.build = build};
    table.source = real != NULL ? access_read(build->access, file, real, TABLE_BYTES_MAX) : NULL;
    if (table.source == NULL || !read_rows(&table))
        return false;
    parameter->rank = table.columns > 1 ? 2 : 1;
    parameter->size[0] = table.rows;
    parameter->size[1] = table.columns;
    parameter->data = table.data;
    return true;
}
