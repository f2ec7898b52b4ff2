/* SPDX-License-Identifier: MIT-0 */
/* The CSV reader: one pass that takes cell after cell, the header's as names and the others as numbers. */
#include "csv.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    const char *bytes;
    size_t length, at, line; /* line: from 1 */
    const char *path;
    char *text; /* where the next unquoted cell goes */
    CsvTable *table;
    size_t value_room;
    Failure *failure;
    const CsvWords *words;
    size_t words_count;
} Reader;

typedef struct Cell {
    char *text; /* ends with a 0 */
    size_t length;
    bool ends_row;
} Cell;

/* "FILE:12: column 'x[1]': what"; in the header, where columns have no names yet, "FILE:1: column 3: what" */
static bool fail(Reader *reader, size_t column, const char *what)
{
    char name[FAILURE_QUOTE_SIZE];
    if (column < reader->table->columns && reader->table->names != NULL && reader->table->names[column] != NULL)
        failure_quote(name, reader->table->names[column], strlen(reader->table->names[column]));
    else
        snprintf(name, sizeof name, "%zu", column + 1);
    return failure_set(reader->failure, FAILURE_DATA, "%s:%zu: column %s: %s", reader->path, reader->line, name, what);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static bool at_line_end(const Reader *reader)
{
    const char *at = reader->bytes + reader->at;
    size_t left = reader->length - reader->at;
    return left == 0 || *at == '\n' || (*at == '\r' && left > 1 && at[1] == '\n');
}

static bool read_quoted(Reader *reader, size_t column, Cell *cell)
{
    for (reader->at++; reader->at < reader->length; reader->at++) {
        char c = reader->bytes[reader->at];
        if (c == '"') {
            if (reader->at + 1 >= reader->length || reader->bytes[reader->at + 1] != '"') {
                reader->at++;
                return true;
            }
            reader->at++;
        }
        cell->text[cell->length++] = c;
    }
    return fail(reader, column, "a quote that is not closed");
}

/* Takes a cell and the comma or line end after it. */
static bool read_cell(Reader *reader, size_t column, Cell *cell)
{
    *cell = (Cell){.text = reader->text};
    if (reader->at < reader->length && reader->bytes[reader->at] == '"') {
        if (!read_quoted(reader, column, cell))
            return false;
        if (!at_line_end(reader) && reader->bytes[reader->at] != ',')
            return fail(reader, column, "text after the closing quote");
    }
    while (!at_line_end(reader) && reader->bytes[reader->at] != ',') {
        if (reader->bytes[reader->at] == '"')
            return fail(reader, column, "a quote within a cell that does not start with one");
        cell->text[cell->length++] = reader->bytes[reader->at++];
    }
    cell->text[cell->length] = 0;
    if (memchr(cell->text, 0, cell->length))
        return fail(reader, column, "a zero byte; is this a text file?");
    cell->ends_row = at_line_end(reader);
    if (!cell->ends_row)
        reader->at++;
    return true;
}

/* Past the end of the line; counts it, and the line ends that the last row's quoted cells held. */
static void end_line(Reader *reader, size_t row_start)
{
    if (reader->at < reader->length && reader->bytes[reader->at] == '\r')
        reader->at++;
    if (reader->at < reader->length)
        reader->at++;
    for (size_t i = row_start; i < reader->at; i++)
        reader->line += reader->bytes[i] == '\n';
}

/* ---- header ------------------------------------------------------------------------------------------------------ */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool check_names_differ(Reader *reader)
{
    size_t count = reader->table->columns;
    char quoted[FAILURE_QUOTE_SIZE];
    char **sorted = memory_claim(count, sizeof *sorted, reader->path, reader->failure);
    if (sorted == NULL)
        return false;
    memcpy(sorted, reader->table->names, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_names);
    size_t i = 1;
    while (i < count && strcmp(sorted[i - 1], sorted[i]) != 0)
        i++;
    if (i < count)
        failure_record(reader->failure, FAILURE_DATA, "%s:1: two columns are named %s", reader->path,
                       failure_quote(quoted, sorted[i], strlen(sorted[i])));
    free(sorted);
    return i >= count;
}

static bool check_name(Reader *reader, size_t column, const Cell *cell)
{
    double number;
    if (cell->length == 0)
        return fail(reader, column, "a column without a name");
    if (number_read(cell->text, cell->length, &number))
        return fail(reader, column, "the first line must name the columns; a number stands there");
    if (strchr(cell->text, ';') || strchr(cell->text, '\t'))
        return fail(reader, column, "the cells seem to be separated by semicolons or tabs; expected commas");
    return true;
}

/* Without the spaces at its ends. */
static void trim_name(Cell *cell)
{
    while (cell->length > 0 && cell->text[cell->length - 1] == ' ')
        cell->text[--cell->length] = 0;
    while (*cell->text == ' ') {
        cell->text++;
        cell->length--;
    }
}

static bool read_header(Reader *reader)
{
    size_t start = reader->at;
    CsvTable *table = reader->table;
    Cell cell = {0};
    if (reader->length - reader->at >= 3 && memcmp(reader->bytes + reader->at, "\xef\xbb\xbf", 3) == 0)
        reader->at += 3; /* the mark that some spreadsheets start UTF-8 with */
    if (reader->at == reader->length)
        return failure_set(reader->failure, FAILURE_DATA, "%s: empty; expected a line with the columns' names",
                           reader->path);
    size_t room = reader->length < CSV_COLUMNS_MAX ? reader->length + 1 : CSV_COLUMNS_MAX;
    table->names = memory_claim(room, sizeof *table->names, reader->path, reader->failure);
    if (table->names == NULL)
        return false;
    for (; !cell.ends_row; table->columns++) {
        if (table->columns == CSV_COLUMNS_MAX)
            return failure_set(reader->failure, FAILURE_DATA, "%s:1: more than %d columns", reader->path,
                               CSV_COLUMNS_MAX);
        if (!read_cell(reader, table->columns, &cell))
            return false;
        trim_name(&cell);
        if (!check_name(reader, table->columns, &cell))
            return false;
        table->names[table->columns] = cell.text;
        reader->text = cell.text + cell.length + 1;
    }
    end_line(reader, start);
    table->first_line = reader->line;
    return check_names_differ(reader);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static bool claim_row(Reader *reader)
{
    CsvTable *table = reader->table;
    size_t needed = (table->rows + 1) * table->columns;
    if (needed <= reader->value_room)
        return true;
    reader->value_room = needed * 2 > 1024 ? needed * 2 : 1024;
    double *values = realloc(table->values, reader->value_room * sizeof *values);
    if (values == NULL)
        return failure_set(reader->failure, FAILURE_INTERNAL, "%s: out of memory", reader->path);
    table->values = values;
    return true;
}

/* The words of a column; NULL: it has numbers. */
static const CsvWords *words_of(const Reader *reader, size_t column)
{
    for (size_t i = 0; i < reader->words_count; i++)
        if (strcmp(reader->words[i].column, reader->table->names[column]) == 0)
            return &reader->words[i];
    return NULL;
}

static bool read_word(const CsvWords *words, const char *text, size_t length, double *value)
{
    for (int i = 0; i < words->count; i++)
        if (strlen(words->words[i]) == length && memcmp(words->words[i], text, length) == 0) {
            *value = i;
            return true;
        }
    return false;
}

static bool read_entry(Reader *reader, size_t column, const Cell *cell, double *value)
{
    char quoted[FAILURE_QUOTE_SIZE], message[FAILURE_QUOTE_SIZE + 60];
    const CsvWords *words = words_of(reader, column);
    size_t first = 0, end = cell->length;
    while (first < end && cell->text[first] == ' ')
        first++;
    while (end > first && cell->text[end - 1] == ' ')
        end--;
    if (first == end)
        return fail(reader, column, "empty; expected a number");
    if (words != NULL && read_word(words, cell->text + first, end - first, value))
        return true;
    if (number_read(cell->text + first, end - first, value))
        return true;
    snprintf(message, sizeof message, "expected %s, found %s",
             words != NULL ? "a choice's name, or its number from 0" : "a finite number",
             failure_quote(quoted, cell->text, cell->length));
    return fail(reader, column, message);
}

static bool read_row(Reader *reader)
{
    size_t start = reader->at, column = 0;
    CsvTable *table = reader->table;
    Cell cell = {0};
    if (!claim_row(reader))
        return false;
    double *row = table->values + table->rows * table->columns;
    for (; !cell.ends_row; column++) {
        if (column == table->columns)
            return failure_set(reader->failure, FAILURE_DATA, "%s:%zu: more cells than the header's %zu", reader->path,
                               reader->line, table->columns);
        if (!read_cell(reader, column, &cell) || !read_entry(reader, column, &cell, &row[column]))
            return false;
    }
    if (column < table->columns)
        return failure_set(reader->failure, FAILURE_DATA, "%s:%zu: %zu cells where the header has %zu", reader->path,
                           reader->line, column, table->columns);
    end_line(reader, start);
    table->rows++;
    return true;
}

bool csv_parse(const char *bytes, size_t length, const char *path, CsvTable *table, Failure *failure)
{
    return csv_parse_words(bytes, length, path, NULL, 0, table, failure);
}

bool csv_parse_words(const char *bytes, size_t length, const char *path, const CsvWords *words, size_t words_count,
                     CsvTable *table, Failure *failure)
{
    *table = (CsvTable){0};
    table->text = memory_claim(length + 2, 1, path, failure);
    Reader reader = {bytes, length, 0, 1, path, table->text, table, 0, failure, words, words_count};
    bool good = table->text != NULL && read_header(&reader);
    while (good && reader.at < length)
        good = read_row(&reader);
    if (!good)
        csv_release(table);
    return good;
}

void csv_release(CsvTable *table)
{
    free(table->names);
    free(table->values);
    free(table->text);
    *table = (CsvTable){0};
}

const char *csv_names(const CsvTable *table, char text[CSV_NAMES_SIZE])
{
    const char *dots = ", ...";
    char quoted[FAILURE_QUOTE_SIZE];
    size_t length = 0;
    text[0] = 0;
    for (size_t i = 0; i < table->columns; i++) {
        failure_quote(quoted, table->names[i], strlen(table->names[i]));
        if (length + strlen(quoted) + strlen(dots) + 3 > CSV_NAMES_SIZE) {
            strcpy(text + length, dots);
            break;
        }
        length += (size_t)snprintf(text + length, CSV_NAMES_SIZE - length, "%s%s", i > 0 ? ", " : "", quoted);
    }
    return text;
}

ptrdiff_t csv_column(const CsvTable *table, const char *name)
{
    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(table->names[i], name) == 0)
            return (ptrdiff_t)i;
    return -1;
}
