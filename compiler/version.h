/* SPDX-License-Identifier: MIT */
/* The release's number: the only thing about the compiler that what it emits may depend on. */
#ifndef COMPILER_VERSION_H
#define COMPILER_VERSION_H

#define ANSATZ_VERSION "0.1.0"

#endif
