/* SPDX-License-Identifier: MIT */
#include "tests/host_results.h"

#include "runtime/host/files.h"
#include "runtime/host/npy.h"
#include "tests/host_helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

Json read_json(const char *path)
{
    char *text = scratch_read(path);
    Json json;
    Failure failure;
    if (!json_read(text, strlen(text), path, &json, &failure))
        fail_msg("%s", failure.text);
    free(text);
    return json;
}

double number_of(const JsonNode *object, const char *name)
{
    double number;
    if (!json_to_real(json_member(object, name), &number))
        fail_msg("no number '%s'", name);
    return number;
}

const char *text_of(const JsonNode *object, const char *name)
{
    const JsonNode *member = json_member(object, name);
    if (member == NULL || member->kind != JSON_STRING)
        fail_msg("no text '%s'", name);
    return member->text;
}

double *read_array(const char *path, int rank, size_t count)
{
    FileBytes file;
    NpyView view;
    Failure failure;
    if (!file_read(path, &file, &failure) || !npy_parse(file.bytes, file.length, path, &view, &failure))
        fail_msg("%s", failure.text);
    assert_int_equal(view.rank, rank);
    assert_int_equal(view.count, count);
    double *values = malloc(count * sizeof *values);
    npy_to_double(&view, values);
    file_release(&file);
    return values;
}

void write_array(const char *path, const float *values, int rank, const uint64_t *shape)
{
    NpyWriter writer;
    Failure failure;
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    assert_true(npy_start(&writer, path, 4, rank, shape, &failure) && npy_write(&writer, values, count, &failure) &&
                npy_finish(&writer, NULL, &failure));
}

void need_trained(void)
{
    if (!file_exists("trained"))
        expect_code(run_program("train -o trained -q"), 0);
}
