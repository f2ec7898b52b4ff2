/* SPDX-License-Identifier: MIT */
/* Looking things up in a tree that was read. */
#include "compiler/yaml/tree.h"

#include "compiler/base/utf8.h"

#include <string.h>

enum { SHOWN_MAX = 60 };

const YamlNode *yaml_get(const YamlNode *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->count; i++)
        if (strcmp(mapping->entries[i].key->text, key) == 0)
            return mapping->entries[i].value;
    return NULL;
}

bool yaml_is(const YamlNode *node, const char *text)
{
    return node->kind == YAML_KIND_SCALAR && strcmp(node->text, text) == 0;
}

const char *yaml_shown(Arena *arena, const YamlNode *scalar)
{
    Text out = text_start(arena);
    size_t length = 0;
    for (size_t count = 0; length < scalar->length && count < SHOWN_MAX; count++) {
        size_t step = utf8_length(scalar->text + length, scalar->length - length, NULL);
        length += step > 0 ? step : 1;
    }
    text_put(&out, "'");
    utf8_add_printable(&out, scalar->text, length);
    text_put(&out, length < scalar->length ? "...'" : "'");
    return out.bytes;
}
