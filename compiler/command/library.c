/* SPDX-License-Identifier: MIT */
/* The archives of runtime/library.ninja, inside the compiler. */
#include "compiler/command/library.h"

#include <stdbool.h>

/* What `ld -b binary` calls the two files. */
extern const unsigned char _binary_host_a_start[], _binary_host_a_end[];
extern const unsigned char _binary_host_wide_a_start[], _binary_host_wide_a_end[];

typedef enum Level { LEVEL_NONE, LEVEL_HOST, LEVEL_WIDE } Level;

/* x86-64-v3 and -v4 of the psABI, by those of their instructions that are not older. */
static Level machine_level(void)
{
#if defined(__x86_64__)
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return !v3 ? LEVEL_NONE : v4 ? LEVEL_WIDE : LEVEL_HOST;
#else
    return LEVEL_HOST;
#endif
}

Library library_for_this_machine(void)
{
    const Level level = machine_level();
    if (level == LEVEL_NONE)
        return (Library){0};
    return level == LEVEL_WIDE
               ? (Library){_binary_host_wide_a_start, (size_t)(_binary_host_wide_a_end - _binary_host_wide_a_start)}
               : (Library){_binary_host_a_start, (size_t)(_binary_host_a_end - _binary_host_a_start)};
}
