/* SPDX-License-Identifier: MIT */
/* The list of the variants. */
#include "tests/elementary/variant.h"

#include <stddef.h>

const Variant *const float_variants[] = {&variant_float_scalar, &variant_float_sse2, &variant_float_avx2,
                                         &variant_float_avx512, NULL};
const Variant *const double_variants[] = {&variant_double_scalar, &variant_double_sse2, &variant_double_avx2,
                                          &variant_double_avx512, NULL};

int variants_available(int precision, const Variant *available[4])
{
    const Variant *const *variants = precision == 32 ? float_variants : double_variants;
    int count = 0;
    for (int i = 0; variants[i] != NULL; i++)
        if (!variants[i]->missing())
            available[count++] = variants[i];
    return count;
}
