/* SPDX-License-Identifier: MIT */
/* What all commands share: values of options, messages to stderr, results to stdout, exit codes. */
#include "compiler/command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool arguments_has(const Arguments *arguments, const char *name)
{
    for (int i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->names[i], name) == 0)
            return true;
    return false;
}

const char *arguments_value(const Arguments *arguments, const char *name)
{
    const char *value = NULL;
    for (int i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->names[i], name) == 0)
            value = arguments->values[i];
    return value;
}

static const char *const *values_of(Arena *arena, const Arguments *arguments, const char *name, int *count)
{
    const char **values = ARENA_ARRAY(arena, const char *, arguments->option_count + 1);
    *count = 0;
    for (int i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->names[i], name) == 0)
            values[(*count)++] = arguments->values[i];
    return values;
}

SpecOptions arguments_spec_options(const Session *session, const Arguments *arguments)
{
    SpecOptions options = {0};
    options.overrides = values_of(session->arena, arguments, "set", &options.override_count);
    options.allow_read = values_of(session->arena, arguments, "allow-read", &options.allow_read_count);
    return options;
}

int session_usage(const Command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "ansatz%s%s: ", command ? " " : "", command ? command->name : "");
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry `ansatz %s%s--help`.\n", command ? command->name : "", command ? " " : "");
    return EX_USAGE;
}

/* https://no-color.org, and the habit of terminals that can't. */
static bool wants_colour(void)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM"), *force = getenv("CLICOLOR_FORCE");
    if (none && none[0] != '\0')
        return false;
    if (force && force[0] != '\0' && strcmp(force, "0") != 0)
        return true;
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

int session_finish(Session *session, int code_of_errors)
{
    Text text = text_start(session->arena);
    if (session->json)
        diagnostics_print_json(&session->diagnostics, &text);
    else
        diagnostics_print(&session->diagnostics, &text, wants_colour());
    if (text.length > 0)
        fwrite(text.bytes, 1, text.length, session->json ? stdout : stderr);
    return session->diagnostics.error_count > 0 ? code_of_errors : EX_OK;
}

int session_write(const Text *text)
{
    if (fwrite(text->bytes, 1, text->length, stdout) == text->length && fflush(stdout) == 0)
        return EX_OK;
    perror("ansatz: standard output");
    return EX_IOERR;
}

const char *session_word(const Session *session, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@%+=:,-";
    if (*word != '\0' && word[strspn(word, plain)] == '\0')
        return word;
    Text quoted = text_start(session->arena);
    text_put(&quoted, "'");
    for (; *word != '\0'; word++)
        if (*word == '\'')
            text_put(&quoted, "'\\''");
        else
            text_add(&quoted, word, 1);
    text_put(&quoted, "'");
    return quoted.bytes;
}

void session_suggest(const Session *session, const char *format, ...)
{
    if (session->json)
        return;
    va_list arguments;
    va_start(arguments, format);
    fputs("next: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
