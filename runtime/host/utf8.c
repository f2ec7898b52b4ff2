/* SPDX-License-Identifier: MIT-0 */
/* UTF-8: the table of well-formed sequences of RFC 3629, section 4. */
#include "utf8.h"

size_t utf8_length(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t count;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    if (length == 0)
        return 0;
    if (bytes[0] < 0x80)
        return 1;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
        return 0;
    count = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    if (bytes[0] == 0xe0)
        low = 0xa0;
    else if (bytes[0] == 0xed)
        high = 0x9f;
    else if (bytes[0] == 0xf0)
        low = 0x90;
    else if (bytes[0] == 0xf4)
        high = 0x8f;
    if (length < count || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < count; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xbf)
            return 0;
    return count;
}

size_t utf8_write(uint32_t character, char *to)
{
    static const unsigned char marks[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t count = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = count; i-- > 1; character >>= 6)
        to[i] = (char)(unsigned char)(0x80 | (character & 0x3f));
    to[0] = (char)(unsigned char)(marks[count] | character);
    return count;
}
