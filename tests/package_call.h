/* SPDX-License-Identifier: MIT */
/* One call of any function of a package, whatever its precision: what a test and the code that it compiles beside a
 * package agree on. */
#ifndef TESTS_PACKAGE_CALL_H
#define TESTS_PACKAGE_CALL_H

#include <stddef.h>
#include <stdint.h>

typedef struct PackageCall {
    int entry;                         /* an EntryKind */
    const void *weights, *scalars, *x; /* arrays of the package's reals, as are the others */
    const void *conditions;            /* a row for each sample; NULL: the model has none */
    const void *data;                  /* a row for each sample of the batch; NULL: the model has none */
    void *outputs[2], *workspace;      /* as in the package's header; the gradient of a step is output 1 */
    uint64_t seed, first;
    uint32_t step;
    size_t count;
    int threads;
    double loss; /* of a step */
} PackageCall;

#endif
