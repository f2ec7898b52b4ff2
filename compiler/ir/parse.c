/* SPDX-License-Identifier: MIT */
/* Reads the IR's text form (the grammar is in text.c). The text may come from anyone: every size, index and count is
 * checked before it is used, types are inferred and compared with what is written, and the first mistake ends the
 * reading with its place. */
#include "compiler/ir/text.h"

#include "compiler/ir/parser.h"
#include "compiler/ir/verify.h"

#include <limits.h>
#include <string.h>

static void check_written_type(Parser *parser, Span span, const IrType *written, const IrType *actual)
{
    if (parser->failed ||
        (written->element == actual->element && written->kind == actual->kind && ir_shape_equal(written, actual)))
        return;
    Text text = text_start(parser->arena);
    text_put(&text, "the value is ");
    ir_print_type(actual, &text);
    parser_fail(parser, span, "E0705", text.bytes);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* "hidden.3" -> "hidden"; "3" -> no hint. */
static const char *hint_of(Parser *parser, const char *name)
{
    size_t length = strlen(name), end = length;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
        end--;
    if (end == 0)
        return NULL;
    if (end == length || name[end - 1] != '.')
        return name;
    return end > 1 ? arena_copy_text(parser->arena, name, end - 1) : NULL;
}

static void define_value(Parser *parser, const IrToken *token, IrId id)
{
    if (parser->failed)
        return;
    if (!name_table_add(&parser->values, token->text, id)) {
        parser_fail(parser, token->span, "E0704", arena_print(parser->arena, "%%%s is defined twice", token->text));
        return;
    }
    ir_name(parser->function, id, hint_of(parser, token->text));
}

static IrId take_value(Parser *parser)
{
    IrToken token = parser->token;
    const char *name = parser_take_text(parser, IR_TOKEN_VALUE, "a value");
    int32_t id = -1;
    if (!parser->failed && !name_table_find(&parser->values, name, &id))
        parser_fail(parser, token.span, "E0703", arena_print(parser->arena, "%%%s is not defined above", name));
    return id;
}

/* Values up to something that is no value; none if the first token is none. */
static void take_values(Parser *parser, ParserList *list)
{
    if (parser->failed || parser->token.kind != IR_TOKEN_VALUE)
        return;
    do {
        IrId id = take_value(parser);
        *(IrId *)parser_push(parser, list, sizeof id) = id;
    } while (parser_accept_mark(parser, ','));
}

/* ---- attributes ------------------------------------------------------------------------------------------------- */

static double take_element(Parser *parser, IrElement element)
{
    double number = parser->token.number;
    bool fits = parser->token.kind == IR_TOKEN_NUMBER;
    if (element == IR_INT)
        fits = fits && parser->token.is_integer && number >= INT32_MIN && number <= INT32_MAX;
    if (element == IR_BOOL)
        fits = fits && parser->token.is_integer && (number == 0 || number == 1);
    if (!parser->failed && !fits)
        parser_fail(parser, parser->token.span, "E0706",
                    arena_print(parser->arena, "no element of type %s", IR_ELEMENT_TEXT[element]));
    if (!parser->failed)
        parser_advance(parser);
    return number;
}

static void take_constant(Parser *parser, IrOp *op)
{
    Span span = parser->token.span;
    op->type = parser_take_element_shape(parser);
    if (parser->failed)
        return;
    int64_t count = ir_type_count(&op->type);
    parser->constant_count += count;
    if (parser->constant_count > IR_PARSE_CONSTANTS_MAX) {
        parser_fail(parser, span, "E0707", "the module's constants have too many elements");
        return;
    }
    double *data = ARENA_ARRAY(parser->arena, double, count);
    op->data = data;
    if (parser_accept_word(parser, "all")) {
        double value = take_element(parser, op->type.element);
        for (int64_t i = 0; i < count; i++)
            data[i] = value;
        return;
    }
    parser_expect_mark(parser, '{');
    for (int64_t i = 0; i < count && !parser->failed; i++) {
        if (i > 0)
            parser_expect_mark(parser, ',');
        data[i] = take_element(parser, op->type.element);
    }
    parser_expect_mark(parser, '}');
}

static void take_table(Parser *parser, IrOp *op)
{
    parser_expect_mark(parser, '{');
    ParserList table = parser_take_integers(parser, '}', 0);
    op->table_count = table.count;
    op->table = table.items;
}

static void take_axes(Parser *parser, IrOp *op)
{
    Span span = parser->token.span;
    parser_expect_mark(parser, '[');
    ParserList axes = parser_take_integers(parser, ']', 0);
    if (axes.count > IR_RANK_MAX) {
        parser_fail(parser, span, "E0707", arena_print(parser->arena, "a value has at most %d axes", IR_RANK_MAX));
        return;
    }
    op->axis_count = (int)axes.count;
    for (int i = 0; i < op->axis_count; i++)
        op->axes[i] = ((int64_t *)axes.items)[i];
}

/* Which attributes an op has: a letter each, in the order in which they stand. */
static const char *attributes_of(IrOpcode code)
{
    switch (code) {
    case IR_CONSTANT:
        return "c";
    case IR_BROADCAST:
        return "tx";
    case IR_RESHAPE:
        return "t";
    case IR_TRANSPOSE:
    case IR_REDUCE_SUM:
    case IR_REDUCE_MAX:
        return "x";
    case IR_SLICE:
        return "asl";
    case IR_CONCAT:
        return "a";
    case IR_GATHER:
        return "ai";
    case IR_SCATTER_ADD:
        return "ail";
    case IR_PUT:
        return "l";
    case IR_CUMSUM:
        return "are";
    case IR_CONTRACT:
    case IR_BATCH_CONTRACT:
        return "L";
    case IR_SOLVE_TRIANGULAR:
        return "wTu";
    case IR_DRAW_NORMAL:
    case IR_DRAW_UNIFORM:
        return "dpbS";
    default:
        return "";
    }
}

static void take_attribute(Parser *parser, IrOp *op, char attribute)
{
    switch (attribute) {
    case 'c':
        take_constant(parser, op);
        break;
    case 'd':
        op->type = parser_take_element_shape(parser);
        break;
    case 't':
        parser_expect_word(parser, "to");
        parser_take_shape(parser, &op->type);
        break;
    case 'x':
        if (op->code != IR_BROADCAST || parser_at_word(parser, "axes")) {
            parser_expect_word(parser, "axes");
            take_axes(parser, op);
        }
        break;
    case 'a':
        parser_expect_word(parser, "axis");
        op->axis = parser_take_integer(parser, 0, IR_RANK_MAX - 1);
        break;
    case 's':
        parser_expect_word(parser, "start");
        op->start = parser_take_integer(parser, 0, IR_COUNT_MAX);
        break;
    case 'l':
        parser_expect_word(parser, "length");
        op->length = parser_take_integer(parser, 1, IR_COUNT_MAX);
        break;
    case 'i':
        parser_expect_word(parser, "table");
        take_table(parser, op);
        break;
    case 'L':
        op->labels = parser_take_text(parser, IR_TOKEN_STRING, "labels in quotes");
        break;
    case 'p':
        parser_expect_word(parser, "purpose");
        op->purpose = (uint32_t)parser_take_integer(parser, 0, INT_MAX);
        break;
    case 'b':
        parser_expect_word(parser, "block");
        op->block = (uint32_t)parser_take_integer(parser, 0, INT_MAX);
        break;
    case 'S':
        if (op->operand_count > 0) {
            parser_expect_word(parser, "stride");
            op->stride = (uint32_t)parser_take_integer(parser, 0, INT_MAX);
        }
        break;
    case 'r':
        op->reversed = parser_accept_word(parser, "reversed");
        break;
    case 'e':
        op->exclusive = parser_accept_word(parser, "exclusive");
        break;
    case 'w':
        op->lower = parser_accept_word(parser, "lower");
        break;
    case 'T':
        op->transposed = parser_accept_word(parser, "transposed");
        break;
    case 'u':
        op->unit = parser_accept_word(parser, "unit");
        break;
    default:
        break;
    }
}

/* ---- ops -------------------------------------------------------------------------------------------------------- */

static void take_callee(Parser *parser, IrOp *op)
{
    Span span = parser->token.span;
    const char *name = parser_take_text(parser, IR_TOKEN_WORD, "a function's name");
    int32_t position = -1;
    if (parser->failed)
        return;
    if (name_table_find(&parser->functions, name, &position))
        op->callee = parser->module->functions[position];
    else
        parser_fail(parser, span, "E0703", arena_print(parser->arena, "function %s is not defined above", name));
}

static void take_program_op(Parser *parser, IrOp *op, ParserList *operands)
{
    take_callee(parser, op);
    parser_expect_mark(parser, '(');
    take_values(parser, operands);
    if (op->code == IR_SCAN) {
        op->carried = (int)operands->count;
        parser_expect_mark(parser, ';');
        take_values(parser, operands);
        op->sliced = (int)operands->count - op->carried;
        parser_expect_mark(parser, ';');
        take_values(parser, operands);
    }
    parser_expect_mark(parser, ')');
    if (op->code == IR_SCAN) {
        take_attribute(parser, op, 'l');
        take_attribute(parser, op, 'r');
    }
}

static void take_opcode(Parser *parser, IrOp *op)
{
    Span span = parser->token.span;
    const char *text = parser_take_text(parser, IR_TOKEN_WORD, "an op");
    if (parser->failed || ir_opcode_from_text(text, &op->code))
        return;
    const char *names[IR_OPCODE_COUNT];
    for (int i = 0; i < IR_OPCODE_COUNT; i++)
        names[i] = ir_op_text((IrOpcode)i);
    Diagnostic *diagnostic =
        parser_fail(parser, span, "E0702", arena_print(parser->arena, "there is no op \"%s\"", text));
    const char *nearest = diagnostics_nearest(text, names, IR_OPCODE_COUNT);
    if (diagnostic && nearest)
        diagnostic->help = arena_print(parser->arena, "did you mean \"%s\"?", nearest);
}

static void append_op(Parser *parser, IrOp *op, const ParserList *names)
{
    int count = ir_result_count(op);
    IrType *types = ARENA_ARRAY(parser->arena, IrType, count > 0 ? count : 1);
    const char *wrong = ir_infer(parser->function, op, types);
    if (!wrong && names->count != count)
        wrong = arena_print(parser->arena, "%d results, %lld are named", count, (long long)names->count);
    if (wrong) {
        parser_fail(parser, op->span, "E0705", arena_print(parser->arena, "%s: %s", ir_op_text(op->code), wrong));
        return;
    }
    ir_append(parser->function, *op);
    const IrOp *made = &parser->function->ops[parser->function->op_count - 1];
    for (int i = 0; i < count; i++)
        define_value(parser, (const IrToken *)names->items + i, made->results[i]);
}

static void take_written_types(Parser *parser)
{
    if (!parser_accept_mark(parser, ':'))
        return;
    const IrOp *op = &parser->function->ops[parser->function->op_count - 1];
    for (int i = 0; i < op->result_count && !parser->failed; i++) {
        if (i > 0)
            parser_expect_mark(parser, ',');
        Span span = parser->token.span;
        IrType written = parser_take_type(parser);
        check_written_type(parser, span, &written, ir_type_of(parser->function, op->results[i]));
    }
}

static void take_op(Parser *parser)
{
    IrOp op = {0};
    ParserList names = {0}, operands = {0};
    if (parser_accept_word(parser, "note"))
        op.note = parser_take_text(parser, IR_TOKEN_STRING, "a note in quotes");
    if (parser->token.kind == IR_TOKEN_VALUE) {
        do {
            *(IrToken *)parser_push(parser, &names, sizeof(IrToken)) = parser->token;
            parser_take_text(parser, IR_TOKEN_VALUE, "a value");
        } while (parser_accept_mark(parser, ','));
        parser_expect_mark(parser, '=');
    }
    op.span = parser->token.span;
    take_opcode(parser, &op);
    if (!parser->failed && ++parser->op_count > IR_PARSE_OPS_MAX)
        parser_fail(parser, op.span, "E0707", "the module has too many ops");
    if (parser->failed)
        return;
    if (ir_op_class(op.code) == IR_PROGRAM)
        take_program_op(parser, &op, &operands);
    else
        take_values(parser, &operands);
    op.operands = operands.items;
    op.operand_count = (int)operands.count;
    for (const char *attribute = attributes_of(op.code); *attribute && !parser->failed; attribute++)
        take_attribute(parser, &op, *attribute);
    if (!parser->failed)
        append_op(parser, &op, &names);
    if (!parser->failed)
        take_written_types(parser);
}

/* ---- functions -------------------------------------------------------------------------------------------------- */

/* What "-> (...)" promises of each output; empty where it was not written. */
typedef struct WrittenOutput {
    const char *name;
    IrType type;
    Span span;
} WrittenOutput;

static void take_inputs(Parser *parser)
{
    parser_expect_mark(parser, '(');
    while (!parser->failed && !parser_at_mark(parser, ')')) {
        if (parser->function->input_count > 0)
            parser_expect_mark(parser, ',');
        IrToken name = parser->token;
        parser_take_text(parser, IR_TOKEN_VALUE, "an input: %name: kind element[shape]");
        parser_expect_mark(parser, ':');
        Span span = parser->token.span;
        IrType type = parser_take_type(parser);
        if (!parser->failed && type.kind == IR_KIND_CONSTANT)
            parser_fail(parser, span, "E0705", "an input is not known now: it cannot be constant");
        if (!parser->failed && type.kind == IR_KIND_SCALAR && type.rank > 0)
            parser_fail(parser, span, "E0705", "a call scalar has no axes");
        if (!parser->failed)
            define_value(parser, &name, ir_input(parser->function, NULL, type));
    }
    parser_expect_mark(parser, ')');
}

static ParserList take_written_outputs(Parser *parser)
{
    ParserList list = {0};
    parser_expect_mark(parser, '(');
    while (!parser->failed && !parser_at_mark(parser, ')')) {
        if (list.count > 0)
            parser_expect_mark(parser, ',');
        WrittenOutput output = {.span = parser->token.span};
        IrLexer behind = parser->lexer;
        IrToken next = ir_lex(&behind);
        if (next.kind == IR_TOKEN_MARK && next.mark == ':') {
            output.name = parser_take_text(parser, IR_TOKEN_WORD, "an output's name");
            parser_expect_mark(parser, ':');
        }
        output.type = parser_take_type(parser);
        *(WrittenOutput *)parser_push(parser, &list, sizeof output) = output;
    }
    parser_expect_mark(parser, ')');
    return list;
}

static void take_return(Parser *parser, bool written, const ParserList *outputs)
{
    ParserList values = {0};
    Span span = parser->token.span;
    if (parser_accept_word(parser, "return"))
        take_values(parser, &values);
    if (!parser->failed && written && values.count != outputs->count)
        parser_fail(parser, span, "E0705",
                    arena_print(parser->arena, "the function promises %lld outputs and returns %lld",
                                (long long)outputs->count, (long long)values.count));
    for (int64_t i = 0; i < values.count && !parser->failed; i++) {
        IrId id = ((IrId *)values.items)[i];
        const WrittenOutput *output = written ? (const WrittenOutput *)outputs->items + i : NULL;
        if (output)
            check_written_type(parser, output->span, &output->type, ir_type_of(parser->function, id));
        ir_output(parser->function, output ? output->name : NULL, id);
    }
    parser_expect_mark(parser, '}');
}

static void take_function(Parser *parser)
{
    const char *note = NULL;
    if (parser_accept_word(parser, "note"))
        note = parser_take_text(parser, IR_TOKEN_STRING, "a note in quotes");
    bool entry = parser_accept_word(parser, "entry");
    parser_expect_word(parser, "function");
    Span span = parser->token.span;
    const char *name = parser_take_text(parser, IR_TOKEN_WORD, "a function's name");
    int32_t position = -1;
    if (!parser->failed && name_table_find(&parser->functions, name, &position))
        parser_fail(parser, span, "E0704", arena_print(parser->arena, "function %s is defined twice", name));
    if (!parser->failed && parser->module->function_count == IR_PARSE_FUNCTIONS_MAX)
        parser_fail(parser, span, "E0707", "the module has too many functions");
    if (parser->failed)
        return;
    parser->function = ir_function_new(parser->module, name);
    parser->function->note = note;
    parser->function->entry = entry;
    parser->function->span = span;
    parser->values = name_table_start(parser->arena);
    take_inputs(parser);
    bool written = parser_accept_mark(parser, '>');
    ParserList outputs = written ? take_written_outputs(parser) : (ParserList){0};
    parser_expect_mark(parser, '{');
    while (!parser->failed && !parser_at_mark(parser, '}') && !parser_at_word(parser, "return"))
        take_op(parser);
    take_return(parser, written, &outputs);
    if (!parser->failed)
        name_table_add(&parser->functions, name, parser->function->position);
}

IrModule *ir_parse(Arena *arena, const Source *source, Diagnostics *diagnostics)
{
    Parser parser = {.arena = arena, .diagnostics = diagnostics, .functions = name_table_start(arena)};
    parser.lexer = (IrLexer){.arena = arena, .source = source, .diagnostics = diagnostics, .line = 1, .column = 1};
    parser_advance(&parser);
    parser_expect_word(&parser, "module");
    parser.module = ir_module_new(arena, parser_take_text(&parser, IR_TOKEN_WORD, "the module's name"));
    if (parser_accept_word(&parser, "batch"))
        parser.module->batch = parser_take_integer(&parser, 1, IR_COUNT_MAX);
    while (!parser.failed && parser.token.kind != IR_TOKEN_END)
        take_function(&parser);
    return parser.failed || !ir_verify(parser.module, diagnostics) ? NULL : parser.module;
}
