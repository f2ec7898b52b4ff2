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
    {"lift-products", pass_lift_products},
    {"specialise", pass_specialise},
    {"dead-code-3", pass_dead_code}, /* inputs that only lifted products read, and what copies do not give back */
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

/* A real per-sample value: an input, or the result of an op; or -1. */
static IrId find_sample(const IrFunction *function)
{
    for (int i = 0; i < function->value_count; i++)
        if (function->values[i].type.kind == IR_KIND_SAMPLE && function->values[i].type.element == IR_REAL)
            return i;
    return -1;
}

/* The value, plus a per-sample zero: whether an element of `sample` is less than itself. */
static IrId make_sample(IrFunction *draft, IrId value, IrId sample)
{
    const IrType type = *ir_type_of(draft, sample);
    const int64_t count = ir_type_count(&type);
    IrBuilder builder = {.function = draft, .span = draft->span};
    IrId element = ir_element(&builder, type.rank == 1 ? sample : ir_reshape(&builder, sample, 1, &count), 0);
    IrId zero = ir_unary(&builder, IR_TO_REAL, ir_binary(&builder, IR_LESS, element, element));
    return ir_binary(&builder, IR_ADD, value, zero);
}

void passes_copy_outputs(IrFunction *draft, const IrFunction *from, const IrId *map)
{
    for (int i = 0; i < from->output_count; i++) {
        const IrType *type = ir_type_of(from, from->outputs[i]);
        IrId value = map[from->outputs[i]];
        bool fell = type->kind == IR_KIND_SAMPLE && ir_type_of(draft, value)->kind != IR_KIND_SAMPLE;
        IrId sample = draft->entry && fell && type->element == IR_REAL ? find_sample(draft) : -1;
        ir_output(draft, from->output_names[i], sample >= 0 ? make_sample(draft, value, sample) : value);
    }
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
