/* SPDX-License-Identifier: MIT */
/* Data and weight files that are damaged or made to do harm, given to the program of a package: each ends it with one
 * line that names the file and the place, with exit code 65, and with no file that was not there before. The package is
 * built once, under the sanitizers where the tests are. */
#include "tests/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *folder; /* program, run/, and half/ with a checkpoint after half of the steps */
static int count;          /* of damaged files so far */

static const char SPEC[] = "ansatz: 1\n"
                           "name: double_well\n"
                           "system: {vector: 2}\n"
                           "energy: {terms: [{value: \"x[0]^4 - 4*x[0]^2 + 0.5*x[1]^2\"}]}\n"
                           "data: {train: {file: data.csv}, validation: 0.25}\n"
                           "architecture: {flow: {layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [4]}}}]}]}}\n"
                           "loss: [reverse_kl, forward_kl]\n"
                           "train: {steps: 20, batch: 16}\n";

static int start(void **state)
{
    (void)state;
    const char *build = getenv("BUILD");
    bool is_sanitized = build && strstr(build, "sanitize");
    folder = shell_folder();
    shell_write(SPEC, strlen(SPEC), "%s/double_well.yaml", folder);
    shell_must("cd %s && (echo 'x[0],x[1]' && seq 40 | sed 's/.*/0.&,-1.&/') >data.csv", folder);
    shell_must("%s emit %s/double_well.yaml -o %s/package", shell_ansatz(), folder, folder);
    shell_must("cd %s && cc -std=c11 -O0 %s -o program package/*.c package/runtime/host/*.c -lm", folder,
               is_sanitized ? "-g -fsanitize=address,undefined -fno-sanitize-recover=all" : "");
    shell_must("cd %s && ./program train -q -o run && ./program train -q -o half --stop-at 10", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    shell_clean();
    return 0;
}

/* ---- what must happen -------------------------------------------------------------------------------------------- */

/* What a folder holds, with the sums of its files: nothing may change. */
static char *look_at(const char *place)
{
    ShellResult result = shell_run("cd %s && find . | sort && find . -type f | sort | xargs sha256sum", place);
    assert_int_equal(result.code, 0);
    return result.output;
}

/* Runs the program in the folder of this case, where the damaged file stands; `arguments` may name ../run. */
static void expect_refusal(const char *place, const char *arguments, const char *name, const char *message)
{
    char *before = look_at(place);
    ShellResult result = shell_run("cd %s && timeout 20 ../program %s </dev/null", place, arguments);
    const char *line_end = strchr(result.output, '\n');
    if (result.code != 65 || !line_end || line_end[1] != '\0')
        fail_msg("%s: exit code %d\n%s", arguments, result.code, result.output);
    if (!strstr(result.output, name) || !strstr(result.output, message))
        fail_msg("%s: expected %s and '%s'\n%s", arguments, name, message, result.output);
    for (const char *c = result.output; c < line_end; c++)
        assert_true(*c >= ' ' && *c <= '~');
    char *after = look_at(place);
    assert_string_equal(before, after);
    free(before);
    free(after);
    free(result.output);
}

/* The folder of a case, with this file in it. */
static const char *place_with(const char *name, const char *bytes, size_t length)
{
    static char place[600];
    snprintf(place, sizeof place, "%s/case_%d", folder, count++);
    shell_must("mkdir %s", place);
    shell_write(bytes, length, "%s/%s", place, name);
    return place;
}

static void expect_configurations(const char *name, const char *bytes, size_t length, const char *message)
{
    static const char *const verbs[] = {"energy -i %s -o out.npy --force force.npy",
                                        "log_prob -w ../run -i %s -o out.npy",
                                        "evaluate -q -w ../run -n 100 --reference %s", "train -o new --data %s"};
    char arguments[200];
    snprintf(arguments, sizeof arguments, verbs[count % 4], name);
    expect_refusal(place_with(name, bytes, length), arguments, name, message);
}

static void expect_weights(const char *bytes, size_t length, const char *message)
{
    static const char *const verbs[] = {"sample -w w.safetensors -n 10 -o out.npy", "evaluate -w w.safetensors -n 100",
                                        "log_prob -w w.safetensors -i ../x.csv -o out.npy",
                                        "sample -w w.safetensors -n 10 -o out.csv"};
    expect_refusal(place_with("w.safetensors", bytes, length), verbs[count % 4], "w.safetensors", message);
}

/* ---- NPY --------------------------------------------------------------------------------------------------------- */

typedef struct Array {
    const char *header;
    size_t floats; /* how many follow, each 0.5 */
    const char *message;
} Array;

/* Into `bytes`; the length. `stated`: what the file says of its header's length, or -1: what is true. */
static size_t make_array(char *bytes, const Array *array, int version, int stated)
{
    const float half = 0.5f;
    size_t length = strlen(array->header), width = version == 1 ? 2 : 4;
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (char)version;
    bytes[7] = 0;
    for (size_t i = 0; i < width; i++)
        bytes[8 + i] = (char)((stated < 0 ? length : (size_t)stated) >> 8 * i);
    memcpy(bytes + 8 + width, array->header, length);
    length += 8 + width;
    for (size_t i = 0; i < array->floats; i++, length += sizeof half)
        memcpy(bytes + length, &half, sizeof half);
    return length;
}

#define HEADER(type, order, shape) "{'descr': " type ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void test_arrays(void **state)
{
    static const Array arrays[] = {
        {HEADER("'<f4'", "False", "(3, 2)"), 5, "the header's shape needs 24; the file is cut"},
        {HEADER("'<f4'", "False", "(3, 2)"), 7, "28 bytes of numbers where the header's shape needs 24"},
        {HEADER("'<f4'", "False", "(3, 3)"), 9,
         "an array with 2 axes, the last of 3; the model double_well needs [n, 2]"},
        {HEADER("'<f4'", "True", "(2, 3)"), 6, "needs [n, 2]"},
        {HEADER("'<f4'", "False", "(6,)"), 6, "an array with 1 axes"},
        {HEADER("'<f4'", "False", "()"), 1, "an array with 0 axes"},
        {HEADER("'<f4'", "False", "(4294967296, 4294967296)"), 6, "a shape with more elements than memory has bytes"},
        {HEADER("'<f4'", "False", "(9223372036854775807, 2)"), 6, "a shape with more elements than memory has bytes"},
        {HEADER("'<f4'", "False", "(268435456, 2)"), 6, "needs 2147483648; the file is cut"},
        {HEADER("'<f4'", "False", "(99999999999999999999, 2)"), 6, "a size that does not fit into 64 bits"},
        {HEADER("'<f4'", "False", "(-1, 2)"), 6, "byte 51 of the NPY header: expected a size"},
        {HEADER("'<f4'", "False", "(3, 2"), 6, "expected"},
        {HEADER("'<f4'", "Maybe", "(3, 2)"), 6, "byte 34 of the NPY header: expected True or False"},
        {HEADER("'<c8'", "False", "(3, 2)"), 12, "elements of type '<c8'; expected real numbers"},
        {HEADER("'<U1'", "False", "(3, 2)"), 6, "elements of type '<U1'"},
        {HEADER("'|O'", "False", "(3, 2)"), 6, "pickled Python objects"},
        {HEADER("[('x', '<f4')]", "False", "(3, 2)"), 6, "a structured type"},
        {"{'descr': '<f4', 'shape': (3, 2)}", 6, "the NPY header has no 'fortran_order'"},
        {"__import__('os')", 6, "byte 0 of the NPY header: expected '{'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        char bytes[1000];
        expect_configurations("x.npy", bytes, make_array(bytes, &arrays[i], 1, -1), arrays[i].message);
    }
}

static void test_beginnings_of_arrays(void **state)
{
    static const Array array = {HEADER("'<f4'", "False", "(3, 2)"), 6, NULL};
    static const uint32_t not_a_number = 0x7fc00000, infinite = 0xff800000;
    char bytes[1000];
    (void)state;
    size_t length = make_array(bytes, &array, 1, 60000);
    expect_configurations("x.npy", bytes, length, "ends within the NPY header, which should have 60000 bytes");
    length = make_array(bytes, &array, 2, 0x7fffffff);
    expect_configurations("x.npy", bytes, length, "ends within the NPY header");
    length = make_array(bytes, &array, 1, 10);
    expect_configurations("x.npy", bytes, length, "byte 10 of the NPY header");
    length = make_array(bytes, &array, 9, -1);
    expect_configurations("x.npy", bytes, length, "NPY version 9.0; known are 1.0, 2.0 and 3.0");
    expect_configurations("x.npy", bytes, 7, "not an NPY file");
    expect_configurations("x.npy", "", 0, "not an NPY file");
    expect_configurations("x.npy", "x[0],x[1]\n1,2\n", 14, "not an NPY file");
    length = make_array(bytes, &array, 1, -1);
    memcpy(bytes + length - 12, &not_a_number, 4);
    expect_configurations("x.npy", bytes, length, "row 1: component 'x[1]': nan, no finite float");
    length = make_array(bytes, &array, 1, -1);
    memcpy(bytes + length - 4, &infinite, 4);
    expect_configurations("x.npy", bytes, length, "row 2: component 'x[1]': -inf, no finite float");
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static void test_tables(void **state)
{
#define TABLE(text, message)                                                                                           \
    {                                                                                                                  \
        text, sizeof text - 1, message                                                                                 \
    }
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } tables[] = {
        TABLE("", "empty"),
        TABLE("x[0],x[1]\n1,2\n3\n", "x.csv:3: 1 cells where the header has 2"),
        TABLE("x[0],x[1]\n1,2\n3,4,5\n", "x.csv:3: more cells than the header's 2"),
        TABLE("x[0],x[1]\n1,nan\n", "x.csv:2: column 'x[1]': expected a finite number, found 'nan'"),
        TABLE("x[0],x[1]\n1,2\n-inf,2\n", "x.csv:3: column 'x[0]': expected a finite number, found '-inf'"),
        TABLE("x[0],x[1]\n1,1e400\n", "found '1e400'"),
        TABLE("x[0],x[1]\n1,1e300\n", "x.csv:2: column 'x[1]': inf, no finite float"),
        TABLE("x[0],x[1]\n1,two\n", "column 'x[1]': expected a finite number, found 'two'"),
        TABLE("x[0],x[1]\n1,\n", "column 'x[1]': empty"),
        TABLE("1,2\n3,4\n", "x.csv:1: column 1: the first line must name the columns"),
        TABLE("x[0];x[1]\n1;2\n", "expected commas"),
        TABLE("x[0],y\n1,2\n", "no column 'x[1]', a component of the model double_well"),
        TABLE("x[0],x[0]\n1,2\n", "x.csv:1: two columns are named 'x[0]'"),
        TABLE("x[0],x[1]\n1,\0002\n", "a zero byte"),
        TABLE("x[0],x[1]\n1,\"2\n", "a quote that is not closed"),
        TABLE("x[0],x[1]\n1,\"2\"3\n", "text after the closing quote"),
        TABLE("x[0],x[1]\n1,2\r3,4\n", "found"),
        TABLE("\xff\xfex\0[\0", "a zero byte"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        expect_configurations("x.csv", tables[i].bytes, tables[i].length, tables[i].message);
}

static void test_enormous_tables(void **state)
{
    enum { LONG = 4 << 20 };
    char *bytes = malloc(LONG);
    (void)state;
    assert_non_null(bytes);
    memset(bytes, '7', LONG);
    memcpy(bytes, "x[0],x[1]\n1,", 12);
    expect_configurations("x.csv", bytes, LONG, "x.csv:2: column 'x[1]': expected a finite number, found '777");
    for (size_t i = 0; i < LONG; i++)
        bytes[i] = i % 2 ? ',' : 'a';
    expect_configurations("x.csv", bytes, LONG, "x.csv:1: more than 100000 columns");
    memset(bytes, '\n', LONG);
    expect_configurations("x.csv", bytes, LONG, "x.csv:1: column 1: a column without a name");
    free(bytes);
}

/* ---- weights ----------------------------------------------------------------------------------------------------- */

typedef struct Bytes {
    char *bytes;
    size_t length;
} Bytes;

static Bytes read_bytes(const char *name)
{
    Bytes file;
    file.bytes = shell_read(&file.length, "%s/%s", folder, name);
    assert_true(file.length > 8);
    return file;
}

static size_t header_length(const Bytes *file)
{
    uint64_t length;
    memcpy(&length, file->bytes, sizeof length);
    return (size_t)length;
}

/* Puts `text` in the place of the first `old` of the header, and spaces where it is shorter. */
static void change(const Bytes *file, const char *old, const char *text)
{
    size_t length = header_length(file), width = strlen(old);
    assert_true(strlen(text) <= width);
    for (size_t i = 8; i + width <= 8 + length; i++) {
        if (memcmp(file->bytes + i, old, width) == 0) {
            memset(file->bytes + i, ' ', width);
            memcpy(file->bytes + i, text, strlen(text));
            return;
        }
    }
    fail_msg("the header has no %s", old);
}

static void test_changed_weights(void **state)
{
    static const struct {
        const char *old, *text, *message;
    } changes[] = {
        {"\"F32\"", "\"F16\"", "tensor 'flow.layers.0.net.0.weight': its data_offsets do not fit its shape and dtype"},
        {"\"F32\"", "\"I32\"", "tensor 'flow.layers.0.net.0.weight' has type I32; expected F32, F64, F16 or BF16"},
        {"\"F32\"", "\"F33\"", "no dtype, or one that is not known"},
        {"[4, 1]", "[1, 4]", "tensor 'flow.layers.0.net.0.weight' has another shape"},
        {"[4, 1]", "[4, 2]", "tensor 'flow.layers.0.net.0.weight': its data_offsets do not fit"},
        {"[4, 1]", "[4,-1]", "a size in its shape is not a whole number"},
        {"[16, 32]", "[12, 28]", "tensor 'flow.layers.0.net.0.bias' starts at byte 12 of the data, not at 16"},
        {"[16, 32]", "[20, 36]", "starts at byte 20 of the data, not at 16"},
        {"[16, 32]", "[32, 16]", "its data_offsets lie outside of the file"},
        {"[16, 32]", "[16,9e9]", "no data_offsets, a list of two whole numbers"},
        {"[136, 144]", "[999, 999]", "its data_offsets lie outside of the file"},
        {"flow.layers.0.net.1.bias", "flow.layers.0.net.0.bias", "the name 'flow.layers.0.net.0.bias' occurs twice"},
        {"flow.layers.0.net.0.bias", "flow.layers.9.net.0.bias", "no tensor 'flow.layers.0.net.0.bias', which"},
        {"flow.layers.0.net.0.bias", "f\xff", "not valid UTF-8"},
        {"flow.layers.0.net.0.bias", "f\\u0000", "a zero byte in a string"},
        {"\"__metadata__\": {", "\"__metadata__\": [", "byte 27 of the JSON: expected a comma or ]"},
        {"\"exponential\"", "7", "__metadata__ holds a number; it may hold strings only"},
        {"}, \"flow", "}; \"flow", "expected a comma or }"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        Bytes file = read_bytes("run/weights.safetensors");
        change(&file, changes[i].old, changes[i].text);
        expect_weights(file.bytes, file.length, changes[i].message);
        free(file.bytes);
    }
}

/* A file with this header and so many bytes of zeros. */
static void expect_header(const char *header, size_t data, const char *message)
{
    size_t length = strlen(header);
    uint64_t stated = length;
    char *bytes = calloc(1, 8 + length + data);
    assert_non_null(bytes);
    memcpy(bytes, &stated, 8);
    memcpy(bytes + 8, header, length);
    expect_weights(bytes, 8 + length + data, message);
    free(bytes);
}

static void test_headers_of_weights(void **state)
{
    static const char two_gigabytes[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[536870912],\"data_offsets\":[0,2147483648]}}";
    static const char overflowing[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}";
    static const char beyond[] =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[18446744073709551615,18446744073709551616]}}";
    char nested[5000];
    (void)state;
    expect_header(two_gigabytes, 16, "its data_offsets lie outside of the file; is it cut?");
    expect_header(overflowing, 4, "its shape has too many elements");
    expect_header(beyond, 1, "no data_offsets, a list of two whole numbers");
    expect_header("{}", 0, "no tensor 'flow.layers.0.net.0.weight', which the model double_well has");
    expect_header("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":0}}", 1,
                  "entries other than dtype");
    expect_header("{\"a\":1}", 0, "tensor 'a': its entry is not an object");
    memset(nested, '[', sizeof nested - 1);
    memcpy(nested, "{\"a\":", 5);
    nested[sizeof nested - 1] = '\0';
    expect_header(nested, 0, "more than 64 levels of nesting");
}

static void test_cut_weights(void **state)
{
    Bytes file = read_bytes("run/weights.safetensors");
    const size_t header = header_length(&file);
    static const uint64_t lengths[] = {UINT64_MAX, 99999999, 3, 0};
    static const char *const messages[] = {"its header would have 18446744073709551615 bytes", "ends within its header",
                                           "a string without its closing quote", "not a safetensors file"};
    (void)state;
    expect_weights(file.bytes, 0, "too short");
    expect_weights(file.bytes, 7, "too short");
    expect_weights(file.bytes, 8 + header / 2, "ends within its header");
    expect_weights(file.bytes, 8 + header, "its data_offsets lie outside of the file; is it cut?");
    expect_weights(file.bytes, file.length - 1, "its data_offsets lie outside of the file; is it cut?");
    expect_weights(file.bytes + 8, file.length - 8, "not a safetensors file");
    memset(file.bytes + file.length - 4, 0xff, 4);
    expect_weights(file.bytes, file.length, "element 1 of tensor 'flow.layers.1.net.1.bias' is not finite");
    for (int i = 0; i < 4; i++) {
        memcpy(file.bytes, &lengths[i], 8);
        expect_weights(file.bytes, file.length, messages[i]);
    }
    free(file.bytes);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------- */

static void expect_checkpoint(const char *bytes, size_t length, const char *message)
{
    char place[600];
    snprintf(place, sizeof place, "%s/case_%d", folder, count++);
    shell_must("mkdir %s && cp -r %s/half %s/run", place, folder, place);
    shell_write(bytes, length, "%s/run/checkpoint", place);
    expect_refusal(place, "train -q -o run --resume --data ../data.csv", "run/checkpoint", message);
}

static void test_checkpoints(void **state)
{
    static const char damaged[] = "its numbers do not match their hash: the file is damaged";
    static const struct {
        const char *old, *text, *message;
    } changes[] = {

        {"\"step\": \"10\"", "\"step\": \"-1\"", "no number 'step' among its metadata"},
        {"\"step\": \"10\"", "\"step\": \"99\"", "more steps done than it has"},
        {"\"mean_loss\"", "\"mean_lost\"", "no number 'mean_loss' among its metadata"},
        {"ansatz checkpoint 1", "ansatz checkpoint 2", "not a checkpoint of this program"},
        {"\"average\": {", "\"overage\": {", "no tensor 'average' of 36 floats"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        Bytes file = read_bytes("half/checkpoint");
        change(&file, changes[i].old, changes[i].text);
        expect_checkpoint(file.bytes, file.length, changes[i].message);
        free(file.bytes);
    }
    Bytes file = read_bytes("half/checkpoint"), weights = read_bytes("run/weights.safetensors");
    expect_checkpoint(file.bytes, file.length / 2, "ends within its header");
    expect_checkpoint(file.bytes, file.length - 4, "is it cut?");
    expect_checkpoint("", 0, "too short");
    expect_checkpoint(weights.bytes, weights.length, "not a checkpoint of this program");
    file.bytes[file.length - 1] ^= 1;
    expect_checkpoint(file.bytes, file.length, damaged);
    file.bytes[file.length - 1] ^= 1;
    file.bytes[8 + header_length(&file)] ^= 0x10;
    expect_checkpoint(file.bytes, file.length, damaged);
    free(file.bytes);
    free(weights.bytes);
}

static void test_other_data_than_the_runs(void **state)
{
    static const char other[] = "x[0],x[1]\n1,2\n3,4\n";
    (void)state;
    const char *place = place_with("other.csv", other, strlen(other));
    shell_must("cp -r %s/half %s/run", folder, place);
    expect_refusal(place, "train -q -o run --resume --data other.csv", "run/checkpoint",
                   "the run learned from other data");
    expect_refusal(place_with("one.csv", other, 14), "train -o new --data one.csv", "one.csv",
                   "one row; a part held out for validation needs another");
    expect_refusal(place_with("none.csv", other, 10), "train -o new --data none.csv", "none.csv", "no rows");
}

/* ---- what is not there ------------------------------------------------------------------------------------------- */

static void test_what_is_no_file(void **state)
{
    static const char *const arguments[] = {
        "train -o new --data none.csv",       "energy -i none.npy -o out.npy",
        "energy -i none.csv -o out.npy",      "energy -i folder.npy -o out.npy",
        "sample -w none -n 5 -o x.npy",       "evaluate -q -w ../run -n 9 --reference n.csv",
        "sample -w folder.npy -n 5 -o x.npy",
    };
    (void)state;
    shell_must("mkdir -p %s/nothing/folder.npy", folder);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        ShellResult result = shell_run("cd %s/nothing && ../program %s", folder, arguments[i]);
        const char *line_end = strchr(result.output, '\n');
        if (result.code != 66 || !line_end || line_end[1] != '\0')
            fail_msg("%s: exit code %d\n%s", arguments[i], result.code, result.output);
        free(result.output);
    }
    shell_must("test -z \"$(find %s/nothing -type f)\"", folder);
}

static void test_they_were_many(void **state)
{
    (void)state;
    print_message("%d damaged files\n", count);
    assert_true(count >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_beginnings_of_arrays),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_enormous_tables),
        cmocka_unit_test(test_changed_weights),
        cmocka_unit_test(test_headers_of_weights),
        cmocka_unit_test(test_cut_weights),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_other_data_than_the_runs),
        cmocka_unit_test(test_what_is_no_file),
        cmocka_unit_test(test_they_were_many),
    };
    return cmocka_run_group_tests(tests, start, end);
}
