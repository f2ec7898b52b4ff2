/* SPDX-License-Identifier: MIT */
/* Formulas as text that knows where in the file its characters stand. */
#include "compiler/spec/build.h"

#include "compiler/base/utf8.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the text of a scalar begins that is not exact: behind its quote, or on the line after a | or >. */
static size_t find_beginning(const YamlNode *node)
{
    const Source *source = node->span.source;
    size_t at = node->content;
    if (node->style == YAML_STYLE_LITERAL || node->style == YAML_STYLE_FOLDED)
        while (at < source->length && source->text[at] != '\n')
            at++;
    return at;
}

/* Aligns the decoded text with the file: a run of white space with a run of white space (lines are folded, indentation
 * goes away), every other byte with itself. NULL: they differ, by an escape. */
static const uint32_t *find_places(Arena *arena, const YamlNode *node, size_t length)
{
    const Source *source = node->span.source;
    uint32_t *places = ARENA_ARRAY(arena, uint32_t, length);
    size_t at = find_beginning(node);
    for (size_t i = 0; i < length;) {
        size_t run = at;
        while (at < source->length && is_space(source->text[at]))
            at++;
        for (; i < length && is_space(node->text[i]); i++) {
            places[i] = (uint32_t)run;
            run += run + 1 < at;
        }
        if (i == length)
            break;
        if (at >= node->span.end || source->text[at] != node->text[i])
            return NULL;
        places[i++] = (uint32_t)at++;
    }
    return places;
}

Formula build_formula(const Build *build, const Value *value)
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
    } else {
        formula.places = find_places(build->arena, node, formula.length);
    }
    return formula;
}

/* The span of bytes begin..end of the file, which lie at or behind `from`. */
static Span span_behind(Span from, size_t begin, size_t end)
{
    const Source *source = from.source;
    Span span = {source, begin, end, from.line, from.column};
    size_t line_start = from.begin;
    for (size_t i = from.begin; i < begin; i++) {
        if (source->text[i] != '\n')
            continue;
        span.line++;
        span.column = 1;
        line_start = i + 1;
    }
    span.column += (int)utf8_count(source->text + line_start, begin - line_start);
    return span;
}

Span formula_span(const Formula *formula, size_t begin, size_t end)
{
    Span span = formula->span;
    size_t length = formula->length;
    if ((!formula->exact && formula->places == NULL) || span.source == NULL)
        return span;
    begin = begin < length ? begin : length;
    end = end < begin ? begin : end > length ? length : end;
    if (formula->exact)
        return (Span){span.source, span.begin + begin, span.begin + end, span.line,
                      span.column + (int)utf8_count(formula->text, begin)};
    if (length == 0)
        return span;
    size_t first = begin < length ? formula->places[begin] : formula->places[length - 1] + 1;
    return span_behind(span, first, end > begin ? formula->places[end - 1] + (size_t)1 : first);
}
