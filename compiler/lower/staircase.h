/* SPDX-License-Identifier: MIT */
/* Matrices that are zero beyond a staircase. */
#ifndef COMPILER_LOWER_STAIRCASE_H
#define COMPILER_LOWER_STAIRCASE_H

#include "compiler/ir/ir.h"

/* Element (i, j) is kept where column_keys[j] <= row_keys[i]; with `above`, where column_keys[j] >= row_keys[i]. */
typedef struct Staircase {
    int64_t rows, columns;
    const int64_t *row_keys, *column_keys;
    bool above;
} Staircase;

/* The matrix [rows, columns] with zeros where nothing is kept. */
IrId staircase_masked(IrBuilder *builder, const Staircase *stairs, IrId matrix);
/* start [rows] + (that matrix) x [columns], with next to no products with its zeros. Both lists of keys rise. */
IrId staircase_apply(IrBuilder *builder, const Staircase *stairs, IrId matrix, IrId x, IrId start);

#endif
