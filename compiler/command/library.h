/* SPDX-License-Identifier: MIT */
/* The host's runtime as machine code, which came with the compiler: a program of `ansatz run` links it, and only what is of the
 * model is compiled. Packages do without. */
#ifndef COMPILER_COMMAND_LIBRARY_H
#define COMPILER_COMMAND_LIBRARY_H

#include <stddef.h>

typedef struct Library {
    const unsigned char *bytes; /* an archive; NULL: there is none for this machine */
    size_t length;
} Library;

Library library_for_this_machine(void);

#endif
