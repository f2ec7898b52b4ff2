/* SPDX-License-Identifier: MIT-0 */
/* The CSV writer: LF line ends, words quoted where they must be. */
#include "csv.h"
#include "number.h"

#include <string.h>

static bool put_text(CsvWriter *writer, const char *text, Failure *failure)
{
    return file_write(&writer->file, text, strlen(text), failure);
}

static bool put_separator(CsvWriter *writer, Failure *failure)
{
    writer->at++;
    if (writer->at < writer->columns)
        return put_text(writer, ",", failure);
    writer->at = 0;
    return put_text(writer, "\n", failure);
}

bool csv_put_word(CsvWriter *writer, const char *word, Failure *failure)
{
    if (strpbrk(word, ",\"\r\n") == NULL)
        return put_text(writer, word, failure) && put_separator(writer, failure);
    if (!put_text(writer, "\"", failure))
        return false;
    for (const char *c = word; *c; c++)
        if (!file_write(&writer->file, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1, failure))
            return false;
    return put_text(writer, "\"", failure) && put_separator(writer, failure);
}

bool csv_start(CsvWriter *writer, const char *path, size_t columns, const char *const *names, Failure *failure)
{
    *writer = (CsvWriter){.columns = columns};
    bool good = file_start(&writer->file, path, failure);
    for (size_t i = 0; i < columns && good; i++)
        good = csv_put_word(writer, names[i], failure);
    return good;
}

bool csv_put(CsvWriter *writer, double number, Failure *failure)
{
    char text[NUMBER_TEXT_SIZE];
    return put_text(writer, number_write_short(number, 9, text), failure) && put_separator(writer, failure);
}

bool csv_finish(CsvWriter *writer, char hash[SHA256_TEXT_SIZE], Failure *failure)
{
    if (writer->at != 0) {
        csv_abandon(writer);
        return failure_set(failure, FAILURE_INTERNAL, "a row of a table was left unfinished");
    }
    return file_finish(&writer->file, hash, failure);
}

void csv_abandon(CsvWriter *writer)
{
    file_abandon(&writer->file);
}
