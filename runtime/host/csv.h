/* SPDX-License-Identifier: MIT-0 */
/* Tables of numbers as CSV (RFC 4180): a header row with the columns' names, then rows of finite decimal numbers with a
 * point. Spaces around a name or a number don't count. No comment lines, no empty cells, no other separator than the
 * comma. */
#ifndef RUNTIME_HOST_CSV_H
#define RUNTIME_HOST_CSV_H

#include "files.h"

#define csv_parse       RUNTIME_NAME(csv_parse)
#define csv_parse_words RUNTIME_NAME(csv_parse_words)
#define csv_release     RUNTIME_NAME(csv_release)
#define csv_column      RUNTIME_NAME(csv_column)
#define csv_names       RUNTIME_NAME(csv_names)
#define csv_start       RUNTIME_NAME(csv_start)
#define csv_put         RUNTIME_NAME(csv_put)
#define csv_put_word    RUNTIME_NAME(csv_put_word)
#define csv_finish      RUNTIME_NAME(csv_finish)
#define csv_abandon     RUNTIME_NAME(csv_abandon)

#define CSV_COLUMNS_MAX 100000

typedef struct CsvTable {
    size_t columns, rows;
    size_t first_line; /* of the first row, from 1; each row is one line */
    char **names;      /* one for each column */
    double *values;    /* [rows][columns] */
    char *text;        /* what the names point into */
} CsvTable;

/* Reads a whole table; a failure (65) names `path`, the line (the header's is 1), the column and what stands there. Release it after use.
 */
bool csv_parse(const char *bytes, size_t length, const char *path, CsvTable *table, Failure *failure);
/* A column whose cells may be words as well as numbers: the first stands for 0, the next for 1. */
typedef struct CsvWords {
    const char *column;
    int count;
    const char *const *words;
} CsvWords;
/* The same where `words_count` columns may have words. */
bool csv_parse_words(const char *bytes, size_t length, const char *path, const CsvWords *words, size_t words_count,
                     CsvTable *table, Failure *failure);
void csv_release(CsvTable *table);
/* The number of the column with that name, or -1. */
ptrdiff_t csv_column(const CsvTable *table, const char *name);
/* The first few columns' names in quotes, for messages. */
enum { CSV_NAMES_SIZE = 256 };
const char *csv_names(const CsvTable *table, char text[CSV_NAMES_SIZE]);

/* A table under way. Numbers are written with 9 significant digits, which give back every float. */
typedef struct CsvWriter {
    FileWriter file;
    size_t columns, at; /* at: cells of the present row that are written */
} CsvWriter;

bool csv_start(CsvWriter *writer, const char *path, size_t columns, const char *const *names, Failure *failure);
/* The next cell; a row ends after `columns` of them. */
bool csv_put(CsvWriter *writer, double number, Failure *failure);
bool csv_put_word(CsvWriter *writer, const char *word, Failure *failure);
bool csv_finish(CsvWriter *writer, char hash[SHA256_TEXT_SIZE], Failure *failure);
void csv_abandon(CsvWriter *writer);

#endif
