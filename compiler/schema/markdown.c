/* SPDX-License-Identifier: MIT */
/* The table as a document for people, docs/reference.md: every map with its keys, every code of a diagnostic. It says
 * what the table says and nothing else, so that it is made anew by one command when the language grows. */
#include "compiler/schema/schema.h"

#include <string.h>

/* Words of the table, with what Markdown would take for its own in them escaped. */
static void put_plain(Text *out, const char *words)
{
    for (; *words != '\0'; words++) {
        if (strchr("|*<\\", *words) != NULL)
            text_put(out, "\\");
        text_add(out, words, 1);
    }
}

/* Text as it stands in a spec. A bar would end the cell of a table, in code too. */
static void put_code(Text *out, const char *code)
{
    text_put(out, "`");
    for (; *code != '\0'; code++) {
        if (*code == '|')
            text_put(out, "\\");
        text_add(out, code, 1);
    }
    text_put(out, "`");
}

/* ---- where a map stands ---- */

typedef struct Places {
    Text text;
    const SchemaMap *map;
    size_t count;
    bool is_built; /* at one place at least */
    char later
        [SCHEMA_PATH_MAX]; /* the last key on the walk that is not implemented yet: those below it are not either */
} Places;

static bool is_below(const char *path, const char *above)
{
    size_t length = strlen(above);
    return length > 0 && strncmp(path, above, length) == 0 && path[length] == '.';
}

static void add_place(void *context, const char *path, const SchemaKey *key)
{
    Places *places = context;
    bool is_later = is_below(path, places->later);
    if (!is_later && (key->flags & SCHEMA_LATER) != 0) {
        strcpy(places->later, path);
        is_later = true;
    }
    const char *of = key->kind == SCHEMA_MAP ? key->of : key->kind == SCHEMA_TABLE ? "file" : "";
    if (strcmp(of, places->map->name) != 0)
        return;
    text_put(&places->text, places->count++ > 0 ? ", " : "");
    put_code(&places->text, path);
    places->is_built = places->is_built || !is_later;
}

/* "At `train.optimizer.adam`." and what must be said of the map as a whole. */
static void put_places(Text *out, const SchemaMap *map)
{
    Places places = {.text = text_start(out->arena), .map = map};
    schema_walk(add_place, &places);
    if (strcmp(map->name, "spec") == 0)
        text_put(out, "The whole file.");
    else if (strcmp(map->name, "schedule") == 0)
        text_put(out, "In place of a number where it says \"or a schedule\".");
    else
        text_print(out, "At %s.", places.text.bytes);
    if (places.count > 0 && !places.is_built)
        text_put(out, " **Not implemented yet.**");
    if (map->shorthand != NULL)
        text_print(out, " A value that is no map stands for `{%s: VALUE}`.", map->shorthand);
}

static void put_alternatives(Text *out, const SchemaMap *map)
{
    const SchemaKey *key;
    const char *separator = " Exactly one of ";
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;) {
        if ((key->flags & SCHEMA_ALTERNATIVE) == 0)
            continue;
        text_put(out, separator);
        put_code(out, key->name);
        separator = ", ";
    }
    text_put(out, ".");
}

/* ---- keys ---- */

static void put_map_value(Text *out, const SchemaKey *key)
{
    const SchemaMap *map = schema_map(key->of);
    if (strcmp(map->name, "none") == 0) {
        text_put(out, "no options");
        return;
    }
    text_print(out, "%s[%s](#%s)", key->lists > 0 ? "a list of " : "", map->name, map->name);
    if (key->words != NULL) {
        text_put(out, ", or ");
        put_code(out, key->words);
    }
}

static void put_value(Text *out, const SchemaKey *key)
{
    static const char *const units[] = {
        [DIMENSION_NONE] = "",
        [DIMENSION_LENGTH] = "; a length",
        [DIMENSION_ENERGY] = "; an energy",
        [DIMENSION_TEMPERATURE] = "; a temperature",
    };
    if (key->kind == SCHEMA_MAP)
        put_map_value(out, key);
    else
        put_plain(out, schema_kind_text(out->arena, key, true));
    if (key->least > 0 && key->least == key->most)
        text_print(out, "; %zu of them", key->least);
    else if (key->most > 0)
        text_print(out, "; at most %zu of them", key->most);
    text_put(out, units[key->dimension]);
}

static void put_default(Text *out, const SchemaKey *key)
{
    if (key->flags & SCHEMA_REQUIRED)
        text_put(out, "required");
    else if (key->value != NULL)
        put_code(out, key->value);
}

static void put_condition(Text *out, const SchemaKey *key)
{
    const char *equals = strchr(key->with, '=');
    if (equals != NULL)
        text_print(out, "; only with `%.*s: %s`", (int)(equals - key->with), key->with, equals + 1);
    else
        text_print(out, "; %s beside `%s`", *key->with == '!' ? "not" : "only", key->with + (*key->with == '!'));
}

static void put_key(Text *out, const SchemaKey *key)
{
    text_put(out, "| ");
    put_code(out, key->name);
    text_put(out, " | ");
    put_value(out, key);
    text_put(out, " | ");
    put_default(out, key);
    text_put(out, " | ");
    put_plain(out, key->doc);
    if (key->with != NULL)
        put_condition(out, key);
    text_put(out, (key->flags & SCHEMA_LATER) != 0 ? "; **not implemented yet** |\n" : " |\n");
}

static void put_map(Text *out, const SchemaMap *map)
{
    const SchemaKey *key;
    text_print(out, "\n### %s\n\n", map->name);
    put_places(out, map);
    if (map->is_choice)
        put_alternatives(out, map);
    text_put(out, "\n\n| key | value | default | meaning |\n|---|---|---|---|\n");
    for (size_t cursor = 0; (key = schema_next(map, &cursor)) != NULL;)
        put_key(out, key);
}

/* Maps that only lend their keys to others, and the one without keys, need no section. */
static bool stands_in_specs(const SchemaMap *map)
{
    bool has_place = strcmp(map->name, "spec") == 0 || strcmp(map->name, "schedule") == 0;
    for (size_t i = 0; i < SCHEMA_KEY_COUNT; i++)
        has_place = has_place || (SCHEMA_KEYS[i].kind == SCHEMA_MAP && strcmp(SCHEMA_KEYS[i].of, map->name) == 0);
    return has_place && strcmp(map->name, "none") != 0;
}

/* ---- codes ---- */

static void put_block(Text *out, const char *title, const char *block)
{
    text_print(out, "\n%s:\n\n```\n%s\n```\n", title, block);
}

static void put_error(Text *out, const SchemaCode *code)
{
    text_print(out, "\n### %s: %s\n\n", code->code, code->title);
    put_plain(out, code->explanation);
    text_put(out, "\n");
    if (code->example != NULL)
        put_block(out, "For example", code->example);
    if (code->mend != NULL)
        put_block(out, code->example != NULL ? "Instead" : "What helps", code->mend);
}

void schema_print_markdown(Text *out)
{
    text_put(out,
             "<!-- Made by `ansatz schema --format markdown`; `ninja generated` makes it anew. -->\n"
             "# Reference of the spec language\n\n"
             "Every key of a spec, map by map, and every code of an error. `ansatz explain KEY` and `ansatz explain "
             "CODE` say the\nsame at the prompt; `ansatz expand SPEC` prints a spec with every default filled in. "
             "A key without a default may be left\nout. A map of which one alternative is chosen may be written as "
             "that word alone where the word needs no options: `base:\ngaussian`. What is not implemented yet is "
             "refused with these words; the name is kept for it.\n\n## Keys\n");
    for (size_t i = 0; i < SCHEMA_MAP_COUNT; i++)
        if (stands_in_specs(&SCHEMA_MAPS[i]))
            put_map(out, &SCHEMA_MAPS[i]);
    text_put(out, "\n## Codes of errors\n\nE: nothing is written. W: a warning.\n");
    for (size_t i = 0; i < SCHEMA_CODE_COUNT; i++)
        put_error(out, &SCHEMA_CODES[i]);
}
