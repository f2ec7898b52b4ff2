/* SPDX-License-Identifier: MIT */
/* The energy and the observables: formulas over scopes, each of the two one function of x. */
#include "compiler/lower/formula.h"
#include "compiler/lower/lower.h"

#include <string.h>

enum { NOTE_MAX = 300 };

/* One formula with its scope: an energy's term or an observable. */
typedef struct Term {
    TermScope over;
    const Formula *formula;
    const ExprScope *scope;
    const Expr *expr;
} Term;

static Term read_term(Lower *lower, const ExprNames *names, TermScope over, const Formula *formula, int parameter_count,
                      const SpecParameter *parameters)
{
    Term term = {.over = over, .formula = formula};
    term.scope = expr_scope(lower->arena, lower->spec, names, over, parameter_count, parameters, lower->diagnostics);
    term.expr = expr_read(lower->arena, formula, term.scope, lower->diagnostics);
    if (term.expr)
        expr_warn_unused(term.scope, lower->diagnostics);
    return term;
}

/* The formula on one line, as a comment. */
static const char *note_of(Arena *arena, const Term *term)
{
    Text note = text_start(arena);
    const Formula *formula = term->formula;
    size_t shown = formula->length < NOTE_MAX ? formula->length : NOTE_MAX;
    text_put(&note, term->over == SCOPE_COMPONENTS ? "sum over components of " : "");
    text_add(&note, formula->text, shown);
    for (size_t i = 0; i < note.length; i++)
        if (note.bytes[i] < ' ')
            note.bytes[i] = ' ';
    text_put(&note, shown < formula->length ? " ..." : "");
    return note.bytes;
}

/* A function of x, and of the conditions where the model has some, with one scalar for each term. */
typedef struct Values {
    IrFunction *function;
    IrBuilder builder;
    IrId x;
    IrId *variables; /* x, and each condition */
    IrId *elements;  /* of x that have been read: all terms share them */
} Values;

static IrId lower_term(Lower *lower, Values *values, const Term *term)
{
    const FormulaInputs inputs = {values->variables, &values->elements, lower->spec->component_names};
    return formula_lower(&values->builder, term->formula, term->expr, term->scope, &inputs,
                         note_of(lower->arena, term));
}

static Values begin(Lower *lower, const char *name, const char *note, Span span)
{
    Values values = {.function = ir_function_new(lower->module, name)};
    values.function->note = note;
    values.function->span = span;
    values.builder = (IrBuilder){.function = values.function, .span = span};
    const int conditions = lower->spec->condition_count;
    values.variables = ARENA_ARRAY(lower->arena, IrId, 1 + conditions);
    const IrId x = lower_x(lower, values.function), given = lower_conditions(lower, values.function);
    values.x = values.variables[0] = range_wrap(lower, &values.builder, x);
    for (int i = 0; i < conditions; i++)
        values.variables[1 + i] =
            ir_name(values.function, ir_element(&values.builder, given, i), lower->spec->conditions[i].name);
    values.elements = ARENA_ARRAY(lower->arena, IrId, lower->program->dimension);
    return values;
}

static void make_energy(Lower *lower, const Term *terms)
{
    Values values = begin(lower, "energy", "The energy U(x): the sum of the spec's terms.", lower->spec->energy_span);
    IrId sum = -1;
    for (int i = 0; i < lower->spec->term_count && lower_check_ops(lower); i++) {
        IrId value = ir_name(values.function, lower_term(lower, &values, &terms[i]), "term");
        values.builder.span = lower->spec->terms[i].span;
        sum = i == 0 ? value : ir_binary(&values.builder, IR_ADD, sum, value);
    }
    sum = lower_per_sample(&values.builder, sum, values.x);
    IrId log_inside = range_log_inside(lower, &values.builder, values.x);
    if (log_inside >= 0) /* infinite outside of the ranges */
        sum = ir_binary(&values.builder, IR_SUB, sum, log_inside);
    ir_output(values.function, "energy", ir_name(values.function, sum, "energy"));
    lower->energy = values.function;
}

static void make_observables(Lower *lower, const Term *terms)
{
    int count = lower->spec->observable_count;
    Values values = begin(lower, "observables", "The observables' values at x.", lower->spec->observables[0].span);
    IrId *list = ARENA_ARRAY(lower->arena, IrId, count);
    for (int i = 0; i < count && lower_check_ops(lower); i++) {
        IrId value = lower_term(lower, &values, &terms[i]);
        values.builder.span = lower->spec->observables[i].span;
        list[i] = ir_name(values.function, lower_per_sample(&values.builder, value, values.x),
                          lower->spec->observables[i].name);
    }
    if (lower->ops_too_large)
        return;
    ir_output(values.function, "values", ir_stack(&values.builder, count, list));
    lower->observables = values.function;
}

void energy_lower(Lower *lower)
{
    const ModelSpec *spec = lower->spec;
    const ExprNames *names =
        spec->component_names ? expr_names(lower->arena, spec->dimension, spec->component_names) : NULL;
    Term *terms = ARENA_ARRAY(lower->arena, Term, spec->term_count);
    Term *observables = ARENA_ARRAY(lower->arena, Term, spec->observable_count);
    for (int i = 0; i < spec->term_count; i++) {
        const EnergyTerm *term = &spec->terms[i];
        terms[i] = read_term(lower, names, term->over, &term->value, term->parameter_count, term->parameters);
    }
    for (int i = 0; i < spec->observable_count; i++) {
        const ObservableSpec *term = &spec->observables[i];
        observables[i] = read_term(lower, names, term->over, &term->value, term->parameter_count, term->parameters);
    }
    if (lower_failed(lower))
        return;
    if (spec->term_count > 0)
        make_energy(lower, terms);
    if (spec->observable_count > 0)
        make_observables(lower, observables);
}
