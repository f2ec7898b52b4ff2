/* SPDX-License-Identifier: MIT-0 */
/* Signals, while a verb runs: the first SIGINT or SIGTERM asks it to stop in order, the second ends the program at once
 * with exit code 130; SIGUSR1 asks for a line of progress. This is the program's one piece of global state, as signal
 * handlers need. */
#ifndef RUNTIME_HOST_INTERRUPT_H
#define RUNTIME_HOST_INTERRUPT_H

#include "../prefix.h"

#include <stdbool.h>

#define interrupt_catch        RUNTIME_NAME(interrupt_catch)
#define interrupt_is_requested RUNTIME_NAME(interrupt_is_requested)
#define interrupt_takes_report RUNTIME_NAME(interrupt_takes_report)
#define clock_seconds          RUNTIME_NAME(clock_seconds)

void interrupt_catch(void);
bool interrupt_is_requested(void);
/* Whether a line of progress was asked for since the last call. */
bool interrupt_takes_report(void);

/* Seconds of a clock that never goes back. */
double clock_seconds(void);

#endif
