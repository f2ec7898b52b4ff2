/* SPDX-License-Identifier: MIT */
/* The formats that packages read. */
#include "tests/fuzz/fuzz.h"

#include "runtime/host/csv.h"
#include "runtime/host/json.h"
#include "runtime/host/npy.h"
#include "runtime/host/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a reader says when it gives up: one line, with the file and an exit code. */
static void check_failure(const Failure *failure)
{
    fuzz_check(failure->code == FAILURE_DATA, "a damaged file gives exit code 65");
    fuzz_check(strstr(failure->text, "FILE") != NULL, "an error names the file");
    for (const char *c = failure->text; *c != '\0'; c++)
        fuzz_check(*c >= ' ' && *c <= '~', "an error is one line of printable ASCII");
}

void fuzz_npy(const uint8_t *bytes, size_t length)
{
    char *copy = fuzz_copy(bytes, length);
    Failure failure = {0};
    NpyView view;
    if (npy_parse(copy, length, "FILE", &view, &failure)) {
        float *floats = calloc(view.count + 1, sizeof *floats);
        double *doubles = calloc(view.count + 1, sizeof *doubles);
        fuzz_check(view.count * view.size <= length, "an array lies within its file");
        fuzz_check(floats != NULL && doubles != NULL, "memory for the numbers");
        npy_to_float(&view, floats);
        npy_to_double(&view, doubles);
        for (size_t i = 0; i < view.count; i++)
            fuzz_check(isnan(doubles[i]) ? isnan(floats[i]) : floats[i] == (float)doubles[i], "one number, twice read");
        free(floats);
        free(doubles);
    } else {
        check_failure(&failure);
    }
    free(copy);
}

static void check_tensor(const Safetensors *file, const SafetensorsTensor *tensor)
{
    Failure failure = {0};
    float *values = calloc(tensor->count + 1, sizeof *values);
    fuzz_check(values != NULL, "memory for the tensor");
    fuzz_check(tensor->count <= file->data_length, "a tensor lies within its file");
    if (safetensors_find(file, tensor->name) == tensor && !safetensors_to_float(file, tensor, values, &failure))
        check_failure(&failure);
    free(values);
}

void fuzz_safetensors(const uint8_t *bytes, size_t length)
{
    char *copy = fuzz_copy(bytes, length);
    Failure failure = {0};
    Safetensors file;
    if (safetensors_parse(copy, length, "FILE", &file, &failure)) {
        size_t at = 0;
        for (size_t i = 0; i < file.count; i++) {
            fuzz_check(file.tensors[i].begin == at && file.tensors[i].end >= at, "tensors follow each other");
            at = file.tensors[i].end;
            check_tensor(&file, &file.tensors[i]);
        }
        fuzz_check(at == file.data_length, "tensors cover the data");
        safetensors_metadata(&file, "spec");
        safetensors_release(&file);
    } else {
        check_failure(&failure);
    }
    free(copy);
}

void fuzz_csv(const uint8_t *bytes, size_t length)
{
    char *copy = fuzz_copy(bytes, length);
    Failure failure = {0};
    CsvTable table;
    if (csv_parse(copy, length, "FILE", &table, &failure)) {
        for (size_t i = 0; i < table.columns; i++)
            fuzz_check(csv_column(&table, table.names[i]) == (ptrdiff_t)i, "columns are found by their names");
        for (size_t i = 0; i < table.rows * table.columns; i++)
            fuzz_check(isfinite(table.values[i]), "cells are finite");
        csv_release(&table);
    } else {
        check_failure(&failure);
    }
    free(copy);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void write_json(JsonWriter *writer, const JsonNode *node)
{
    double number;
    switch (node->kind) {
    case JSON_NULL:
        json_put_null(writer, node->name);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        json_put_truth(writer, node->name, node->kind == JSON_TRUE);
        break;
    case JSON_NUMBER:
        if (json_to_real(node, &number))
            json_put_real(writer, node->name, number);
        else /* 1e999 */
            json_put_null(writer, node->name);
        break;
    case JSON_STRING:
        json_put_string(writer, node->name, node->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        node->kind == JSON_ARRAY ? json_open_array(writer, node->name) : json_open_object(writer, node->name);
        for (const JsonNode *member = node->first; member; member = member->next)
            write_json(writer, member);
        node->kind == JSON_ARRAY ? json_close_array(writer) : json_close_object(writer);
        break;
    }
}

static void check_same(const JsonNode *a, const JsonNode *b)
{
    double x, y;
    bool is_large = a->kind == JSON_NUMBER && !json_to_real(a, &x);
    fuzz_check(b->kind == (is_large ? JSON_NULL : a->kind), "JSON that was written reads as the same kind");
    fuzz_check(a->name_length == b->name_length && (!a->name || memcmp(a->name, b->name, a->name_length) == 0),
               "JSON that was written has the same names");
    if (a->kind == JSON_STRING)
        fuzz_check(a->length == b->length && memcmp(a->text, b->text, a->length) == 0,
                   "JSON that was written has the same text");
    if (a->kind == JSON_NUMBER && !is_large)
        fuzz_check(json_to_real(b, &y) && x == y, "JSON that was written has the same numbers");
    const JsonNode *other = b->first;
    fuzz_check(a->count == b->count, "JSON that was written has as many members");
    for (const JsonNode *member = a->first; member; member = member->next, other = other->next)
        check_same(member, other);
}

void fuzz_json(const uint8_t *bytes, size_t length)
{
    char *copy = fuzz_copy(bytes, length);
    Failure failure = {0};
    Json json, again;
    if (json_read(copy, length, "FILE", &json, &failure)) {
        JsonWriter writer;
        json_start(&writer, length % 2 == 0);
        write_json(&writer, json.root);
        fuzz_check(json_finish(&writer, &failure), "memory for what is written");
        fuzz_check(json_read(writer.text, writer.length, "FILE", &again, &failure), "what was written can be read");
        check_same(json.root, again.root);
        json_release(&again);
        json_release(&json);
        json_free(&writer);
    } else {
        check_failure(&failure);
    }
    free(copy);
}
