/* SPDX-License-Identifier: MIT */
/* YAML text -> a tree of scalars, sequences and mappings, each with its place. Scalars are text and nothing else: what
 * they mean is the schema's matter. What a spec may not have is refused here: tags, merge keys, duplicate keys, keys
 * that are not text, several documents, control characters, and more of anything than the limits below. */
#ifndef COMPILER_YAML_TREE_H
#define COMPILER_YAML_TREE_H

#include "compiler/base/diagnostics.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    YAML_BYTES_MAX = 1 << 20,
    YAML_DEPTH_MAX = 64,     /* the document's own node has depth 1 */
    YAML_NODES_MAX = 100000, /* an alias counts as all that it stands for */
    YAML_ANCHORS_MAX = 256
};

typedef enum YamlKind { YAML_KIND_SCALAR, YAML_KIND_SEQUENCE, YAML_KIND_MAPPING } YamlKind;

typedef enum YamlStyle {
    YAML_STYLE_PLAIN,
    YAML_STYLE_SINGLE_QUOTED,
    YAML_STYLE_DOUBLE_QUOTED,
    YAML_STYLE_LITERAL,
    YAML_STYLE_FOLDED
} YamlStyle;

typedef struct YamlNode YamlNode;

typedef struct YamlEntry {
    const YamlNode *key; /* a scalar, no two in a mapping with the same text */
    const YamlNode *value;
} YamlEntry;

/* An alias is the very node that its anchor names, so the tree may share nodes; it has no cycles. */
struct YamlNode {
    YamlKind kind;
    Span span; /* a quoted scalar's with its quotes, a block scalar's from its | or > on, a collection's to its last
                  child */
    /* scalar */
    YamlStyle style;
    const char *text; /* decoded; holds no control characters but tab and newline, ends in a 0 */
    size_t length;
    size_t content; /* the byte of the source where the decoded characters begin (behind a quote) */
    bool exact;     /* they stand there one for one */
    /* sequence */
    size_t count; /* of items or entries */
    const YamlNode *const *items;
    /* mapping, in the order of the file */
    const YamlEntry *entries;
    /* with all aliases expanded */
    size_t node_count; /* of this node and all below it */
    int height;        /* 1 for a scalar */
};

/* The tree of the one document in the source from byte `begin` on; NULL when there is none, always with an error.
 * A tree may come with errors too (a duplicate key, a tag): the caller goes on and looks at error_count in the end.
 * Errors: E0001 to E0013. */
const YamlNode *yaml_read(Arena *arena, const Source *source, size_t begin, Diagnostics *diagnostics);

/* The value of a mapping's key, or NULL. */
const YamlNode *yaml_get(const YamlNode *mapping, const char *key);

/* Whether a node is a scalar with this text. */
bool yaml_is(const YamlNode *node, const char *text);

/* Text as it can stand in a message: printable, cut short where it is long; in quotes. */
const char *yaml_shown_text(Arena *arena, const char *text, size_t length);
const char *yaml_shown(Arena *arena, const YamlNode *scalar);

#endif
