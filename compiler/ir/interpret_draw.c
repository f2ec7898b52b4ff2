/* SPDX-License-Identifier: MIT */
/* Random draws, by the runtime's own generator: element e of a draw is that of draw block `block` + offset * stride, in
 * the stream that seed, sample, step and purpose name. */
#include "compiler/ir/interpret_kernels.h"

#include "runtime/core/random.h"

void interpret_draw(const IrKernel *kernel)
{
    const IrOp *op = kernel->op;
    RandomStream stream = {kernel->run->seed, kernel->sample, kernel->run->step, op->purpose};
    double offset = op->operand_count > 0 ? kernel->operands[0][0] : 0, first = op->block + offset * op->stride;
    int64_t count = ir_type_count(&op->type);
    if (!(first >= 0 && first + (double)((count - 1) / 4) < 1 << 20)) {
        run_fail(kernel->run, arena_print(kernel->run->arena, "function %s: %s: a draw block beyond 2^20",
                                          kernel->function->name, ir_op_text(op->code)));
        return;
    }
    for (int64_t i = 0; i < count; i++)
        kernel->result[i] = op->code == IR_DRAW_NORMAL
                                ? (double)random_normal_value(&stream, 0, (uint32_t)first, (uint32_t)i)
                                : (double)random_uniform_value(&stream, 0, (uint32_t)first, (uint32_t)i);
}
