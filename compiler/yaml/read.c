/* SPDX-License-Identifier: MIT */
/* libyaml's events -> nodes. One recursive descent over the events; its depth is limited before libyaml's own is. */
#include "compiler/yaml/tree.h"

#include "compiler/base/utf8.h"
#include "compiler/yaml/places.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

typedef struct Anchor {
    const char *name;
    const YamlNode *node; /* NULL while its own node is being read */
    Span span;
} Anchor;

typedef struct Reader {
    yaml_parser_t parser;
    Arena *arena;
    Diagnostics *diagnostics;
    Places places;
    size_t node_count; /* so far, aliases expanded */
    int flow_depth;    /* inside how many [ and { */
    Anchor anchors[YAML_ANCHORS_MAX];
    int anchor_count;
} Reader;

static Span event_span(const Reader *reader, const yaml_event_t *event)
{
    return places_span(&reader->places, event->start_mark.index, event->end_mark.index);
}

/* ---- libyaml's own errors ---- */

static const char *syntax_help(const Reader *reader, const Span *span)
{
    const char *problem = reader->parser.problem;
    const Source *source = span->source;
    char at = span->begin < source->length ? source->text[span->begin] : '\0';
    if (at == '\t')
        return "indent with spaces; YAML takes no tabs there";
    if (strcmp(problem, "mapping values are not allowed in this context") == 0)
        return "the keys of one map stand in one column; text with ': ' in it needs quotes";
    if (reader->flow_depth > 0 && (at == '[' || at == '{'))
        return "inside { } and [ ] a formula needs quotes: \"x[0]^2\"";
    if (strstr(problem, "',' or") != NULL)
        return "a { or [ is not closed, or a comma is missing";
    if (at == '*' || at == '&' || at == '%' || at == '@' || at == '`')
        return "a value that begins with this character needs quotes";
    if (strstr(problem, "expected key") != NULL || strstr(problem, "block mapping") != NULL ||
        strstr(problem, "block collection") != NULL || strstr(problem, "block end") != NULL)
        return "the keys of one map stand in one column";
    return NULL;
}

static void report_syntax(Reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    size_t index = parser->problem_mark.index;
    if (parser->problem == NULL || parser->error == YAML_MEMORY_ERROR) {
        diagnostics_error(reader->diagnostics, places_span(&reader->places, 0, 0), "E0001",
                          "the YAML reader ran out of memory");
        return;
    }
    Span span = places_span(&reader->places, index, index + 1);
    Diagnostic *error = diagnostics_error(reader->diagnostics, span, "E0001", "YAML: %s", parser->problem);
    error->label = parser->context != NULL ? arena_print(reader->arena, "%s", parser->context) : NULL;
    error->help = syntax_help(reader, &span);
    size_t context_index = parser->context_mark.index;
    if (parser->context != NULL && context_index < index) {
        Span context = places_span(&reader->places, context_index, context_index + 1);
        if (context.line != span.line) {
            error->related = context;
            error->related_label = "it began here";
        }
    }
}

static bool next_event(Reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    report_syntax(reader);
    return false;
}

/* ---- limits, tags, anchors ---- */

static bool count_nodes(Reader *reader, size_t more, Span span)
{
    reader->node_count += more; /* both are at most YAML_NODES_MAX: no overflow */
    if (reader->node_count <= YAML_NODES_MAX)
        return true;
    Diagnostic *error = diagnostics_error(reader->diagnostics, span, "E0006", "more than 100,000 values in one spec");
    error->help = "an alias counts as all that it stands for; large tables belong in a file of their own";
    return false;
}

static bool check_depth(Reader *reader, int depth, Span span)
{
    if (depth <= YAML_DEPTH_MAX)
        return true;
    diagnostics_error(reader->diagnostics, span, "E0005", "nested more than %d deep", YAML_DEPTH_MAX);
    return false;
}

static void refuse_tag(Reader *reader, const yaml_char_t *tag, Span span)
{
    if (tag == NULL)
        return;
    Text shown = text_start(reader->arena);
    utf8_add_printable(&shown, (const char *)tag, strlen((const char *)tag));
    Diagnostic *error = diagnostics_error(reader->diagnostics, span, "E0007", "a spec has no tags: %.60s", shown.bytes);
    error->help = "the schema decides every value's type; `extends: base.yaml` builds on another spec";
}

/* Where the anchor's node goes when it has been read; NULL: no anchor, or one too many (reported). */
static Anchor *add_anchor(Reader *reader, const yaml_char_t *name, Span span, bool *failed)
{
    if (name == NULL)
        return NULL;
    for (int i = 0; i < reader->anchor_count; i++) { /* the newest of a name holds */
        if (strcmp(reader->anchors[i].name, (const char *)name) == 0) {
            reader->anchors[i].node = NULL;
            reader->anchors[i].span = span;
            return &reader->anchors[i];
        }
    }
    if (reader->anchor_count == YAML_ANCHORS_MAX) {
        diagnostics_error(reader->diagnostics, span, "E0006", "more than %d anchors in one spec", YAML_ANCHORS_MAX);
        *failed = true;
        return NULL;
    }
    Anchor *anchor = &reader->anchors[reader->anchor_count++];
    anchor->name = arena_copy_text(reader->arena, (const char *)name, strlen((const char *)name));
    anchor->span = span;
    return anchor;
}

static const YamlNode *read_alias(Reader *reader, const yaml_event_t *event, int depth)
{
    const char *name = (const char *)event->data.alias.anchor;
    Span span = event_span(reader, event);
    for (int i = 0; i < reader->anchor_count; i++) {
        const Anchor *anchor = &reader->anchors[i];
        if (strcmp(anchor->name, name) != 0)
            continue;
        if (anchor->node == NULL) {
            Diagnostic *error = diagnostics_error(reader->diagnostics, span, "E0010",
                                                  "the alias *%.60s stands inside the value that it names", name);
            error->related = anchor->span;
            error->related_label = "the value begins here";
            return NULL;
        }
        if (!count_nodes(reader, anchor->node->node_count, span) ||
            !check_depth(reader, depth + anchor->node->height - 1, span))
            return NULL;
        return anchor->node;
    }
    diagnostics_error(reader->diagnostics, span, "E0010", "no anchor &%.60s stands before this alias", name);
    return NULL;
}

/* ---- scalars ---- */

static YamlStyle style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return YAML_STYLE_SINGLE_QUOTED;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return YAML_STYLE_DOUBLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
        return YAML_STYLE_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return YAML_STYLE_FOLDED;
    default:
        return YAML_STYLE_PLAIN;
    }
}

/* An escape in double quotes can make a character that may not stand in the file itself. */
static void refuse_escaped_controls(Reader *reader, const YamlNode *scalar)
{
    for (size_t i = 0; i < scalar->length; i++) {
        unsigned char byte = (unsigned char)scalar->text[i];
        if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F) {
            diagnostics_error(reader->diagnostics, scalar->span, "E0003",
                              "an escape makes the control character U+%04X", byte);
            return;
        }
    }
}

/* Where the decoded characters of a plain or quoted scalar stand one for one, they end with it; an anchor may stand
 * before them, and is then left out of the span. */
static void find_content(const Reader *reader, const yaml_event_t *event, YamlNode *node)
{
    size_t quotes = node->style == YAML_STYLE_PLAIN ? 0 : 1, characters = utf8_count(node->text, node->length);
    bool has_anchor = event->data.scalar.anchor != NULL;
    node->content = node->span.begin + quotes;
    if (node->style == YAML_STYLE_LITERAL || node->style == YAML_STYLE_FOLDED ||
        node->span.end - node->span.begin < node->length + 2 * quotes)
        return;
    size_t content = node->span.end - node->length - quotes;
    if ((content != node->content && !has_anchor) ||
        memcmp(reader->places.source->text + content, node->text, node->length) != 0)
        return;
    size_t end = event->end_mark.index;
    node->span = places_span(&reader->places, end - characters - 2 * quotes, end);
    node->content = content;
    node->exact = true;
}

static const YamlNode *read_scalar(Reader *reader, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    YamlNode *node = ARENA_NEW(reader->arena, YamlNode);
    *node = (YamlNode){.kind = YAML_KIND_SCALAR,
                       .span = event_span(reader, event),
                       .style = style_of(event->data.scalar.style),
                       .text = arena_copy_text(reader->arena, value, event->data.scalar.length),
                       .length = event->data.scalar.length,
                       .node_count = 1,
                       .height = 1};
    find_content(reader, event, node);
    refuse_escaped_controls(reader, node);
    return node;
}

/* ---- collections ---- */

static const YamlNode *read_node(Reader *reader, yaml_event_t *event, int depth);

typedef struct NodeList {
    const YamlNode **nodes;
    size_t count, room;
} NodeList;

static void list_add(NodeList *list, Arena *arena, const YamlNode *node)
{
    if (list->count == list->room) {
        size_t room = list->room > 0 ? list->room * 2 : 4;
        list->nodes = arena_grow(arena, list->nodes, list->count, room, sizeof(const YamlNode *));
        list->room = room;
    }
    list->nodes[list->count++] = node;
}

/* The children up to the end event; false after an error. Their sizes are added to the node. */
static bool read_children(Reader *reader, YamlNode *node, NodeList *list, yaml_event_type_t end, bool is_flow,
                          int depth)
{
    reader->flow_depth += is_flow;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return false;
        if (event.type == end) {
            if (is_flow)
                node->span.end = event_span(reader, &event).end;
            yaml_event_delete(&event);
            reader->flow_depth -= is_flow;
            return true;
        }
        const YamlNode *child = read_node(reader, &event, depth + 1);
        yaml_event_delete(&event);
        if (child == NULL)
            return false;
        list_add(list, reader->arena, child);
        node->node_count += child->node_count;
        node->height = child->height >= node->height ? child->height + 1 : node->height;
        if (!is_flow && child->span.end > node->span.end) /* an alias's node lies before it */
            node->span.end = child->span.end;
    }
}

static const YamlNode *read_sequence(Reader *reader, const yaml_event_t *event, int depth)
{
    YamlNode *node = ARENA_NEW(reader->arena, YamlNode);
    NodeList list = {0};
    *node = (YamlNode){.kind = YAML_KIND_SEQUENCE, .span = event_span(reader, event), .node_count = 1, .height = 1};
    bool is_flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    if (!read_children(reader, node, &list, YAML_SEQUENCE_END_EVENT, is_flow, depth))
        return NULL;
    node->items = list.nodes;
    node->count = list.count;
    return node;
}

typedef struct KeyOrder {
    const YamlNode *key;
    size_t index;
} KeyOrder;

static int compare_keys(const void *left, const void *right)
{
    const KeyOrder *a = left, *b = right;
    int order = strcmp(a->key->text, b->key->text);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* Reports every key that an earlier one of its mapping repeats, and takes it out: sorted, so that a hundred thousand
 * keys stay quick. */
static void drop_duplicates(Reader *reader, YamlNode *node, YamlEntry *entries)
{
    KeyOrder *sorted = ARENA_ARRAY(reader->arena, KeyOrder, node->count);
    for (size_t i = 0; i < node->count; i++)
        sorted[i] = (KeyOrder){entries[i].key, i};
    qsort(sorted, node->count, sizeof(KeyOrder), compare_keys);
    for (size_t i = 1, first = 0; i < node->count; i++) {
        const YamlNode *key = sorted[i].key;
        if (strcmp(key->text, sorted[first].key->text) != 0) {
            first = i;
            continue;
        }
        Diagnostic *error = diagnostics_error(reader->diagnostics, key->span, "E0009", "the key %s stands twice",
                                              yaml_shown(reader->arena, key));
        error->label = "given again";
        error->related = sorted[first].key->span;
        error->related_label = "first given here";
        entries[sorted[i].index].value = NULL;
    }
    size_t kept = 0;
    for (size_t i = 0; i < node->count; i++)
        if (entries[i].value != NULL)
            entries[kept++] = entries[i];
    node->count = kept;
}

static void check_key(Reader *reader, const YamlNode *key)
{
    if (key->kind != YAML_KIND_SCALAR) {
        Diagnostic *error = diagnostics_error(reader->diagnostics, key->span, "E0013", "a key must be text");
        error->label = key->kind == YAML_KIND_SEQUENCE ? "this is a list" : "this is a map";
    } else if (key->style == YAML_STYLE_PLAIN && strcmp(key->text, "<<") == 0) {
        Diagnostic *error = diagnostics_error(reader->diagnostics, key->span, "E0008", "a spec has no merge keys");
        error->help =
            "`extends: base.yaml` builds on another spec, maps merged; within one, `*name` repeats a whole value";
    }
}

static const YamlNode *read_mapping(Reader *reader, const yaml_event_t *event, int depth)
{
    YamlNode *node = ARENA_NEW(reader->arena, YamlNode);
    NodeList list = {0};
    *node = (YamlNode){.kind = YAML_KIND_MAPPING, .span = event_span(reader, event), .node_count = 1, .height = 1};
    bool is_flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    if (!read_children(reader, node, &list, YAML_MAPPING_END_EVENT, is_flow, depth))
        return NULL;
    YamlEntry *entries = ARENA_ARRAY(reader->arena, YamlEntry, list.count / 2);
    for (size_t i = 0; i + 1 < list.count; i += 2) {
        const YamlNode *key = list.nodes[i];
        size_t errors = reader->diagnostics->error_count;
        check_key(reader, key);
        if (reader->diagnostics->error_count == errors)
            entries[node->count++] = (YamlEntry){key, list.nodes[i + 1]};
    }
    drop_duplicates(reader, node, entries);
    node->entries = entries;
    return node;
}

static const YamlNode *read_node(Reader *reader, yaml_event_t *event, int depth)
{
    Span span = event_span(reader, event);
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event, depth);
    if (!count_nodes(reader, 1, span) || !check_depth(reader, depth, span))
        return NULL;
    bool is_scalar = event->type == YAML_SCALAR_EVENT, is_sequence = event->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *name = is_scalar     ? event->data.scalar.anchor
                              : is_sequence ? event->data.sequence_start.anchor
                                            : event->data.mapping_start.anchor;
    const yaml_char_t *tag = is_scalar     ? event->data.scalar.tag
                             : is_sequence ? event->data.sequence_start.tag
                                           : event->data.mapping_start.tag;
    bool failed = false;
    refuse_tag(reader, tag, span);
    Anchor *anchor = add_anchor(reader, name, span, &failed);
    if (failed)
        return NULL;
    const YamlNode *node = is_scalar     ? read_scalar(reader, event)
                           : is_sequence ? read_sequence(reader, event, depth)
                                         : read_mapping(reader, event, depth);
    if (anchor != NULL)
        anchor->node = node;
    return node;
}

/* ---- the document ---- */

/* Past the events without content; *event is the first other one. */
static bool skip_to_content(Reader *reader, yaml_event_t *event)
{
    for (;;) {
        if (!next_event(reader, event))
            return false;
        if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT &&
            event->type != YAML_DOCUMENT_END_EVENT)
            return true;
        yaml_event_delete(event);
    }
}

static const YamlNode *read_document(Reader *reader)
{
    yaml_event_t event;
    if (!skip_to_content(reader, &event))
        return NULL;
    if (event.type == YAML_STREAM_END_EVENT) {
        yaml_event_delete(&event);
        diagnostics_error(reader->diagnostics, places_span(&reader->places, 0, 0), "E0012", "nothing is written here");
        return NULL;
    }
    const YamlNode *root = read_node(reader, &event, 1);
    yaml_event_delete(&event);
    if (root == NULL || !skip_to_content(reader, &event))
        return NULL;
    if (event.type != YAML_STREAM_END_EVENT) {
        Diagnostic *error = diagnostics_error(reader->diagnostics, event_span(reader, &event), "E0011",
                                              "a second document begins here");
        error->help = "a spec is one YAML document: take out the line ---, or give each spec a file";
    }
    yaml_event_delete(&event);
    return root;
}

const YamlNode *yaml_read(Arena *arena, const Source *source, size_t begin, Diagnostics *diagnostics)
{
    Reader *reader = ARENA_NEW(arena, Reader);
    reader->arena = arena;
    reader->diagnostics = diagnostics;
    if (!places_start(&reader->places, arena, source, begin, diagnostics))
        return NULL;
    if (!yaml_parser_initialize(&reader->parser)) {
        diagnostics_error(diagnostics, places_span(&reader->places, 0, 0), "E0001",
                          "the YAML reader ran out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)source->text + reader->places.first,
                                 source->length - reader->places.first);
    const YamlNode *root = read_document(reader);
    yaml_parser_delete(&reader->parser);
    return root;
}
