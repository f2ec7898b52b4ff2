/* SPDX-License-Identifier: MIT-0 */
/* One program for x86 machines with and without wide vectors. Built with -DNAME_DISPATCH (prefix.h turns it into
 * ANSATZ_DISPATCH) a package has its functions three times: the files of code are the baseline, and those in dispatch/
 * include them again between instructions_begin.h and instructions_end.h. External names then end in _baseline, _avx2 and
 * _avx512; those that the package offers call the widest that the machine has. The bits are the same. The environment's
 * ANSATZ_INSTRUCTIONS, avx2 or baseline, asks for less.
 * For other processors, and without NAME_DISPATCH, every function is there once, under its own name. */
#ifndef ANSATZ_CORE_INSTRUCTIONS_H
#define ANSATZ_CORE_INSTRUCTIONS_H

#include "../prefix.h"

/* The name of an external function as this translation unit defines it. */
#if !defined(ANSATZ_DISPATCH)
#define FOR_INSTRUCTIONS(name) name
#elif !defined(ANSATZ_INSTRUCTIONS)
#define FOR_INSTRUCTIONS(name) name##_baseline
#elif ANSATZ_INSTRUCTIONS == 512
#define FOR_INSTRUCTIONS(name) name##_avx512
#else
#define FOR_INSTRUCTIONS(name) name##_avx2
#endif

#ifdef ANSATZ_DISPATCH

#include <stdlib.h>
#include <string.h>

typedef enum Instructions { INSTRUCTIONS_BASELINE, INSTRUCTIONS_AVX2, INSTRUCTIONS_AVX512 } Instructions;

static inline Instructions instructions_find(void)
{
    const char *most = getenv("ANSATZ_INSTRUCTIONS");
    if (most != NULL && strcmp(most, "baseline") == 0)
        return INSTRUCTIONS_BASELINE;
    if ((most == NULL || strcmp(most, "avx2") != 0) && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq"))
        return INSTRUCTIONS_AVX512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? INSTRUCTIONS_AVX2 : INSTRUCTIONS_BASELINE;
}

/* What the program uses, from its first call on. */
static inline Instructions instructions_picked(void)
{
    static _Atomic int known; /* 1 + what was found: the same whoever finds it */
    int found = known;
    if (found == 0)
        known = found = 1 + (int)instructions_find();
    return (Instructions)(found - 1);
}

/* Declares a function's three forms and defines it as a call of one; `give` is return, or nothing for void. */
#define DISPATCHED(type, give, name, parameters, arguments)                                                            \
    type name##_baseline parameters;                                                                                   \
    type name##_avx2 parameters;                                                                                       \
    type name##_avx512 parameters;                                                                                     \
    type name parameters                                                                                               \
    {                                                                                                                  \
        static type(*const forms[]) parameters = {name##_baseline, name##_avx2, name##_avx512};                        \
        give forms[instructions_picked()] arguments;                                                                   \
    }

#endif

#endif
