/* SPDX-License-Identifier: MIT-0 */
/* Numbers as text, in decimal with a point, whatever the locale is. */
#ifndef RUNTIME_HOST_NUMBER_H
#define RUNTIME_HOST_NUMBER_H

#include "../prefix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define number_write       RUNTIME_NAME(number_write)
#define number_write_float RUNTIME_NAME(number_write_float)
#define number_write_short RUNTIME_NAME(number_write_short)
#define number_read        RUNTIME_NAME(number_read)
#define number_read_count  RUNTIME_NAME(number_read_count)

#define NUMBER_TEXT_SIZE 32

/* The fewest digits that read back as the same double (float): "0.1", "1e+22", "-inf", "nan". Returns `text`. */
const char *number_write(double number, char text[NUMBER_TEXT_SIZE]);
const char *number_write_float(float number, char text[NUMBER_TEXT_SIZE]);
/* `digits` significant digits, at most 17, without zeros at the end. */
const char *number_write_short(double number, int digits, char text[NUMBER_TEXT_SIZE]);

/* The whole of text[0..length) as a finite decimal number: [+-] digits [. digits] [e [+-] digits], with a digit on at
 * least one side of the point. No spaces, no hexadecimal, no nan, nothing that overflows. The nearest double. */
bool number_read(const char *text, size_t length, double *number);

/* A whole number that is not negative: "4000", "10_000", "1e6". Exact, or false. */
bool number_read_count(const char *text, size_t length, uint64_t *number);

#endif
