/* SPDX-License-Identifier: MIT */
/* The pipeline: which passes run, in which order. In debug builds the verifier looks at the module after each. */
#include "compiler/passes/passes.h"

#include "compiler/ir/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Pass PASSES[] = {
    {"inline", pass_inline},
    {"simplify", pass_simplify},
    {"common-subexpressions", pass_common_subexpressions},
    {"dead-code", pass_dead_code},
    {"mask-sparsity", pass_mask_sparsity},
    {"simplify-2", pass_simplify}, /* gathered masks of ones, and inputs that callees no longer have */
    {"common-subexpressions-2", pass_common_subexpressions},
    {"contract-fma", pass_contract_fma},
    {"dead-code-2", pass_dead_code},
    {NULL, NULL},
};

int *passes_count_readers(const IrFunction *function)
{
    int *readers = ARENA_ARRAY(function->module->arena, int, function->value_count);
    for (int i = 0; i < function->op_count; i++)
        for (int j = 0; j < function->ops[i].operand_count; j++)
            readers[function->ops[i].operands[j]]++;
    for (int i = 0; i < function->output_count; i++)
        readers[function->outputs[i]]++;
    return readers;
}

static bool is_pass(const char *name)
{
    for (const Pass *pass = PASSES; pass->name; pass++)
        if (strcmp(pass->name, name) == 0)
            return true;
    return false;
}

#ifndef NDEBUG
static void verify_after(const IrModule *module, const char *name)
{
    Diagnostics diagnostics;
    diagnostics_start(&diagnostics, module->arena);
    if (ir_verify(module, &diagnostics))
        return;
    Text text = text_start(module->arena);
    diagnostics_print(&diagnostics, &text, 0);
    fprintf(stderr, "ansatz: internal error: the IR is wrong after %s\n%s", name, text.bytes);
    abort();
}
#endif

bool passes_run(IrModule *module, const char *after)
{
    if (after && !is_pass(after))
        return false;
    for (const Pass *pass = PASSES; pass->name; pass++) {
        pass->run(module);
#ifndef NDEBUG
        verify_after(module, pass->name);
#endif
        if (after && strcmp(pass->name, after) == 0)
            break;
    }
    return true;
}
