/* SPDX-License-Identifier: MIT */
/* Random draws: element i of a draw is number i % 4 of the counter's block + offset * stride + i / 4, of the stream
 * that seed, sample, step and purpose name. */
#include "compiler/ir/interpret_kernels.h"

#include <math.h>

/* Stands in until the runtime's generator is there: same key, same number. */
static double draw(IrOpcode code, const IrRun *run, uint64_t sample, uint32_t purpose, uint32_t block, int64_t element)
{
    uint64_t key[] = {run->seed, sample, run->step, purpose, block + (uint64_t)element / 4, (uint64_t)element % 4},
             bits = 0;
    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
        bits = (bits ^ key[i]) + 0x9e3779b97f4a7c15u;
        bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
        bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
        bits ^= bits >> 31;
    }
    double radius = ((double)(bits >> 40) + 0.5) / 16777216, angle = (double)(bits & 0xffffff) / 16777216;
    return code == IR_DRAW_UNIFORM ? radius : sqrt(-2 * log(radius)) * cos(6.283185307179586 * angle);
}

void interpret_draw(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    uint32_t offset = op->operand_count > 0 ? (uint32_t)(int64_t)kernel->operands[0][0] : 0;
    uint32_t block = op->block + offset * op->stride;
    int64_t count = ir_type_count(&op->type);
    for (int64_t i = 0; i < count; i++)
        kernel->result[i] = draw(op->code, kernel->run, kernel->sample, op->purpose, block, i);
}
