/* SPDX-License-Identifier: MIT */
/* Formulas -> ops. A value is held over those indices of the sums around it that it depends on: its shape has one axis
 * for each, the outermost first. Where two values meet, both are broadcast to the indices of either. */
#include "compiler/lower/formula.h"

#include <math.h>
#include <string.h>

enum { PRODUCT_POWER_MAX = 64 }; /* greater powers are left to pow */

/* Masked terms of a logsumexp: below any sum of exponentials, and finite in float. */
#define LOWEST (-3.0e38)

typedef struct Spread {
    IrId id;
    unsigned axes;
} Spread;

typedef struct Lowering {
    IrBuilder *builder;
    Arena *arena;
    const Formula *formula;
    const ExprScope *scope;
    const FormulaInputs *inputs;
    const ExprLoop *loops[EXPR_AXES_MAX];
} Lowering;

static Spread lower_any(Lowering *lowering, const Expr *expr);

/* formula_span where the text has been parsed, and so is ASCII: a column is a byte. */
static Span span_of(const Lowering *lowering, const Expr *expr)
{
    const Formula *formula = lowering->formula;
    Span span = formula->span;
    if (!formula->exact)
        return span;
    span.column += (int)expr->begin;
    span.end = span.begin + expr->end;
    span.begin += expr->begin;
    return span;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static IrType type_over(const Lowering *lowering, unsigned axes, IrElement element)
{
    IrType type = ir_type_scalar(element, IR_KIND_CONSTANT);
    for (int depth = 0; depth < EXPR_AXES_MAX; depth++)
        if (axes & 1u << depth)
            type.size[type.rank++] = lowering->loops[depth]->count;
    return type;
}

/* The same value over more indices. */
static IrId widen(Lowering *lowering, Spread value, unsigned axes)
{
    int64_t places[IR_RANK_MAX];
    int count = 0, place = 0;
    if (value.axes == axes)
        return value.id;
    for (int depth = 0; depth < EXPR_AXES_MAX; depth++) {
        if (value.axes & 1u << depth)
            places[count++] = place;
        if (axes & 1u << depth)
            place++;
    }
    IrType type = type_over(lowering, axes, ir_type_of(lowering->builder->function, value.id)->element);
    return ir_broadcast(lowering->builder, value.id, &type, places);
}

static Spread binary(Lowering *lowering, IrOpcode code, Spread a, Spread b)
{
    unsigned axes = a.axes | b.axes;
    IrId left = widen(lowering, a, axes), right = widen(lowering, b, axes);
    return (Spread){ir_binary(lowering->builder, code, left, right), axes};
}

static Spread unary(Lowering *lowering, IrOpcode code, Spread a)
{
    return (Spread){ir_unary(lowering->builder, code, a.id), a.axes};
}

static Spread number(Lowering *lowering, double value)
{
    return (Spread){ir_constant(lowering->builder, value), 0};
}

static Spread select_of(Lowering *lowering, Spread condition, Spread a, Spread b)
{
    unsigned axes = condition.axes | a.axes | b.axes;
    IrId c = widen(lowering, condition, axes), x = widen(lowering, a, axes), y = widen(lowering, b, axes);
    return (Spread){ir_select(lowering->builder, c, x, y), axes};
}

/* ---- constants --------------------------------------------------------------------------------------------------- */

/* A static expression's values, one after another. */
static double *static_values(const Lowering *lowering, const Expr *expr)
{
    int64_t index[EXPR_AXES_MAX] = {0}, i = 0;
    double *values = ARENA_ARRAY(lowering->arena, double, expr_axes_count(lowering->loops, expr->axes));
    for (bool more = expr_axes_first(lowering->loops, expr->axes, index); more;
         more = expr_axes_next(lowering->loops, expr->axes, index))
        values[i++] = expr_static_value(expr, index);
    return values;
}

static Spread lower_static(Lowering *lowering, const Expr *expr)
{
    IrElement element = expr->type == EXPR_CONDITION ? IR_BOOL : IR_REAL;
    IrType type = type_over(lowering, expr->axes, element);
    Spread result = {ir_constant_array(lowering->builder, type, static_values(lowering, expr)), expr->axes};
    if (expr->kind == EXPR_PARAMETER)
        ir_name(lowering->builder->function, result.id, expr->parameter->name);
    return result;
}

/* ---- variables --------------------------------------------------------------------------------------------------- */

static IrId lower_element(Lowering *lowering, int variable, int64_t element)
{
    IrId *known = &lowering->inputs->elements[variable][element];
    if (*known == 0) {
        const char *const *names = variable == 0 ? lowering->inputs->element_names : NULL;
        const char *name = names ? names[element]
                                 : arena_print(lowering->arena, "%s_%lld", lowering->scope->variables[variable].name,
                                               (long long)element);
        IrId id = ir_element(lowering->builder, lowering->inputs->variables[variable], element);
        *known = ir_name(lowering->builder->function, id, name) + 1;
    }
    return *known - 1;
}

static int64_t nearest_index(double value, int64_t size)
{
    return !(value > 0) ? 0 : value >= (double)size ? size - 1 : (int64_t)value;
}

static Spread lower_variable(Lowering *lowering, const Expr *expr)
{
    IrId list = lowering->inputs->variables[expr->variable];
    const ExprVariable *variable = &lowering->scope->variables[expr->variable];
    if (variable->per_instance)
        return (Spread){list, 1};
    if (variable->is_condition)
        return (Spread){list, 0};
    const Expr *index = expr->operands[0];
    double *values = static_values(lowering, index);
    if (index->axes == 0)
        return (Spread){lower_element(lowering, expr->variable, nearest_index(values[0], variable->size)), 0};
    int64_t count = expr_axes_count(lowering->loops, index->axes);
    int64_t *table = ARENA_ARRAY(lowering->arena, int64_t, count);
    bool run = true;
    for (int64_t i = 0; i < count; i++) {
        table[i] = nearest_index(values[i], variable->size);
        run = run && table[i] == table[0] + i;
    }
    IrType type = type_over(lowering, expr->axes, IR_REAL);
    IrId id = list;
    if (!run)
        id = ir_gather(lowering->builder, list, 0, count, table);
    else if (count < variable->size)
        id = ir_slice(lowering->builder, list, 0, table[0], count);
    if (type.rank > 1)
        id = ir_reshape(lowering->builder, id, type.rank, type.size);
    return (Spread){id, expr->axes};
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

/* x^n by squaring, n >= 1: x^4 is two products. */
static Spread integer_power(Lowering *lowering, Spread x, int64_t n)
{
    Spread result = x, square = x;
    bool begun = false;
    for (;; n >>= 1) {
        if (n & 1) {
            result = begun ? binary(lowering, IR_MUL, result, square) : square;
            begun = true;
        }
        if (n <= 1)
            return result;
        square = binary(lowering, IR_MUL, square, square);
    }
}

/* |exponent| is a half of an integer: products, perhaps a square root. */
static Spread half_power(Lowering *lowering, Spread x, double exponent)
{
    double size = fabs(exponent), whole = floor(size);
    Spread result = x;
    if (whole > 0)
        result = integer_power(lowering, x, (int64_t)whole);
    if (size > whole) {
        Spread root = unary(lowering, IR_SQRT, x);
        result = whole > 0 ? binary(lowering, IR_MUL, result, root) : root;
    }
    return exponent < 0 ? binary(lowering, IR_DIV, number(lowering, 1), result) : result;
}

static Spread lower_power(Lowering *lowering, const Expr *expr)
{
    const Expr *exponent = expr->operands[1];
    Spread x = lower_any(lowering, expr->operands[0]);
    if (exponent->kind == EXPR_NUMBER && fabs(exponent->number) <= PRODUCT_POWER_MAX &&
        floor(2 * exponent->number) == 2 * exponent->number)
        return exponent->number == 0 ? number(lowering, 1) : half_power(lowering, x, exponent->number);
    return binary(lowering, IR_POW, x, lower_any(lowering, exponent));
}

static Spread lower_chain(Lowering *lowering, const Expr *expr)
{
    static const IrOpcode CODES[] = {IR_ADD, IR_SUB, IR_MUL, IR_DIV};
    Spread value = lower_any(lowering, expr->operands[0]);
    for (int i = 1; i < expr->operand_count; i++) {
        Spread operand = lower_any(lowering, expr->operands[i]);
        value = binary(lowering, CODES[expr->operators[i - 1]], value, operand);
    }
    return value;
}

static Spread lower_compare(Lowering *lowering, const Expr *expr)
{
    Spread a = lower_any(lowering, expr->operands[0]), b = lower_any(lowering, expr->operands[1]);
    switch (expr->operators[0]) {
    case EXPR_LESS:
        return binary(lowering, IR_LESS, a, b);
    case EXPR_LESS_EQUAL:
        return binary(lowering, IR_LESS_EQUAL, a, b);
    case EXPR_GREATER:
        return binary(lowering, IR_LESS, b, a);
    case EXPR_GREATER_EQUAL:
        return binary(lowering, IR_LESS_EQUAL, b, a);
    case EXPR_EQUAL:
        return binary(lowering, IR_EQUAL, a, b);
    default:
        return unary(lowering, IR_NOT, binary(lowering, IR_EQUAL, a, b));
    }
}

static Spread lower_apply(Lowering *lowering, const Expr *expr)
{
    static const IrOpcode CODES[] = {
#define FUNCTION(code, text, least, most, exact, op) op,
#include "compiler/expr/functions.def"
#undef FUNCTION
    };
    Spread value = lower_any(lowering, expr->operands[0]);
    if (expr->operand_count == 1)
        return unary(lowering, CODES[expr->function], value);
    for (int i = 1; i < expr->operand_count; i++)
        value = binary(lowering, CODES[expr->function], value, lower_any(lowering, expr->operands[i]));
    return value;
}

/* ---- sums -------------------------------------------------------------------------------------------------------- */

/* Which terms the bounds leave in, over the sum's index and those that its bounds depend on. */
static Spread lower_mask(Lowering *lowering, const ExprLoop *loop)
{
    int64_t index[EXPR_AXES_MAX] = {0}, i = 0;
    unsigned own = 1u << loop->depth, axes = own | loop->low->axes | loop->high->axes;
    double *values = ARENA_ARRAY(lowering->arena, double, expr_axes_count(lowering->loops, axes));
    for (bool more = expr_axes_first(lowering->loops, axes, index); more;
         more = expr_axes_next(lowering->loops, axes, index))
        values[i++] = expr_axes_live(lowering->loops, own, index);
    return (Spread){ir_constant_array(lowering->builder, type_over(lowering, axes, IR_BOOL), values), axes};
}

static Spread reduce(Lowering *lowering, IrOpcode code, Spread value, int depth)
{
    int64_t axis = 0;
    for (int outer = 0; outer < depth; outer++)
        axis += value.axes >> outer & 1;
    return (Spread){ir_reduce(lowering->builder, code, value.id, 1, &axis), value.axes & ~(1u << depth)};
}

/* log sum exp(f) = m + log sum exp(f - m), m the greatest f. The sum does not depend on m, so m is held constant in the
 * derivative, which is the softmax of f. With f = -infinity throughout, m stays finite and the result is -infinity. */
static Spread log_sum_exp(Lowering *lowering, Spread f, int depth)
{
    IrFunction *function = lowering->builder->function;
    Spread greatest = reduce(lowering, IR_REDUCE_MAX, f, depth);
    greatest = unary(lowering, IR_STOP_GRADIENT, greatest);
    greatest = binary(lowering, IR_MAX, greatest, number(lowering, LOWEST));
    ir_name(function, greatest.id, "greatest");
    Spread terms = unary(lowering, IR_EXP, binary(lowering, IR_SUB, f, greatest));
    Spread sum = reduce(lowering, IR_REDUCE_SUM, terms, depth);
    return binary(lowering, IR_ADD, greatest, unary(lowering, IR_LOG, sum));
}

static Spread lower_sum(Lowering *lowering, const Expr *expr)
{
    const ExprLoop *loop = expr->loop;
    bool is_sum = expr->kind == EXPR_SUM;
    if (loop->count == 0)
        return number(lowering, 0);
    lowering->loops[loop->depth] = loop;
    Spread body = lower_any(lowering, expr->operands[0]);
    lowering->builder->span = span_of(lowering, expr);
    if (loop->low)
        body = select_of(lowering, lower_mask(lowering, loop), body, number(lowering, is_sum ? 0 : LOWEST));
    if (body.axes & 1u << loop->depth)
        return is_sum ? reduce(lowering, IR_REDUCE_SUM, body, loop->depth) : log_sum_exp(lowering, body, loop->depth);
    double count = (double)loop->count; /* equal terms */
    return is_sum ? binary(lowering, IR_MUL, body, number(lowering, count))
                  : binary(lowering, IR_ADD, body, unary(lowering, IR_LOG, number(lowering, count)));
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static Spread lower_dynamic(Lowering *lowering, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_VARIABLE:
        return lower_variable(lowering, expr);
    case EXPR_NEGATE:
        return unary(lowering, IR_NEG, lower_any(lowering, expr->operands[0]));
    case EXPR_CHAIN:
        return lower_chain(lowering, expr);
    case EXPR_POWER:
        return lower_power(lowering, expr);
    case EXPR_COMPARE:
        return lower_compare(lowering, expr);
    case EXPR_APPLY:
        return lower_apply(lowering, expr);
    case EXPR_WHERE: {
        Spread condition = lower_any(lowering, expr->operands[0]);
        Spread a = lower_any(lowering, expr->operands[1]);
        return select_of(lowering, condition, a, lower_any(lowering, expr->operands[2]));
    }
    case EXPR_SUM:
    case EXPR_LOGSUMEXP:
        return lower_sum(lowering, expr);
    default:
        return lower_static(lowering, expr);
    }
}

static Spread lower_any(Lowering *lowering, const Expr *expr)
{
    Span outer = lowering->builder->span;
    lowering->builder->span = span_of(lowering, expr);
    Spread value = expr_is_table(expr) ? lower_static(lowering, expr) : lower_dynamic(lowering, expr);
    lowering->builder->span = outer;
    return value;
}

IrId formula_lower(IrBuilder *builder, const Formula *formula, const Expr *expr, const ExprScope *scope,
                   const FormulaInputs *inputs, const char *note)
{
    Lowering lowering = {builder, builder->function->module->arena, formula, scope, inputs, {scope->instances}};
    Span outer = builder->span;
    builder->note = note;
    Spread value = lower_any(&lowering, expr);
    builder->span = formula->span;
    if (scope->instances && value.axes)
        value = reduce(&lowering, IR_REDUCE_SUM, value, 0);
    else if (scope->instances)
        value = binary(&lowering, IR_MUL, value, number(&lowering, (double)scope->instances->count));
    builder->span = outer;
    builder->note = NULL;
    return value.id;
}
