/* SPDX-License-Identifier: MIT */
/* Formulas as text that knows where in the file its characters stand. */
#include "compiler/spec/build.h"

#include "compiler/base/utf8.h"

Formula build_formula(const Value *value)
{
    if (value == NULL || value->kind != VALUE_TEXT)
        return (Formula){.text = ""};
    const YamlNode *node = value->node;
    Formula formula = {.text = node->text, .length = node->length, .span = node->span, .exact = node->exact};
    while (formula.length > 0 && formula.text[formula.length - 1] == '\n')
        formula.length--; /* the end of a block scalar */
    if (node->exact) {
        formula.span.column += (int)(node->content - node->span.begin);
        formula.span.begin = node->content;
        formula.span.end = node->content + node->length;
    }
    return formula;
}

Span formula_span(const Formula *formula, size_t begin, size_t end)
{
    Span span = formula->span;
    if (!formula->exact)
        return span;
    begin = begin < formula->length ? begin : formula->length;
    end = end < begin ? begin : end > formula->length ? formula->length : end;
    span.begin = formula->span.begin + begin;
    span.end = formula->span.begin + end;
    span.column += (int)utf8_count(formula->text, begin);
    return span;
}
