/* SPDX-License-Identifier: MIT */
/* The rules of the IR, checked without trust in the builder: what holds here may be relied on by every later stage. */
#include "compiler/ir/verify.h"

#include "compiler/ir/names.h"

#include <math.h>
#include <string.h>

typedef struct Verifier {
    const IrModule *module;
    IrFunction *function;
    Diagnostics *diagnostics;
    Span span;           /* of the op being looked at */
    const char *subject; /* "contract" */
    bool right;
} Verifier;

static void report(Verifier *verifier, const char *code, const char *message)
{
    verifier->right = false;
    diagnostics_error(verifier->diagnostics, verifier->span, code, "function %s: %s%s%s", verifier->function->name,
                      verifier->subject ? verifier->subject : "", verifier->subject ? ": " : "", message);
}

static void check_inputs(Verifier *verifier)
{
    const IrFunction *function = verifier->function;
    for (int i = 0; i < function->input_count; i++) {
        IrId id = function->inputs[i];
        if (id < 0 || id >= function->value_count || function->values[id].op != -1 || function->values[id].result != i)
            report(verifier, "E0710", "an input is not marked as this input");
        else if (function->values[id].type.kind == IR_KIND_CONSTANT)
            report(verifier, "E0710", "an input cannot be constant");
    }
    for (int i = 0; i < function->value_count; i++) {
        const IrValue *value = &function->values[i];
        bool input = value->op == -1 && value->result >= 0 && value->result < function->input_count &&
                     function->inputs[value->result] == i;
        bool result = value->op >= 0 && value->op < function->op_count && value->result >= 0 &&
                      value->result < function->ops[value->op].result_count &&
                      function->ops[value->op].results[value->result] == i;
        if (!input && !result)
            report(verifier, "E0710", "a value is neither an input nor the result of an op");
    }
}

static bool check_operands(Verifier *verifier, const IrOp *op, int index)
{
    const IrFunction *function = verifier->function;
    for (int i = 0; i < op->operand_count; i++) {
        IrId id = op->operands[i];
        if (id < 0 || id >= function->value_count || function->values[id].op >= index) {
            report(verifier, "E0711", "an operand is not defined above");
            return false;
        }
    }
    if (!op->callee)
        return true;
    int position = op->callee->position;
    if (position < 0 || position >= verifier->function->position ||
        verifier->module->functions[position] != op->callee) {
        report(verifier, "E0712", "the callee does not stand before its caller in the module");
        return false;
    }
    return true;
}

static void check_data(Verifier *verifier, const IrOp *op)
{
    int64_t count = op->code == IR_CONSTANT && op->type.element != IR_REAL ? ir_type_count(&op->type) : 0;
    for (int64_t i = 0; i < count; i++) {
        double value = op->data[i];
        bool fits = op->type.element == IR_BOOL ? value == 0 || value == 1
                                                : value >= INT32_MIN && value <= INT32_MAX && floor(value) == value;
        if (!fits) {
            report(verifier, "E0713", "a constant has an element that its type cannot hold");
            return;
        }
    }
}

static void check_results(Verifier *verifier, const IrOp *op)
{
    IrFunction *function = verifier->function;
    int count = ir_result_count(op);
    IrType *types = ARENA_ARRAY(verifier->module->arena, IrType, count > 0 ? count : 1);
    const char *wrong = ir_infer(function, op, types);
    if (wrong) {
        report(verifier, "E0705", wrong);
        return;
    }
    if (count != op->result_count) {
        report(verifier, "E0710", "the number of results is wrong");
        return;
    }
    for (int i = 0; i < count; i++) {
        const IrType *actual = ir_type_of(function, op->results[i]);
        if (actual->element != types[i].element || actual->kind != types[i].kind || !ir_shape_equal(actual, &types[i]))
            report(verifier, "E0705", "a result's type is not what its operands give");
    }
}

static void check_function(Verifier *verifier)
{
    const IrFunction *function = verifier->function;
    verifier->span = function->span;
    verifier->subject = NULL;
    check_inputs(verifier);
    for (int i = 0; i < function->op_count && verifier->right; i++) {
        const IrOp *op = &function->ops[i];
        verifier->span = op->span;
        verifier->subject = ir_op_text(op->code);
        if (check_operands(verifier, op, i)) {
            check_results(verifier, op);
            check_data(verifier, op);
        }
    }
    verifier->span = function->span;
    verifier->subject = NULL;
    for (int i = 0; i < function->output_count; i++)
        if (function->outputs[i] < 0 || function->outputs[i] >= function->value_count)
            report(verifier, "E0711", "an output is no value of the function");
}

bool ir_verify(const IrModule *module, Diagnostics *diagnostics)
{
    Verifier verifier = {.module = module, .diagnostics = diagnostics, .right = true};
    NameTable names = name_table_start(module->arena);
    for (int i = 0; i < module->function_count; i++) {
        verifier.function = module->functions[i];
        verifier.span = verifier.function->span;
        verifier.subject = NULL;
        if (verifier.function->position != i || verifier.function->module != module)
            report(&verifier, "E0712", "the function does not know its place in the module");
        if (!name_table_add(&names, verifier.function->name, i))
            report(&verifier, "E0704", "two functions have this name");
        if (verifier.right)
            check_function(&verifier);
    }
    return verifier.right;
}
