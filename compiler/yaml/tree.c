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

const char *yaml_shown_text(Arena *arena, const char *text, size_t length)
{
    Text out = text_start(arena);
    size_t shown = 0;
    for (size_t count = 0; shown < length && count < SHOWN_MAX; count++) {
        size_t step = utf8_length(text + shown, length - shown, NULL);
        shown += step > 0 ? step : 1;
    }
    text_put(&out, "'");
    utf8_add_printable(&out, text, shown);
    text_put(&out, shown < length ? "...'" : "'");
    return out.bytes;
}

const char *yaml_shown(Arena *arena, const YamlNode *scalar)
{
    return yaml_shown_text(arena, scalar->text, scalar->length);
}
