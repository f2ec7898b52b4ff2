/* SPDX-License-Identifier: MIT-0 */
/* Progress on stderr: a line that is rewritten on a terminal; elsewhere a plain line for each 5% or 30 seconds,
 * whichever comes first, and for the last step. SIGUSR1 asks for a line at once. */
#ifndef RUNTIME_HOST_PROGRESS_H
#define RUNTIME_HOST_PROGRESS_H

#include "../prefix.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define progress_start    RUNTIME_NAME(progress_start)
#define progress_is_due   RUNTIME_NAME(progress_is_due)
#define progress_show     RUNTIME_NAME(progress_show)
#define progress_clear    RUNTIME_NAME(progress_clear)
#define progress_suggest  RUNTIME_NAME(progress_suggest)
#define progress_duration RUNTIME_NAME(progress_duration)

enum { PROGRESS_WINDOW = 16 }; /* lines over which the speed is measured */

typedef struct Progress {
    FILE *stream;     /* NULL: nothing is shown */
    const char *unit; /* "step", "sample" */
    bool is_terminal;
    uint64_t total, shown;
    double shown_at;
    int width; /* of the line that stands on the terminal */
    int count;
    uint64_t window_done[PROGRESS_WINDOW];
    double window_at[PROGRESS_WINDOW];
} Progress;

/* `done` of `total` are done at the start. */
void progress_start(Progress *progress, const char *unit, uint64_t done, uint64_t total, bool quiet);

/* Whether a line should be shown now. Cheap: a look at the clock. */
bool progress_is_due(const Progress *progress, uint64_t done);

/* "step 1200/5000  loss 3.214  8.1 ms/step  eta 00:31"; `facts` is "loss 3.214", or "". */
void progress_show(Progress *progress, uint64_t done, const char *facts);

/* Takes the line from the terminal, before other text or at the end. */
void progress_clear(Progress *progress);

/* "00:31", "2:05:00", "3d 04:00:00". Returns `text`. */
const char *progress_duration(double seconds, char text[32]);

/* "next: PROGRAM VERB FILE REST OPTIONS" on stderr, as it can be pasted into a shell; `verb` has the option that FILE belongs to. */
void progress_suggest(const char *program, const char *verb, const char *file, const char *rest, const char *options);

#endif
