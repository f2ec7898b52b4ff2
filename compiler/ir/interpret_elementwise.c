/* SPDX-License-Identifier: MIT */
/* The elementwise ops, for one element at a time. What IEEE and libm leave open (the sign of a zero, NaN) is as in
 * runtime/core/lanes.h. */
#include "compiler/ir/interpret_kernels.h"

#include <math.h>

static double sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x; /* a zero's and a NaN's own */
}

static double sigmoid(double x)
{
    double e = exp(-fabs(x)); /* never overflows */
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

static double softplus(double x)
{
    return x != x ? x : fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* NaN if either is; of two zeros the negative one. */
static double minimum(double a, double b)
{
    if (a != a || b != b)
        return a + b;
    if (a == b)
        return signbit(a) ? a : b;
    return a < b ? a : b;
}

double interpret_maximum(double a, double b)
{
    return -minimum(-a, -b);
}

/* `x` has as many elements as the op has operands. */
static double element(const IrOp *op, const double *x)
{
    switch (op->code) {
    case IR_NEG:
        return -x[0];
    case IR_ABS:
        return fabs(x[0]);
    case IR_SIGN:
        return sign(x[0]);
    case IR_FLOOR:
    case IR_TO_INT: /* of a bool: itself */
        return floor(x[0]);
    case IR_EXP:
        return exp(x[0]);
    case IR_LOG:
        return log(x[0]);
    case IR_SQRT:
        return sqrt(x[0]);
    case IR_TANH:
        return tanh(x[0]);
    case IR_SIGMOID:
        return sigmoid(x[0]);
    case IR_SOFTPLUS:
        return softplus(x[0]);
    case IR_SIN:
        return sin(x[0]);
    case IR_COS:
        return cos(x[0]);
    case IR_TAN:
        return tan(x[0]);
    case IR_ERF:
        return erf(x[0]);
    case IR_ADD:
        return x[0] + x[1];
    case IR_SUB:
        return x[0] - x[1];
    case IR_MUL:
        return x[0] * x[1];
    case IR_DIV:
        return x[0] / x[1];
    case IR_POW:
        return pow(x[0], x[1]);
    case IR_ATAN2:
        return atan2(x[0], x[1]);
    case IR_MIN:
        return minimum(x[0], x[1]);
    case IR_MAX:
        return interpret_maximum(x[0], x[1]);
    case IR_FMA:
        return fma(x[0], x[1], x[2]);
    case IR_LESS:
        return x[0] < x[1];
    case IR_LESS_EQUAL:
        return x[0] <= x[1];
    case IR_EQUAL:
        return x[0] == x[1];
    case IR_AND:
        return x[0] != 0 && x[1] != 0;
    case IR_OR:
        return x[0] != 0 || x[1] != 0;
    case IR_NOT:
        return x[0] == 0;
    case IR_SELECT:
        return x[0] != 0 ? x[1] : x[2];
    case IR_TO_REAL:
    case IR_STOP_GRADIENT:
        return x[0];
    default:
        return NAN;
    }
}

void interpret_elementwise(const IrKernel *kernel)
{
    int64_t count = ir_type_count(kernel_result_type(kernel));
    for (int64_t i = 0; i < count; i++) {
        double x[3] = {0};
        for (int j = 0; j < kernel->op->operand_count; j++)
            x[j] = kernel->operands[j][i];
        kernel->result[i] = element(kernel->op, x);
    }
}
