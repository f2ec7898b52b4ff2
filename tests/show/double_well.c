/* SPDX-License-Identifier: MIT */
/* The double well from the shell to a judged sampler: emits, builds, trains, evaluates, and prints a small table beside
 * exact values from quadrature. `double_well ANSATZ FOLDER SEED...`; fails when a figure misses what is wanted of it. */
#include <jansson.h>

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Runs a shell command; leaves the program when it fails. Gives the seconds it took. */
__attribute__((format(printf, 1, 2))) static double run(const char *format, ...)
{
    char command[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof command) {
        fputs("double_well: a path is too long\n", stderr);
        exit(1);
    }
    double start = seconds();
    int status = system(command);
    if (status != 0) {
        fprintf(stderr, "double_well: failed (status %d): %s\n", status, command);
        exit(1);
    }
    return seconds() - start;
}

/* Gibbs weight of the wells' coordinate; the other is a unit Gaussian. specs/double_well.yaml, kT = 1. */
static double weight(double x)
{
    return exp(-(x * x * x * x - 4 * x * x + 0.2 * x));
}

typedef struct Exact {
    double log_z, left;
} Exact;

/* The trapezoidal rule on [-6, 6]: exponentially accurate, as all derivatives vanish at the ends. */
static Exact quadrature(void)
{
    enum { POINTS = 20000 };
    const double step = 12.0 / POINTS;
    double total = 0, left = 0;
    for (int i = 0; i <= POINTS; i++) {
        double x = -6 + step * i, term = weight(x) * step;
        total += term;
        left += x < 0 ? term : 0;
    }
    left += 0.5 * step * weight(0); /* the point at the border counts half on either side */
    const double pi = 3.14159265358979323846;
    return (Exact){log(total) + 0.5 * log(2 * pi), left / total};
}

static double number_at(const json_t *root, const char *path)
{
    char copy[128];
    snprintf(copy, sizeof copy, "%s", path);
    const json_t *at = root;
    char *rest = NULL;
    for (char *key = strtok_r(copy, "/", &rest); key; key = strtok_r(NULL, "/", &rest))
        at = json_object_get(at, key);
    if (!json_is_number(at)) {
        fprintf(stderr, "double_well: the evaluation has no number %s\n", path);
        exit(1);
    }
    return json_number_value(at);
}

static bool print_row(const char *name, double value, double error, double exact, const char *wanted, bool good)
{
    char exact_text[32] = "-", error_text[32] = "";
    if (!isnan(exact))
        snprintf(exact_text, sizeof exact_text, "%.5f", exact);
    if (!isnan(error))
        snprintf(error_text, sizeof error_text, "+- %.5f", error);
    printf("  %-22s %10.5f %-12s %10s   %-26s %s\n", name, value, error_text, exact_text, wanted, good ? "yes" : "NO");
    return good;
}

static bool show_seed(const char *folder, const char *seed, double *train_seconds)
{
    *train_seconds = run("%s/double_well train --force -o %s/run-%s --seed %s --threads 1", folder, folder, seed, seed);
    run("%s/double_well evaluate -w %s/run-%s -n 100000 --quiet --json >%s/run-%s/evaluation.json", folder, folder,
        seed, folder, seed);
    char path[4096];
    snprintf(path, sizeof path, "%s/run-%s/evaluation.json", folder, seed);
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root) {
        fprintf(stderr, "double_well: %s: %s\n", path, error.text);
        exit(1);
    }
    Exact exact = quadrature();
    double ess = number_at(root, "ess"), log_z = number_at(root, "log_z/value");
    double left = number_at(root, "observables/left/reweighted/value");
    bool good = true;
    printf("\ndouble well, seed %s, 100000 samples\n  %-22s %10s %-12s %10s   %-26s %s\n", seed, "", "measured", "",
           "exact", "wanted", "met");
    good &= print_row("ess", ess, NAN, NAN, "at least 0.95", ess >= 0.95);
    good &= print_row("log_z", log_z, number_at(root, "log_z/error"), exact.log_z, "within 0.01 of exact",
                      fabs(log_z - exact.log_z) <= 0.01);
    good &= print_row("left well, reweighted", left, number_at(root, "observables/left/reweighted/error"), exact.left,
                      "within 0.01 of exact", fabs(left - exact.left) <= 0.01);
    good &= print_row("right well, reweighted", 1 - left, number_at(root, "observables/left/reweighted/error"),
                      1 - exact.left, "within 0.01 of exact", fabs(left - exact.left) <= 0.01);
    print_row("training, seconds", *train_seconds, NAN, NAN, "under 8, one core", *train_seconds < 8);
    json_decref(root);
    return good;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: double_well ANSATZ FOLDER SEED...\n", stderr);
        return 64;
    }
    const char *ansatz = argv[1], *folder = argv[2];
    double emit = run("%s emit specs/double_well.yaml -o %s", ansatz, folder);
    double build = run("ninja -C %s >%s.build.log 2>&1 || { cat %s.build.log >&2; exit 1; }", folder, folder, folder);
    int good = 0;
    double slowest = 0;
    for (int i = 3; i < argc; i++) {
        double time;
        good += show_seed(folder, argv[i], &time);
        slowest = time > slowest ? time : slowest;
    }
    printf("\n%d of %d seeds as wanted; emitted in %.3f s, built in %.1f s, slowest training %.1f s\n", good, argc - 3,
           emit, build, slowest);
    return good == argc - 3 ? 0 : 1;
}
