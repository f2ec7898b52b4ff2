/* SPDX-License-Identifier: MIT */
/* Printing the IR. One op a line; values are numbered in the order of the text, with their hints before the number.
 * parse.c reads the same form, where names are free and written types are checked but may be left out.
 *
 *   module    = "module" name ["batch" integer] function*
 *   function  = ["note" string] ["entry"] "function" name "(" [input ("," input)*] ")" ["->" "(" [output ("," output)*]
 * ")"]
 *               "{" op* ["return" value ("," value)*] "}"
 *   input     = value ":" type                       output = [name ":"] type
 *   op        = ["note" string] [value ("," value)* "="] what [":" type ("," type)*]
 *   what      = opname [value ("," value)*] attribute*
 *             | "constant" element shape ("all" number | "{" number ("," number)* "}")
 *             | "call" name "(" [values] ")"
 *             | "scan" name "(" [carried] ";" [sliced] ";" [fixed] ")" "length" integer ["reversed"]
 *   attribute = "to" shape | "axes" "[" integers "]" | "axis" integer | "start" integer | "length" integer
 *             | "table" "{" integers "}" | string (labels) | element shape | "purpose" integer | "block" integer
 *             | "stride" integer | "reversed" | "exclusive" | "lower" | "transposed" | "unit"
 *   type      = kind element shape                   shape  = ["[" integers "]"]
 *   kind      = "constant" | "parameter" | "state" | "scalar" | "shared" | "sample"
 *   element   = "real" | "int32" | "bool"
 *   value     = "%" letters, digits, "_" and "."     the hint is what stands before the last "." and digits
 *
 * "#" begins a comment that ends with the line. Line ends mean nothing else. */
#include "compiler/ir/text.h"

#include <string.h>

const char *const IR_KIND_TEXT[6] = {"constant", "parameter", "state", "scalar", "shared", "sample"};
const char *const IR_ELEMENT_TEXT[3] = {"real", "int32", "bool"};

/* A function being printed: the number that each value has in the text. */
typedef struct Printer {
    Text *out;
    const IrFunction *function;
    int32_t *number;
} Printer;

static void print_integers(Text *out, const int64_t *numbers, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        text_print(out, "%s%lld", i > 0 ? ", " : "", (long long)numbers[i]);
}

static void print_shape(Text *out, const IrType *type)
{
    if (type->rank == 0)
        return;
    text_put(out, "[");
    print_integers(out, type->size, type->rank);
    text_put(out, "]");
}

void ir_print_type(const IrType *type, Text *out)
{
    text_print(out, "%s %s", IR_KIND_TEXT[type->kind], IR_ELEMENT_TEXT[type->element]);
    print_shape(out, type);
}

/* A hint, with what a name cannot hold replaced. */
static void print_name(Text *out, const char *name)
{
    for (const char *c = name; *c; c++) {
        bool plain =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '.' || *c == '_';
        text_add(out, plain ? c : "_", 1);
    }
}

static void print_value(const Printer *printer, IrId id)
{
    const char *name = printer->function->values[id].name;
    text_put(printer->out, "%");
    if (name && *name) {
        print_name(printer->out, name);
        text_put(printer->out, ".");
    }
    text_print(printer->out, "%d", (int)printer->number[id]);
}

static void print_values(const Printer *printer, const IrId *ids, int count)
{
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text_put(printer->out, ", ");
        print_value(printer, ids[i]);
    }
}

static void print_string(Text *out, const char *string)
{
    text_put(out, "\"");
    for (const char *c = string; *c; c++) {
        if (*c == '\n')
            text_put(out, "\\n");
        else if (*c == '"' || *c == '\\')
            text_print(out, "\\%c", *c);
        else
            text_add(out, c, 1);
    }
    text_put(out, "\"");
}

static void print_note(Text *out, const char *note, const char *indent)
{
    if (!note || !*note)
        return;
    text_print(out, "%snote ", indent);
    print_string(out, note);
    text_put(out, "\n");
}

/* ---- ops -------------------------------------------------------------------------------------------------------- */

static void print_number(Text *out, IrElement element, double value)
{
    if (element == IR_REAL)
        text_number(out, value);
    else
        text_print(out, "%lld", (long long)value);
}

static void print_constant(Text *out, const IrOp *op)
{
    int64_t count = ir_type_count(&op->type);
    bool same = true;
    for (int64_t i = 1; i < count && same; i++)
        same = memcmp(&op->data[i], &op->data[0], sizeof op->data[0]) == 0;
    text_print(out, " %s", IR_ELEMENT_TEXT[op->type.element]);
    print_shape(out, &op->type);
    text_put(out, same ? " all " : " {");
    for (int64_t i = 0; i < (same ? 1 : count); i++) {
        if (i > 0)
            text_put(out, ", ");
        print_number(out, op->type.element, op->data[i]);
    }
    text_put(out, same ? "" : "}");
}

static void print_axes(Text *out, const IrOp *op)
{
    text_put(out, " axes [");
    print_integers(out, op->axes, op->axis_count);
    text_put(out, "]");
}

static void print_table(Text *out, const IrOp *op)
{
    text_print(out, " axis %lld table {", (long long)op->axis);
    print_integers(out, op->table, op->table_count);
    text_put(out, "}");
}

static void print_draw(Text *out, const IrOp *op)
{
    text_print(out, " %s", IR_ELEMENT_TEXT[op->type.element]);
    print_shape(out, &op->type);
    text_print(out, " purpose %u block %u", (unsigned)op->purpose, (unsigned)op->block);
    if (op->operand_count > 0)
        text_print(out, " stride %u", (unsigned)op->stride);
}

static void print_scan(const Printer *printer, const IrOp *op)
{
    text_print(printer->out, " %s(", op->callee->name);
    print_values(printer, op->operands, op->carried);
    text_put(printer->out, "; ");
    print_values(printer, op->operands + op->carried, op->sliced);
    text_put(printer->out, "; ");
    print_values(printer, op->operands + op->carried + op->sliced, op->operand_count - op->carried - op->sliced);
    text_print(printer->out, ") length %lld%s", (long long)op->length, op->reversed ? " reversed" : "");
}

static void print_attributes(const Printer *printer, const IrOp *op)
{
    Text *out = printer->out;
    switch (op->code) {
    case IR_CONSTANT:
        print_constant(out, op);
        break;
    case IR_BROADCAST:
    case IR_RESHAPE:
        text_put(out, " to [");
        print_integers(out, op->type.size, op->type.rank);
        text_put(out, "]");
        if (op->code == IR_BROADCAST && op->axis_count > 0)
            print_axes(out, op);
        break;
    case IR_TRANSPOSE:
    case IR_REDUCE_SUM:
    case IR_REDUCE_MAX:
        print_axes(out, op);
        break;
    case IR_SLICE:
        text_print(out, " axis %lld start %lld length %lld", (long long)op->axis, (long long)op->start,
                   (long long)op->length);
        break;
    case IR_CONCAT:
        text_print(out, " axis %lld", (long long)op->axis);
        break;
    case IR_GATHER:
        print_table(out, op);
        break;
    case IR_SCATTER_ADD:
        print_table(out, op);
        text_print(out, " length %lld", (long long)op->length);
        break;
    case IR_PUT:
        text_print(out, " length %lld", (long long)op->length);
        break;
    case IR_CUMSUM:
        text_print(out, " axis %lld%s%s", (long long)op->axis, op->reversed ? " reversed" : "",
                   op->exclusive ? " exclusive" : "");
        break;
    case IR_CONTRACT:
    case IR_BATCH_CONTRACT:
        text_print(out, " \"%s\"", op->labels);
        break;
    case IR_SOLVE_TRIANGULAR:
        text_print(out, "%s%s%s", op->lower ? " lower" : "", op->transposed ? " transposed" : "",
                   op->unit ? " unit" : "");
        break;
    case IR_DRAW_NORMAL:
    case IR_DRAW_UNIFORM:
        print_draw(out, op);
        break;
    default: /* elementwise, take, the batch's: no attributes */
        break;
    }
}

static void print_op(const Printer *printer, const IrOp *op)
{
    Text *out = printer->out;
    print_note(out, op->note, "    ");
    text_put(out, "    ");
    if (op->result_count > 0) {
        print_values(printer, op->results, op->result_count);
        text_put(out, " = ");
    }
    text_put(out, ir_op_text(op->code));
    if (op->code == IR_CALL) {
        text_print(out, " %s(", op->callee->name);
        print_values(printer, op->operands, op->operand_count);
        text_put(out, ")");
    } else if (op->code == IR_SCAN) {
        print_scan(printer, op);
    } else {
        text_put(out, op->operand_count > 0 ? " " : "");
        print_values(printer, op->operands, op->operand_count);
        print_attributes(printer, op);
    }
    for (int i = 0; i < op->result_count && op->code != IR_CONSTANT; i++) {
        text_put(out, i == 0 ? " : " : ", ");
        ir_print_type(ir_type_of(printer->function, op->results[i]), out);
    }
    text_put(out, "\n");
}

/* ---- functions and modules -------------------------------------------------------------------------------------- */

static void number_values(const Printer *printer)
{
    const IrFunction *function = printer->function;
    int32_t next = 0;
    for (int i = 0; i < function->input_count; i++)
        printer->number[function->inputs[i]] = next++;
    for (int i = 0; i < function->op_count; i++)
        for (int j = 0; j < function->ops[i].result_count; j++)
            printer->number[function->ops[i].results[j]] = next++;
}

static void print_header(const Printer *printer)
{
    const IrFunction *function = printer->function;
    Text *out = printer->out;
    print_note(out, function->note, "");
    text_print(out, "%sfunction %s(", function->entry ? "entry " : "", function->name);
    for (int i = 0; i < function->input_count; i++) {
        text_put(out, i > 0 ? ", " : "");
        print_value(printer, function->inputs[i]);
        text_put(out, ": ");
        ir_print_type(ir_type_of(function, function->inputs[i]), out);
    }
    text_put(out, ") -> (");
    for (int i = 0; i < function->output_count; i++) {
        text_put(out, i > 0 ? ", " : "");
        if (function->output_names[i] && *function->output_names[i]) {
            print_name(out, function->output_names[i]);
            text_put(out, ": ");
        }
        ir_print_type(ir_type_of(function, function->outputs[i]), out);
    }
    text_put(out, ") {\n");
}

void ir_print_function(const IrFunction *function, Text *out)
{
    Printer printer = {out, function, ARENA_ARRAY(out->arena, int32_t, function->value_count)};
    number_values(&printer);
    print_header(&printer);
    for (int i = 0; i < function->op_count; i++)
        print_op(&printer, &function->ops[i]);
    if (function->output_count > 0) {
        text_put(out, "    return ");
        print_values(&printer, function->outputs, function->output_count);
        text_put(out, "\n");
    }
    text_put(out, "}\n");
}

void ir_print(const IrModule *module, Text *out)
{
    text_print(out, "module %s", module->name ? module->name : "unnamed");
    if (module->batch > 0)
        text_print(out, " batch %lld", (long long)module->batch);
    text_put(out, "\n");
    for (int i = 0; i < module->function_count; i++) {
        text_put(out, "\n");
        ir_print_function(module->functions[i], out);
    }
}
