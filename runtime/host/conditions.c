/* SPDX-License-Identifier: MIT-0 */
/* Conditions from the command line and from data. */
#include "conditions.h"
#include "columns.h"
#include "csv.h"
#include "nearest.h"
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t conditions_end(const Model *model)
{
    return (size_t)(model->scalar_count + model->condition_count);
}

int conditions_temperature(const Model *model)
{
    if (model->kT_condition != NULL)
        return model->scalar_count + (int)(model->kT_condition - model->conditions);
    for (int i = 0; i < model->scalar_count; i++)
        if (strcmp(model->scalars[i].name, "kT") == 0)
            return i;
    return -1;
}

const char *condition_describe(const ModelInput *condition, char text[CONDITION_TEXT_SIZE])
{
    if (condition->choice_count == 0) {
        char low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
        snprintf(text, CONDITION_TEXT_SIZE, "from %s to %s", number_write(condition->low, low),
                 number_write(condition->high, high));
        return text;
    }
    size_t length = 0;
    for (int i = 0; i < condition->choice_count; i++) {
        const char *separator = i == 0 ? "" : i + 1 < condition->choice_count ? ", " : " or ";
        if (length + strlen(condition->choices[i]) + 8 > CONDITION_TEXT_SIZE) {
            snprintf(text + length, CONDITION_TEXT_SIZE - length, ", ...");
            break;
        }
        length +=
            (size_t)snprintf(text + length, CONDITION_TEXT_SIZE - length, "%s%s", separator, condition->choices[i]);
    }
    return text;
}

/* ---- from the command line --------------------------------------------------------------------------------------- */

static int find_condition(const Model *model, const char *name, size_t length)
{
    for (int i = 0; i < model->condition_count; i++)
        if (strlen(model->conditions[i].name) == length && memcmp(model->conditions[i].name, name, length) == 0)
            return i;
    return -1;
}

static bool fail_unknown(const Model *model, const char *text, size_t length, Failure *failure)
{
    char quoted[FAILURE_QUOTE_SIZE], name[80];
    const char **names = memory_claim((size_t)model->condition_count, sizeof *names, "--condition", failure);
    if (names == NULL)
        return false;
    for (int i = 0; i < model->condition_count; i++)
        names[i] = model->conditions[i].name;
    snprintf(name, sizeof name, "%.*s", (int)(length < 79 ? length : 79), text);
    const char *nearest = nearest_word(name, names, (size_t)model->condition_count);
    free(names);
    return failure_set(failure, FAILURE_USAGE, "--condition %s: the model %s has no such condition; %s%s%s",
                       failure_quote(quoted, text, strlen(text)), model->name,
                       nearest != NULL ? "did you mean '" : "`info` lists those it has", nearest != NULL ? nearest : "",
                       nearest != NULL ? "'?" : "");
}

static bool is_value(const ModelInput *condition, double value)
{
    return value >= condition->low && value <= condition->high &&
           (condition->choice_count == 0 || value == floor(value));
}

/* A number of the range, or the name of a choice, or its number. */
static bool read_value(const ModelInput *condition, const char *text, double *value)
{
    for (int i = 0; i < condition->choice_count; i++)
        if (strcmp(condition->choices[i], text) == 0) {
            *value = i;
            return true;
        }
    return number_read(text, strlen(text), value) && is_value(condition, *value);
}

static bool take_one(const Model *model, const char *text, double *values, bool *is_given, Failure *failure)
{
    char quoted[FAILURE_QUOTE_SIZE], described[CONDITION_TEXT_SIZE];
    const char *sign = strchr(text, '=');
    if (model->condition_count == 0)
        return failure_set(failure, FAILURE_USAGE, "--condition %s: the model %s has no conditions",
                           failure_quote(quoted, text, strlen(text)), model->name);
    if (sign == NULL)
        return failure_set(failure, FAILURE_USAGE, "--condition %s: expected NAME=VALUE",
                           failure_quote(quoted, text, strlen(text)));
    const int i = find_condition(model, text, (size_t)(sign - text));
    if (i < 0)
        return fail_unknown(model, text, (size_t)(sign - text), failure);
    if (is_given[i])
        return failure_set(failure, FAILURE_USAGE, "--condition %s: %s was given before",
                           failure_quote(quoted, text, strlen(text)), model->conditions[i].name);
    is_given[i] = true;
    return read_value(&model->conditions[i], sign + 1, &values[i]) ||
           failure_set(failure, FAILURE_USAGE, "--condition %s: expected %s%s",
                       failure_quote(quoted, text, strlen(text)), condition_describe(&model->conditions[i], described),
                       model->conditions[i].choice_count > 0 ? ", or its number from 0" : "");
}

bool conditions_take(const Model *model, const Arguments *arguments, double *values, bool *is_given, Failure *failure)
{
    conditions_spread(model, 0, 1, values);
    for (int i = 0; i < model->condition_count; i++)
        is_given[i] = false;
    for (int i = 0; i < arguments->condition_count; i++)
        if (!take_one(model, arguments->conditions[i], values, is_given, failure))
            return false;
    return true;
}

void conditions_spread(const Model *model, int which, int count, double *values)
{
    for (int i = 0; i < model->condition_count; i++) {
        const ModelInput *condition = &model->conditions[i];
        const int part = which * (2 * i + 1) % count; /* conditions go through their parts in different orders */
        values[i] = condition->choice_count > 0
                        ? part % condition->choice_count
                        : condition->low + (condition->high - condition->low) * (part + 0.5) / count;
    }
}

const char *conditions_options(const Model *model, const double *values, const bool *is_given,
                               char text[CONDITION_TEXT_SIZE])
{
    size_t length = 0;
    text[0] = 0;
    for (int i = 0; i < model->condition_count; i++) {
        const ModelInput *condition = &model->conditions[i];
        char number[NUMBER_TEXT_SIZE];
        if (is_given != NULL && !is_given[i])
            continue;
        const char *value = condition->choice_count > 0 ? condition->choices[(int)values[i]]
                                                        : number_write_float((float)values[i], number);
        const int more =
            snprintf(text + length, CONDITION_TEXT_SIZE - length, " --condition %s=%s", condition->name, value);
        if (more < 0 || (size_t)more >= CONDITION_TEXT_SIZE - length)
            return "";
        length += (size_t)more;
    }
    return text;
}

void conditions_put(JsonWriter *writer, const Model *model, const double *values, const bool *is_given)
{
    json_open_object(writer, "conditions");
    for (int i = 0; i < model->condition_count; i++) {
        const ModelInput *condition = &model->conditions[i];
        if (!is_given[i])
            continue;
        if (condition->choice_count > 0)
            json_put_string(writer, condition->name, condition->choices[(int)values[i]]);
        else
            json_put_real(writer, condition->name, values[i]);
    }
    json_close_object(writer);
}

bool conditions_compare(const JsonNode *object, const char *path, const Model *model, const double *values,
                        Failure *failure)
{
    const JsonNode *conditions = json_member(object, "conditions");
    for (int i = 0; i < model->condition_count; i++) {
        const ModelInput *condition = &model->conditions[i];
        const JsonNode *node = json_member(conditions, condition->name);
        const bool is_choice = condition->choice_count > 0;
        char number[NUMBER_TEXT_SIZE], quoted[FAILURE_QUOTE_SIZE];
        double value;
        if (node == NULL || node->kind != (is_choice ? JSON_STRING : JSON_NUMBER))
            continue;
        if (is_choice ? strcmp(node->text, condition->choices[(int)values[i]]) == 0
                      : json_to_real(node, &value) && (float)value == (float)values[i])
            continue;
        return failure_set(failure, FAILURE_DATA, "%s: its samples are those of %s=%s, and --condition %s=%s is given",
                           path, condition->name,
                           is_choice ? failure_quote(quoted, node->text, node->length) : node->text, condition->name,
                           is_choice ? condition->choices[(int)values[i]] : number_write(values[i], number));
    }
    return true;
}

/* ---- from data --------------------------------------------------------------------------------------------------- */

static bool is_of_column(const Model *model, const bool *is_given, int i)
{
    return model->conditions[i].column != NULL && !(is_given != NULL && is_given[i]);
}

bool conditions_has_columns(const Model *model, const bool *is_given)
{
    for (int i = 0; i < model->condition_count; i++)
        if (is_of_column(model, is_given, i))
            return true;
    return false;
}

bool conditions_read_csv(const FileBytes *file, const char *path, const Model *model, CsvTable *table, Failure *failure)
{
    const size_t most = (size_t)model->condition_count;
    size_t count = 0;
    CsvWords *words = memory_claim(most, sizeof *words, path, failure);
    for (int i = 0; i < model->condition_count && words != NULL; i++)
        if (model->conditions[i].column != NULL && model->conditions[i].choice_count > 0)
            words[count++] = (CsvWords){model->conditions[i].column, model->conditions[i].choice_count,
                                        model->conditions[i].choices};
    const bool good = words != NULL && csv_parse_words(file->bytes, file->length, path, words, count, table, failure);
    free(words);
    return good;
}

static bool read_column(const CsvTable *table, const char *path, const Model *model, int i, float *conditions,
                        Failure *failure)
{
    const ModelInput *condition = &model->conditions[i];
    const ptrdiff_t column = csv_column(table, condition->column);
    const RowPlaces places = {.path = path, .first_line = table->first_line};
    char number[NUMBER_TEXT_SIZE], described[CONDITION_TEXT_SIZE], columns[CSV_NAMES_SIZE], place[PLACE_TEXT_SIZE];
    if (column < 0)
        return failure_set(failure, FAILURE_DATA, "%s: no column '%s', which holds the condition %s; it has %s", path,
                           condition->column, condition->name, csv_names(table, columns));
    for (size_t row = 0; row < table->rows; row++) {
        const double value = table->values[row * table->columns + (size_t)column];
        if (condition->choice_count > 0 && !is_value(condition, value))
            return failure_set(failure, FAILURE_DATA, "%s: %s, no number of a choice of %s: 0 to %d",
                               columns_place(&places, row, condition->column, place), number_write(value, number),
                               condition->name, condition->choice_count - 1);
        if (!is_value(condition, value))
            return failure_set(failure, FAILURE_DATA, "%s: %s, out of the range of %s, %s",
                               columns_place(&places, row, condition->column, place), number_write(value, number),
                               condition->name, condition_describe(condition, described));
        conditions[row * (size_t)model->condition_count + (size_t)i] = (float)value;
    }
    return true;
}

static bool read_table(const CsvTable *table, const char *path, const Model *model, const double *values,
                       const bool *is_given, float *conditions, Failure *failure)
{
    bool good = true;
    for (int i = 0; i < model->condition_count && good; i++) {
        if (is_of_column(model, is_given, i)) {
            good = read_column(table, path, model, i, conditions, failure);
            continue;
        }
        for (size_t row = 0; row < table->rows; row++)
            conditions[row * (size_t)model->condition_count + (size_t)i] = (float)values[i];
    }
    return good;
}

bool conditions_read(const char *path, const Model *model, const double *values, const bool *is_given,
                     float **conditions, size_t count, Failure *failure)
{
    const size_t length = strlen(path);
    FileBytes file;
    CsvTable table;
    *conditions = NULL;
    if (length < 4 || strcmp(path + length - 4, ".csv") != 0)
        return failure_set(failure, FAILURE_USAGE,
                           "%s: its columns have no names: conditions of the model %s are read from a .csv", path,
                           model->name);
    if (!file_read(path, &file, failure))
        return false;
    bool good = conditions_read_csv(&file, path, model, &table, failure);
    file_release(&file);
    if (!good)
        return false;
    if (table.rows != count)
        good = failure_set(failure, FAILURE_DATA, "%s changed while it was read", path);
    else
        *conditions = memory_claim(count * (size_t)model->condition_count, sizeof **conditions, path, failure);
    good = good && *conditions != NULL && read_table(&table, path, model, values, is_given, *conditions, failure);
    csv_release(&table);
    if (!good) {
        free(*conditions);
        *conditions = NULL;
    }
    return good;
}

size_t conditions_pick(const Model *model, const float *conditions, float *to)
{
    size_t count = 0;
    for (int i = 0; i < model->condition_count; i++)
        if (model->conditions[i].column != NULL)
            to[count++] = conditions[i];
    return count;
}

void conditions_check_row(const Model *model, int row, double *to, float *to_single)
{
    enum { PARTS = 64 };
    for (int i = 0, next = 0; i < model->condition_count; i++) {
        const ModelInput *condition = &model->conditions[i];
        const int part = row * (2 * i + 1) % PARTS;
        if (condition->column == NULL)
            continue;
        to_single[next] = condition->choice_count > 0
                              ? (float)(part % condition->choice_count)
                              : (float)(condition->low + (condition->high - condition->low) * (part + 0.5) / PARTS);
        to[next] = (double)to_single[next];
        next++;
    }
}
