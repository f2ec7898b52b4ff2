/* SPDX-License-Identifier: MIT */
/* The elementary functions where the everyday tests look at one value in thousands: every float through every function of
 * one operand, and every word that becomes a normal; many points for doubles and for two operands.
 *   exhaustive                the parts there are, one a line
 *   exhaustive float tanh     runs one: a row of the table of errors, ending in `ok` or `FAILED`
 * All lane widths must agree on the bits: everywhere in double, on one chunk of 16 in float. */
#include "tests/elementary/quantile.h"
#include "tests/elementary/reference.h"
#include "tests/elementary/variant.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    CHUNK = VARIANT_CHUNK,
    DOUBLE_POINTS = 10000000,
    FLOAT_PAIRS = 100000000,
    SHARE_OF_LANES = 16,
};

static const float LARGE = 0x1p20f; /* sine and cosine promise less beyond */

typedef struct Part {
    const char *precision, *name;
    ElementaryFunction function;
    int64_t count;
    double promised, promised_beyond; /* for operands of size up to LARGE, and beyond */
    double worst, worst_beyond, at[2], at_beyond[2];
    bool failed;
} Part;

static void fail_at(Part *part, const char *why, double x, double y, double value)
{
    if (!part->failed)
        fprintf(stderr, "%s %s(%a, %a) is %a: %s\n", part->precision, part->name, x, y, value, why);
    part->failed = true;
}

static void keep_worst(Part *part, double error, double x, double y)
{
    const bool beyond = part->promised != part->promised_beyond && fabs(x) > (double)LARGE;
    double *worst = beyond ? &part->worst_beyond : &part->worst, *at = beyond ? part->at_beyond : part->at;
    if (!(error <= *worst)) {
        *worst = error;
        at[0] = x;
        at[1] = y;
    }
}

/* Whether a size above one would be wrong. */
static bool stays_within_one(ElementaryFunction function)
{
    return function == FUNCTION_tanh || function == FUNCTION_sigmoid || function == FUNCTION_sin ||
           function == FUNCTION_cos || function == FUNCTION_erf;
}

/* ---- floats ------------------------------------------------------------------------------------------------------- */

static void compare_float_lanes(Part *part, const float *x, const float *y, const float *expected)
{
    const Variant *variants[4];
    const int count = variants_available(32, variants);
    for (int v = 0; v < count - 1; v++) {
        float other[CHUNK];
        variants[v]->lanes(part->function, x, y, y, other);
        for (int i = 0; i < CHUNK; i++)
            if (memcmp(&expected[i], &other[i], sizeof other[i]) != 0 && !(isnan(expected[i]) && isnan(other[i])))
                fail_at(part, variants[v]->name, (double)x[i], (double)y[i], (double)other[i]);
    }
}

static void run_float_chunk(Part *part, const float *x, const float *y, bool compare)
{
    const Variant *variants[4];
    float result[CHUNK];
    variants[variants_available(32, variants) - 1]->lanes(part->function, x, y, y, result);
    if (compare)
        compare_float_lanes(part, x, y, result);
    for (int i = 0; i < CHUNK; i++) {
        const double error = reference_error_float(part->function, x[i], y[i], result[i]);
        keep_worst(part, error, (double)x[i], (double)y[i]);
        if (!(error <= promised_error_float(part->function, x[i])))
            fail_at(part, "too far", (double)x[i], (double)y[i], (double)result[i]);
        if (stays_within_one(part->function) && fabsf(result[i]) > 1)
            fail_at(part, "above one", (double)x[i], (double)y[i], (double)result[i]);
    }
}

static void run_all_floats(Part *part)
{
    for (uint64_t chunk = 0; chunk < ((uint64_t)1 << 32) / CHUNK; chunk++) {
        float x[CHUNK];
        for (uint32_t i = 0; i < CHUNK; i++) {
            const uint32_t bits = (uint32_t)chunk * CHUNK + i;
            memcpy(&x[i], &bits, sizeof x[i]);
        }
        run_float_chunk(part, x, x, chunk % SHARE_OF_LANES == 0);
    }
    part->count = (int64_t)1 << 32;
}

static void run_float_pairs(Part *part)
{
    uint64_t random = 6;
    for (int64_t chunk = 0; chunk < FLOAT_PAIRS / CHUNK; chunk++) {
        float x[CHUNK], y[CHUNK];
        for (int i = 0; i < CHUNK; i++)
            reference_point_float(part->function, chunk * CHUNK + i, &random, &x[i], &y[i]);
        run_float_chunk(part, x, y, chunk % SHARE_OF_LANES == 0);
    }
    part->count = FLOAT_PAIRS;
}

/* ---- doubles ------------------------------------------------------------------------------------------------------ */

static void run_double_chunk(Part *part, const double *x, const double *y)
{
    const Variant *variants[4];
    const int count = variants_available(64, variants);
    double result[CHUNK];
    variants[count - 1]->lanes(part->function, x, y, y, result);
    for (int v = 0; v < count - 1; v++) {
        double other[CHUNK];
        variants[v]->lanes(part->function, x, y, y, other);
        for (int i = 0; i < CHUNK; i++)
            if (memcmp(&result[i], &other[i], sizeof other[i]) != 0 && !(isnan(result[i]) && isnan(other[i])))
                fail_at(part, variants[v]->name, x[i], y[i], other[i]);
    }
    for (int i = 0; i < CHUNK; i++) {
        const double error = reference_error_double(part->function, x[i], y[i], result[i]);
        keep_worst(part, error, x[i], y[i]);
        if (!(error <= promised_error_double(part->function, x[i])))
            fail_at(part, "too far", x[i], y[i], result[i]);
        if (stays_within_one(part->function) && fabs(result[i]) > 1)
            fail_at(part, "above one", x[i], y[i], result[i]);
    }
}

static void run_doubles(Part *part)
{
    uint64_t random = 7;
    for (int64_t chunk = 0; chunk < DOUBLE_POINTS / CHUNK; chunk++) {
        double x[CHUNK], y[CHUNK];
        for (int i = 0; i < CHUNK; i++)
            reference_point(part->function, chunk * CHUNK + i, &random, &x[i], &y[i]);
        run_double_chunk(part, x, y);
    }
    part->count = DOUBLE_POINTS;
}

/* ---- normals ------------------------------------------------------------------------------------------------------ */

static void compare_normal_lanes(Part *part, const uint32_t *words, const float *expected)
{
    const Variant *const *lists[] = {float_variants, double_variants};
    for (int list = 0; list < 2; list++)
        for (int v = 0; lists[list][v] != NULL; v++) {
            float other[CHUNK];
            if (lists[list][v]->missing())
                continue;
            lists[list][v]->normals(words, other);
            for (int i = 0; i < CHUNK; i++)
                if (memcmp(&expected[i], &other[i], sizeof other[i]) != 0)
                    fail_at(part, lists[list][v]->name, words[i], 0, (double)other[i]);
        }
}

/* The sizes of all normals; their signs are the words' upper bits. None may be smaller than one of a smaller probability by
 * more than the two units that rounding may take. */
static void run_normals(Part *part)
{
    const Variant *variants[4], *widest = variants[variants_available(32, variants) - 1];
    float last = INFINITY;
    for (uint32_t chunk = 0; chunk < 0x80000000 / CHUNK; chunk++) {
        uint32_t words[CHUNK];
        float result[CHUNK];
        for (uint32_t i = 0; i < CHUNK; i++)
            words[i] = chunk * CHUNK + i;
        widest->normals(words, result);
        if (chunk % SHARE_OF_LANES == 0)
            compare_normal_lanes(part, words, result);
        for (int i = 0; i < CHUNK; i++) {
            const double error = reference_error_normal(words[i], result[i]);
            keep_worst(part, error, words[i], 0);
            if (!(error <= part->promised))
                fail_at(part, "too far", words[i], 0, (double)result[i]);
            if (!(result[i] > 0 && result[i] <= last * 1.0000003f))
                fail_at(part, "turns", words[i], 0, (double)result[i]);
            last = result[i];
        }
    }
    part->count = 0x80000000;
}

/* ---- parts -------------------------------------------------------------------------------------------------------- */

static void print_row(const Part *part, const char *operands, double worst, const double at[2], double promised)
{
    char place[100];
    if (strcmp(part->precision, "normal") == 0)
        snprintf(place, sizeof place, "word %08x", (unsigned)at[0]);
    else if (function_operands(part->function) == 2)
        snprintf(place, sizeof place, "%a, %a", at[0], at[1]);
    else
        snprintf(place, sizeof place, "%a (%.6g)", at[0], at[0]);
    printf("%-6s %-8s %-12s %11lld %7.3f %5.1f  %-44s %s\n", part->precision, part->name, operands,
           (long long)part->count, worst, promised, place, part->failed ? "FAILED" : "ok");
}

static void print_rows(const Part *part)
{
    if (part->promised == part->promised_beyond) {
        print_row(part, "all", part->worst, part->at, part->promised);
    } else {
        print_row(part, "up to 2^20", part->worst, part->at, part->promised);
        print_row(part, "beyond 2^20", part->worst_beyond, part->at_beyond, part->promised_beyond);
    }
}

static void list_parts(void)
{
    puts("normal quantile");
    for (int precision = 64; precision >= 32; precision -= 32)
        for (ElementaryFunction function = 0; function <= FUNCTION_floor; function = (ElementaryFunction)(function + 1))
            if (precision == 32 || function <= FUNCTION_sqrt)
                printf("%s %s\n", precision == 32 ? "float" : "double", function_name(function));
}

static void run_part(Part *part)
{
    if (strcmp(part->precision, "normal") == 0)
        run_normals(part);
    else if (strcmp(part->precision, "double") == 0)
        run_doubles(part);
    else if (function_operands(part->function) == 1)
        run_all_floats(part);
    else
        run_float_pairs(part);
}

/* Fills in what a part named so promises; false if there is none. */
static bool find_part(Part *part)
{
    if (strcmp(part->precision, "normal") == 0) {
        part->promised = part->promised_beyond = promised_error_normal();
        return strcmp(part->name, "quantile") == 0;
    }
    const bool single = strcmp(part->precision, "float") == 0;
    for (ElementaryFunction f = 0; f <= FUNCTION_floor; f = (ElementaryFunction)(f + 1)) {
        if (strcmp(part->name, function_name(f)) != 0)
            continue;
        part->function = f;
        part->promised = single ? promised_error_float(f, 0) : promised_error_double(f, 0);
        part->promised_beyond = single ? promised_error_float(f, 2 * LARGE) : part->promised;
        return single || (strcmp(part->precision, "double") == 0 && f <= FUNCTION_sqrt);
    }
    return false;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        list_parts();
        return 0;
    }
    Part part = {.precision = argv[1], .name = argc == 3 ? argv[2] : ""};
    if (!find_part(&part)) {
        fprintf(stderr, "no such part: %s %s\n", part.precision, part.name);
        return 64;
    }
    run_part(&part);
    print_rows(&part);
    return part.failed;
}
