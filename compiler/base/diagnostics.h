/* SPDX-License-Identifier: MIT */
/* What the compiler has to say about a user's input: errors and warnings, each with a code, a place in a source and
 * help. Stages add to the list and go on; the list is sorted by place and printed once, with carets or as JSON. */
#ifndef COMPILER_BASE_DIAGNOSTICS_H
#define COMPILER_BASE_DIAGNOSTICS_H

#include "compiler/base/text.h"

/* A text that was read: a spec, a file it extends, an IR file. */
typedef struct Source {
    const char *name; /* as the user gave it */
    const char *text; /* ends in a 0 that `length` does not count */
    size_t length;
} Source;

/* A place: bytes begin..end of a source, with the line and column (code points) of its beginning, both from 1.
 * `source` NULL: no place (command line, limits of the whole). */
typedef struct Span {
    const Source *source;
    size_t begin, end;
    int line, column;
} Span;

typedef enum DiagnosticLevel { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING } DiagnosticLevel;

typedef struct Diagnostic {
    DiagnosticLevel level;
    const char *code; /* "E0103" */
    Span span;
    const char *message; /* the first line: what is wrong */
    const char *label;   /* beside the caret; may be NULL */
    const char *help;    /* one line, how to mend it; may be NULL */
    Span related;        /* a second place that matters (the other layer); source NULL where there is none */
    const char *related_label;
} Diagnostic;

typedef struct Diagnostics {
    Arena *arena;
    Diagnostic *items;
    size_t count, room;
    size_t error_count; /* all of them, also those beyond the limit of what is kept */
} Diagnostics;

enum { DIAGNOSTICS_PRINTED_MAX = 20 };

void diagnostics_start(Diagnostics *diagnostics, Arena *arena);
/* Adds an error and returns it, so that the caller can set label, help and related. */
Diagnostic *diagnostics_error(Diagnostics *diagnostics, Span span, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
Diagnostic *diagnostics_warn(Diagnostics *diagnostics, Span span, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Sorted by place, each mistake once, at most DIAGNOSTICS_PRINTED_MAX, and a last line that counts. Clang/rustc's look with carets. */
void diagnostics_print(const Diagnostics *diagnostics, Text *out, int colour);
/* One JSON object {"diagnostics": [...]} with rustc's field names. */
void diagnostics_print_json(const Diagnostics *diagnostics, Text *out);

/* The nearest of `count` names to `word` (Damerau-Levenshtein distance at most max(1, length / 3)), or NULL. */
const char *diagnostics_nearest(const char *word, const char *const *names, size_t count);

#endif
