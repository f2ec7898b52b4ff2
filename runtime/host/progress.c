/* SPDX-License-Identifier: MIT-0 */
/* When a line of progress is due, and what it says. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "progress.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double terminal_interval = 0.1, plain_interval = 30; /* seconds */

void progress_start(Progress *progress, const char *unit, uint64_t done, uint64_t total, bool quiet)
{
    const char *terminal = getenv("TERM");
    *progress = (Progress){.stream = quiet ? NULL : stderr, .unit = unit, .total = total, .shown = done};
    progress->is_terminal = isatty(fileno(stderr)) && terminal != NULL && strcmp(terminal, "dumb") != 0;
    progress->shown_at = clock_seconds();
    progress->window_done[0] = done;
    progress->window_at[0] = progress->shown_at;
    progress->count = 1;
}

bool progress_is_due(const Progress *progress, uint64_t done)
{
    if (interrupt_takes_report())
        return true;
    if (progress->stream == NULL || done == progress->shown)
        return false;
    if (done >= progress->total)
        return true;
    const double waited = clock_seconds() - progress->shown_at;
    if (progress->is_terminal)
        return waited >= terminal_interval;
    return waited >= plain_interval || done - progress->shown >= (progress->total + 19) / 20;
}

const char *progress_duration(double seconds, char text[32])
{
    if (!(seconds < 1e9))
        return strcpy(text, "unknown");
    const unsigned long all = (unsigned long)ceil(seconds), days = all / 86400, hours = all / 3600 % 24;
    if (days > 0)
        snprintf(text, 32, "%lud %02lu:%02lu:%02lu", days, hours, all / 60 % 60, all % 60);
    else if (hours > 0)
        snprintf(text, 32, "%lu:%02lu:%02lu", hours, all / 60 % 60, all % 60);
    else
        snprintf(text, 32, "%02lu:%02lu", all / 60, all % 60);
    return text;
}

/* Seconds for each unit of work, over the last lines. */
static double seconds_each(Progress *progress, uint64_t done, double now)
{
    const int oldest = progress->count < PROGRESS_WINDOW ? 0 : progress->count % PROGRESS_WINDOW;
    const uint64_t work = done - progress->window_done[oldest];
    const double each = work > 0 ? (now - progress->window_at[oldest]) / (double)work : (double)NAN;
    progress->window_done[progress->count % PROGRESS_WINDOW] = done;
    progress->window_at[progress->count % PROGRESS_WINDOW] = now;
    progress->count++;
    return each;
}

static void write_speed(double each, const char *unit, char text[48])
{
    if (isnan(each))
        text[0] = 0;
    else if (each < 1e-3)
        snprintf(text, 48, "  %.3g us/%s", each * 1e6, unit);
    else if (each < 1)
        snprintf(text, 48, "  %.3g ms/%s", each * 1e3, unit);
    else
        snprintf(text, 48, "  %.3g s/%s", each, unit);
}

void progress_show(Progress *progress, uint64_t done, const char *facts)
{
    FILE *stream = progress->stream != NULL ? progress->stream : stderr; /* a signal may ask for it in quiet too */
    const double now = clock_seconds(), each = seconds_each(progress, done, now);
    char speed[48], duration[32], line[240];
    write_speed(each, progress->unit, speed);
    progress_duration(isnan(each) ? (double)INFINITY : each * (double)(progress->total - done), duration);
    int width = snprintf(line, sizeof line, "%s %llu/%llu%s%s%s  eta %s", progress->unit, (unsigned long long)done,
                         (unsigned long long)progress->total, *facts ? "  " : "", facts, speed, duration);
    if (progress->is_terminal)
        fprintf(stream, "\r%s%*s", line, progress->width > width ? progress->width - width : 0, "");
    else
        fprintf(stream, "%s\n", line);
    fflush(stream);
    progress->width = width;
    progress->shown = done;
    progress->shown_at = now;
}

void progress_clear(Progress *progress)
{
    if (progress->stream != NULL && progress->is_terminal && progress->width > 0) {
        fprintf(progress->stream, "\r%*s\r", progress->width, "");
        fflush(progress->stream);
    }
    progress->width = 0;
}

/* A word of a command, in single quotes where the shell would not take it as it is. */
static void put_word(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@%+=:,-";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, stderr);
        return;
    }
    fputc('\'', stderr);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", stderr);
        else
            fputc(*word, stderr);
    fputc('\'', stderr);
}

void progress_suggest(const char *program, const char *verb, const char *file, const char *rest, const char *options)
{
    fputs("next: ", stderr);
    put_word(program);
    fprintf(stderr, " %s ", verb);
    put_word(file);
    fprintf(stderr, "%s%s\n", rest, options);
}
