/* SPDX-License-Identifier: MIT */
/* Places inside a formula, in terms of the file that it stands in. */
#include "compiler/base/utf8.h"
#include "compiler/spec/spec.h"

Span formula_span(const Formula *formula, size_t begin, size_t end)
{
    if (!formula->exact || formula->span.source == NULL || begin > end || end > formula->length)
        return formula->span;
    Span span = formula->span;
    span.column += (int)utf8_count(formula->text, begin);
    span.end = span.begin + end;
    span.begin += begin;
    return span;
}
