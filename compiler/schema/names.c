/* SPDX-License-Identifier: MIT */
/* Which names a spec may give. They reach emitted C as parts of identifiers and files, so there is no way around these
 * checks. */
#include "compiler/schema/schema.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 63 };

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

const char *schema_identifier_problem(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    if (*name == '\0')
        return "it is empty";
    if (strspn(name, allowed) != strlen(name))
        return "a name has letters, digits and _ only";
    if (strspn(name, letters) == 0)
        return "a name begins with a letter";
    return strlen(name) > NAME_MAX_LENGTH ? "a name has at most 63 characters" : NULL;
}

/* C11, 6.4.1, and the words that common headers and later versions of C add. */
static const char *const C_KEYWORDS[] = {
    "auto",      "break",         "case",         "char",     "const",    "continue", "default",  "do",
    "double",    "else",          "enum",         "extern",   "float",    "for",      "goto",     "if",
    "inline",    "int",           "long",         "register", "restrict", "return",   "short",    "signed",
    "sizeof",    "static",        "struct",       "switch",   "typedef",  "union",    "unsigned", "void",
    "volatile",  "while",         "bool",         "true",     "false",    "nullptr",  "alignas",  "alignof",
    "constexpr", "static_assert", "thread_local", "typeof",   "asm",      "main",
};

/* A package is NAME.h: one of these would stand before the system's. */
static const char *const HEADERS[] = {
    "assert", "complex", "ctype",  "errno",       "fenv",     "float",   "inttypes",  "iso646",  "limits",
    "locale", "math",    "setjmp", "signal",      "stdalign", "stdarg",  "stdatomic", "stdbool", "stddef",
    "stdint", "stdio",   "stdlib", "stdnoreturn", "string",   "strings", "tgmath",    "threads", "time",
    "uchar",  "wchar",   "wctype", "unistd",      "fcntl",    "omp",     "mpi",       "cblas",
};

static const char *const FOLDERS[] = {"runtime", "example"};

const char *schema_name_problem(const char *name)
{
    const char *problem = schema_identifier_problem(name);
    if (problem != NULL)
        return problem;
    if (is_one_of(name, C_KEYWORDS, sizeof C_KEYWORDS / sizeof C_KEYWORDS[0]))
        return "C keeps this word for itself";
    if (is_one_of(name, HEADERS, sizeof HEADERS / sizeof HEADERS[0]))
        return "C has a header of this name, and the package would too";
    if (is_one_of(name, FOLDERS, sizeof FOLDERS / sizeof FOLDERS[0]))
        return "the package has a folder of this name";
    return NULL;
}

/* What formulas know by themselves. (The variables of a scope are known where formulas are read: a parameter r of a
 * term that has no r harms nobody. A component may be called x: x[0] is still the first one.) */
static const char *const FORMULA_WORDS[] = {
    "exp", "log", "sqrt", "sin",      "cos",     "tan", "tanh", "atan2", "abs",
    "min", "max", "erf",  "softplus", "sigmoid", "pi",  "sum",  "where", "logsumexp",
};

const char *schema_formula_name_problem(const char *name)
{
    const char *problem = schema_identifier_problem(name);
    if (problem != NULL)
        return problem;
    if (is_one_of(name, FORMULA_WORDS, sizeof FORMULA_WORDS / sizeof FORMULA_WORDS[0]))
        return "formulas give this name a meaning of its own";
    return NULL;
}
