/* SPDX-License-Identifier: MIT-0 */
/* JSON (RFC 8259): a strict reader for the headers of safetensors and the files of a run, and a writer. The reader is
 * made for text that nobody vouches for: depth, number of values and every size are limited, names occur once, text is
 * valid UTF-8 without zero bytes. */
#ifndef RUNTIME_HOST_JSON_H
#define RUNTIME_HOST_JSON_H

#include "failure.h"

#include <stdint.h>

#define json_read         RUNTIME_NAME(json_read)
#define json_release      RUNTIME_NAME(json_release)
#define json_member       RUNTIME_NAME(json_member)
#define json_kind_name    RUNTIME_NAME(json_kind_name)
#define json_to_real      RUNTIME_NAME(json_to_real)
#define json_to_count     RUNTIME_NAME(json_to_count)
#define json_start        RUNTIME_NAME(json_start)
#define json_free         RUNTIME_NAME(json_free)
#define json_restart      RUNTIME_NAME(json_restart)
#define json_finish       RUNTIME_NAME(json_finish)
#define json_print        RUNTIME_NAME(json_print)
#define json_open_object  RUNTIME_NAME(json_open_object)
#define json_close_object RUNTIME_NAME(json_close_object)
#define json_open_array   RUNTIME_NAME(json_open_array)
#define json_close_array  RUNTIME_NAME(json_close_array)
#define json_put_string   RUNTIME_NAME(json_put_string)
#define json_put_real     RUNTIME_NAME(json_put_real)
#define json_put_count    RUNTIME_NAME(json_put_count)
#define json_put_truth    RUNTIME_NAME(json_put_truth)
#define json_put_null     RUNTIME_NAME(json_put_null)

/* ---- reading ----------------------------------------------------------------------------------------------------- */

#define JSON_DEPTH_MAX 64
#define JSON_NODES_MAX 4000000

typedef enum JsonKind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } JsonKind;

typedef struct JsonNode {
    JsonKind kind;
    const char *text; /* of a string: its characters, decoded; of a number: its text; 0 follows */
    size_t length;
    const char *name; /* of a member of an object: its name; else NULL */
    size_t name_length;
    size_t count;           /* of an array or object: its members */
    struct JsonNode *first; /* of an array or object: its members in the order of the text, linked by `next` */
    struct JsonNode *next;
} JsonNode;

typedef struct Json {
    JsonNode *root;
    char *text; /* what the nodes point into; both are the tree's own */
} Json;

/* Reads the one value that text[0..length) holds. A failure (65) names `source` and the byte. Release with
 * json_release. */
bool json_read(const char *text, size_t length, const char *source, Json *json, Failure *failure);
void json_release(Json *json);

/* The member of an object (or NULL: no such member, not an object, `object` is NULL). */
const JsonNode *json_member(const JsonNode *object, const char *name);
const char *json_kind_name(JsonKind kind); /* "an object", for messages */

/* False where the node is NULL, of another kind, or the number does not fit. */
bool json_to_real(const JsonNode *node, double *number);
bool json_to_count(const JsonNode *node, uint64_t *number);

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Text that grows. `name` is the member's name within an object, NULL within an array and at the top. Strings are bytes
 * in UTF-8; what is not valid is written as U+FFFD. Numbers have the fewest digits that read back the same; those that
 * are not finite are null, since JSON has none. */
typedef struct JsonWriter {
    char *text; /* always ends with a 0 */
    size_t length, room;
    int depth;
    bool indented;  /* a line for each member; else all in one line */
    bool is_first;  /* of what is open */
    bool is_failed; /* memory ran out; all later calls do nothing */
} JsonWriter;

void json_start(JsonWriter *writer, bool indented);
/* Empties the text but keeps its memory. */
void json_restart(JsonWriter *writer);
/* False where memory ran out: call it once, when all is written. */
bool json_finish(JsonWriter *writer, Failure *failure);
/* The same, then the text goes to stdout with a newline, and is freed. */
bool json_print(JsonWriter *writer, Failure *failure);
void json_free(JsonWriter *writer);

void json_open_object(JsonWriter *writer, const char *name);
void json_close_object(JsonWriter *writer);
void json_open_array(JsonWriter *writer, const char *name);
void json_close_array(JsonWriter *writer);
void json_put_string(JsonWriter *writer, const char *name, const char *string);
void json_put_real(JsonWriter *writer, const char *name, double number);
void json_put_count(JsonWriter *writer, const char *name, uint64_t number);
void json_put_truth(JsonWriter *writer, const char *name, bool truth);
void json_put_null(JsonWriter *writer, const char *name);

#endif
