/* SPDX-License-Identifier: MIT-0 */
/* The JSON reader: recursive descent over the grammar of RFC 8259. Nodes and decoded text are claimed once, before the
 * first character is read: a text has at most one node for each comma and bracket, and decoding never makes it longer.
 */
#include "json.h"
#include "number.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    const char *text;
    size_t length, at;
    const char *source;
    JsonNode *nodes;
    size_t node_count, node_room;
    char *decoded; /* where the next string goes */
    Failure *failure;
} Reader;

static bool fail(Reader *reader, const char *what)
{
    return failure_set(reader->failure, FAILURE_DATA, "%s: byte %zu of the JSON: %s", reader->source, reader->at, what);
}

static char peek(const Reader *reader)
{
    return reader->at < reader->length ? reader->text[reader->at] : 0;
}

static void skip_space(Reader *reader)
{
    while (reader->at < reader->length && memchr(" \t\n\r", reader->text[reader->at], 4))
        reader->at++;
}

static bool skip_word(Reader *reader, const char *word)
{
    size_t length = strlen(word);
    if (reader->length - reader->at < length || memcmp(reader->text + reader->at, word, length) != 0)
        return fail(reader, "expected a value");
    reader->at += length;
    return true;
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

static bool read_hexadecimal(Reader *reader, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        char c = peek(reader);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return fail(reader, "expected four hexadecimal digits after \\u");
        *value = *value << 4 | digit;
    }
    return true;
}

/* After "\u": one character, or two halves of one (a surrogate pair). */
static bool read_unicode(Reader *reader)
{
    uint32_t character, low;
    if (!read_hexadecimal(reader, &character))
        return false;
    if (character >= 0xd800 && character < 0xdc00) {
        if (reader->length - reader->at < 2 || memcmp(reader->text + reader->at, "\\u", 2) != 0)
            return fail(reader, "half a surrogate pair");
        reader->at += 2;
        if (!read_hexadecimal(reader, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(reader, "half a surrogate pair");
        character = 0x10000 + ((character - 0xd800) << 10 | (low - 0xdc00));
    }
    if (character >= 0xd800 && character < 0xe000)
        return fail(reader, "half a surrogate pair");
    if (character == 0)
        return fail(reader, "a zero byte in a string");
    reader->decoded += utf8_write(character, reader->decoded);
    return true;
}

static bool read_escape(Reader *reader)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char letter = peek(reader);
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (letter == 'u') {
        reader->at++;
        return read_unicode(reader);
    }
    if (found == NULL)
        return fail(reader, "unknown escape in a string");
    *reader->decoded++ = meanings[found - letters];
    reader->at++;
    return true;
}

static bool read_string(Reader *reader, const char **text, size_t *length)
{
    if (peek(reader) != '"')
        return fail(reader, "expected a string in double quotes");
    reader->at++;
    *text = reader->decoded;
    while (peek(reader) != '"') {
        if (reader->at >= reader->length)
            return fail(reader, "a string without its closing quote");
        if (peek(reader) == '\\') {
            reader->at++;
            if (!read_escape(reader))
                return false;
            continue;
        }
        size_t bytes = utf8_length(reader->text + reader->at, reader->length - reader->at);
        if (bytes == 0)
            return fail(reader, "not valid UTF-8");
        if ((unsigned char)peek(reader) < 0x20)
            return fail(reader, "a control character in a string");
        memcpy(reader->decoded, reader->text + reader->at, bytes);
        reader->decoded += bytes;
        reader->at += bytes;
    }
    *length = (size_t)(reader->decoded - *text);
    *reader->decoded++ = 0;
    reader->at++;
    return true;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static size_t skip_digits(Reader *reader)
{
    size_t start = reader->at;
    while (peek(reader) >= '0' && peek(reader) <= '9')
        reader->at++;
    return reader->at - start;
}

static bool read_number(Reader *reader, JsonNode *node)
{
    size_t start = reader->at;
    if (peek(reader) == '-')
        reader->at++;
    bool zero = peek(reader) == '0';
    size_t digits = skip_digits(reader);
    if (digits == 0 || (zero && digits > 1))
        return fail(reader, "expected a value");
    if (peek(reader) == '.') {
        reader->at++;
        if (skip_digits(reader) == 0)
            return fail(reader, "expected a digit after the point");
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        reader->at++;
        if (peek(reader) == '+' || peek(reader) == '-')
            reader->at++;
        if (skip_digits(reader) == 0)
            return fail(reader, "expected a digit in the exponent");
    }
    node->kind = JSON_NUMBER;
    node->text = reader->decoded;
    node->length = reader->at - start;
    memcpy(reader->decoded, reader->text + start, node->length);
    reader->decoded += node->length;
    *reader->decoded++ = 0;
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static int compare_names(const void *left, const void *right)
{
    const JsonNode *a = *(JsonNode *const *)left, *b = *(JsonNode *const *)right;
    if (a->name_length != b->name_length)
        return a->name_length < b->name_length ? -1 : 1;
    return memcmp(a->name, b->name, a->name_length);
}

static bool check_names(Reader *reader, const JsonNode *object)
{
    if (object->count < 2)
        return true;
    JsonNode **members = malloc(object->count * sizeof *members);
    if (members == NULL)
        return failure_set(reader->failure, FAILURE_INTERNAL, "%s: out of memory", reader->source);
    size_t count = 0;
    for (JsonNode *member = object->first; member; member = member->next)
        members[count++] = member;
    qsort(members, count, sizeof(JsonNode *), compare_names);
    const JsonNode *twice = NULL;
    for (size_t i = 1; i < count && twice == NULL; i++)
        if (compare_names(&members[i - 1], &members[i]) == 0)
            twice = members[i];
    free(members);
    if (twice != NULL) {
        char quoted[FAILURE_QUOTE_SIZE];
        return failure_set(reader->failure, FAILURE_DATA, "%s: the name %s occurs twice in one JSON object",
                           reader->source, failure_quote(quoted, twice->name, twice->name_length));
    }
    return true;
}

static bool read_value(Reader *reader, JsonNode **node, int depth);

static bool read_member(Reader *reader, JsonNode *parent, JsonNode **last, int depth)
{
    const char *name = NULL;
    size_t name_length = 0;
    JsonNode *member;
    if (parent->kind == JSON_OBJECT) {
        skip_space(reader);
        if (!read_string(reader, &name, &name_length))
            return false;
        skip_space(reader);
        if (peek(reader) != ':')
            return fail(reader, "expected a colon");
        reader->at++;
    }
    if (!read_value(reader, &member, depth + 1))
        return false;
    member->name = name;
    member->name_length = name_length;
    *(*last == NULL ? &parent->first : &(*last)->next) = member;
    *last = member;
    parent->count++;
    return true;
}

static bool read_members(Reader *reader, JsonNode *parent, int depth)
{
    char close = parent->kind == JSON_OBJECT ? '}' : ']';
    JsonNode *last = NULL;
    if (depth >= JSON_DEPTH_MAX)
        return fail(reader, "more than 64 levels of nesting");
    reader->at++;
    skip_space(reader);
    if (peek(reader) == close) {
        reader->at++;
        return true;
    }
    for (;;) {
        if (!read_member(reader, parent, &last, depth))
            return false;
        skip_space(reader);
        if (peek(reader) == close)
            break;
        if (peek(reader) != ',')
            return fail(reader, parent->kind == JSON_OBJECT ? "expected a comma or }" : "expected a comma or ]");
        reader->at++;
    }
    reader->at++;
    return parent->kind == JSON_ARRAY || check_names(reader, parent);
}

static bool read_value(Reader *reader, JsonNode **node, int depth)
{
    skip_space(reader);
    if (reader->node_count == reader->node_room)
        return fail(reader, "too many values");
    JsonNode *new_node = *node = &reader->nodes[reader->node_count++];
    switch (peek(reader)) {
    case '{':
        new_node->kind = JSON_OBJECT;
        return read_members(reader, new_node, depth);
    case '[':
        new_node->kind = JSON_ARRAY;
        return read_members(reader, new_node, depth);
    case '"':
        new_node->kind = JSON_STRING;
        return read_string(reader, &new_node->text, &new_node->length);
    case 't':
        new_node->kind = JSON_TRUE;
        return skip_word(reader, "true");
    case 'f':
        new_node->kind = JSON_FALSE;
        return skip_word(reader, "false");
    case 'n':
        new_node->kind = JSON_NULL;
        return skip_word(reader, "null");
    default:
        return read_number(reader, new_node);
    }
}

bool json_read(const char *text, size_t length, const char *source, Json *json, Failure *failure)
{
    size_t nodes = 1;
    *json = (Json){0};
    for (size_t i = 0; i < length; i++)
        nodes += text[i] == ',' || text[i] == '[' || text[i] == '{';
    if (nodes > JSON_NODES_MAX)
        return failure_set(failure, FAILURE_DATA, "%s: more than %d values in the JSON", source, JSON_NODES_MAX);
    json->root = memory_claim(nodes, sizeof *json->root, source, failure);
    json->text = memory_claim(length + 2, 1, source, failure);
    Reader reader = {text, length, 0, source, json->root, 0, nodes, json->text, failure};
    JsonNode *root;
    bool good = json->root != NULL && json->text != NULL && read_value(&reader, &root, 0);
    skip_space(&reader);
    if (good && reader.at != length)
        good = fail(&reader, "more text after the value");
    if (!good)
        json_release(json);
    return good;
}

void json_release(Json *json)
{
    free(json->root);
    free(json->text);
    *json = (Json){0};
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

const JsonNode *json_member(const JsonNode *object, const char *name)
{
    size_t length = strlen(name);
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    for (const JsonNode *member = object->first; member; member = member->next)
        if (member->name_length == length && memcmp(member->name, name, length) == 0)
            return member;
    return NULL;
}

const char *json_kind_name(JsonKind kind)
{
    static const char *const names[] = {"null", "false", "true", "a number", "a string", "an array", "an object"};
    return names[kind];
}

bool json_to_real(const JsonNode *node, double *number)
{
    return node != NULL && node->kind == JSON_NUMBER && number_read(node->text, node->length, number);
}

bool json_to_count(const JsonNode *node, uint64_t *number)
{
    if (node == NULL || node->kind != JSON_NUMBER)
        return false;
    for (size_t i = 0; i < node->length; i++)
        if (node->text[i] < '0' || node->text[i] > '9')
            return false;
    return number_read_count(node->text, node->length, number);
}
