/* SPDX-License-Identifier: MIT-0 */
/* The prefix of every external symbol of the runtime. A package has its own copy of this file with its own name in it, so
 * that two packages link into one program. A header that declares external functions also renames them:
 *     #define npy_read RUNTIME_NAME(npy_read) */
#ifndef RUNTIME_PREFIX_H
#define RUNTIME_PREFIX_H

#define RUNTIME_NAME(name) ansatz_##name

#endif
