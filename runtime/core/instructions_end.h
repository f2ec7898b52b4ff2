/* SPDX-License-Identifier: MIT-0 */
/* The end of what instructions_begin.h began. */
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
