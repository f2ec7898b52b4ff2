/* SPDX-License-Identifier: MIT-0 */
/* Signal handlers that set flags, and the clock: what of POSIX the program needs beside files. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_requested, report_requested;

static void handle_stop(int signal_number)
{
    (void)signal_number;
    if (stop_requested)
        _exit(130);
    stop_requested = 1;
}

static void handle_report(int signal_number)
{
    (void)signal_number;
    report_requested = 1;
}

void interrupt_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    action.sa_handler = handle_stop;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = handle_report;
    sigaction(SIGUSR1, &action, NULL);
    stop_requested = report_requested = 0;
}

bool interrupt_is_requested(void)
{
    return stop_requested != 0;
}

bool interrupt_takes_report(void)
{
    bool asked = report_requested != 0;
    report_requested = 0;
    return asked;
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
