/* SPDX-License-Identifier: MIT-0 */
/* The NPY reader. The header is a Python dictionary with three entries; only its literals are accepted, nothing is ever
 * evaluated. */
#include "npy.h"
#include "bytes.h"

typedef struct Header {
    const char *text;
    size_t length, at;
    const char *path;
    Failure *failure;
} Header;

static bool fail(Header *header, const char *what)
{
    return failure_set(header->failure, FAILURE_DATA, "%s: byte %zu of the NPY header: %s", header->path, header->at,
                       what);
}

static char peek(const Header *header)
{
    return header->at < header->length ? header->text[header->at] : 0;
}

static void skip_space(Header *header)
{
    while (header->at < header->length && memchr(" \t\n\r\f", header->text[header->at], 5))
        header->at++;
}

static bool skip(Header *header, char c)
{
    char message[] = "expected '?'";
    skip_space(header);
    if (peek(header) != c) {
        message[10] = c;
        return fail(header, message);
    }
    header->at++;
    return true;
}

static bool read_string(Header *header, const char **text, size_t *length)
{
    skip_space(header);
    char quote = peek(header);
    if (quote != '\'' && quote != '"')
        return fail(header, "expected a string in quotes");
    *text = header->text + ++header->at;
    while (header->at < header->length && peek(header) != quote)
        header->at++;
    if (header->at >= header->length)
        return fail(header, "a string without its closing quote");
    *length = (size_t)(header->text + header->at++ - *text);
    return true;
}

/* ---- the three entries ------------------------------------------------------------------------------------------- */

static bool read_type(Header *header, NpyView *view)
{
    const char *text;
    size_t length, size = 0;
    char quoted[FAILURE_QUOTE_SIZE];
    skip_space(header);
    if (peek(header) == '[' || peek(header) == '(')
        return fail(header, "a structured type; expected plain numbers, such as '<f4'");
    if (!read_string(header, &text, &length))
        return false;
    failure_quote(quoted, text, length);
    for (size_t i = 2; i < length && i < 6; i++)
        size = text[i] >= '0' && text[i] <= '9' ? size * 10 + (size_t)(text[i] - '0') : 1000;
    if (length > 1 && text[1] == 'O')
        return failure_set(header->failure, FAILURE_DATA,
                           "%s: holds pickled Python objects (%s), which are never read; save plain numbers",
                           header->path, quoted);
    bool known = length >= 3 && length < 6 && memchr("<>|=", text[0], 4) != NULL;
    bool whole = known && (text[1] == 'i' || text[1] == 'u') && (size == 1 || size == 2 || size == 4 || size == 8);
    bool real = known && text[1] == 'f' && (size == 2 || size == 4 || size == 8);
    bool truth = known && text[1] == 'b' && size == 1;
    if (!whole && !real && !truth)
        return failure_set(header->failure, FAILURE_DATA,
                           "%s: elements of type %s; expected real numbers, such as '<f4'", header->path, quoted);
    if (size > 1 && text[0] != '<' && text[0] != '>')
        return failure_set(header->failure, FAILURE_DATA, "%s: the type %s does not name its byte order", header->path,
                           quoted);
    view->kind = text[1];
    view->size = size;
    view->big_endian = text[0] == '>';
    return true;
}

static bool read_order(Header *header, NpyView *view)
{
    skip_space(header);
    for (int i = 0; i < 2; i++) {
        const char *word = i ? "True" : "False";
        size_t length = strlen(word);
        if (header->length - header->at >= length && memcmp(header->text + header->at, word, length) == 0) {
            view->columns_first = i == 1;
            header->at += length;
            return true;
        }
    }
    return fail(header, "expected True or False");
}

static bool read_size(Header *header, uint64_t *size)
{
    bool any = false;
    for (*size = 0; peek(header) >= '0' && peek(header) <= '9'; header->at++, any = true) {
        uint64_t digit = (uint64_t)(peek(header) - '0');
        if (*size > (UINT64_MAX - digit) / 10)
            return fail(header, "a size that does not fit into 64 bits");
        *size = *size * 10 + digit;
    }
    if (!any)
        return fail(header, "expected a size, a whole number");
    if (peek(header) == 'L') /* Python 2's */
        header->at++;
    return true;
}

static bool read_shape(Header *header, NpyView *view)
{
    bool comma = true;
    if (!skip(header, '('))
        return false;
    for (view->rank = 0;; view->rank++) {
        skip_space(header);
        if (peek(header) == ')')
            break;
        if (!comma)
            return fail(header, "expected a comma or ')'");
        if (view->rank == NPY_RANK_MAX)
            return fail(header, "more than 32 axes");
        if (!read_size(header, &view->shape[view->rank]))
            return false;
        skip_space(header);
        comma = peek(header) == ',';
        header->at += comma;
    }
    if (view->rank == 1 && !comma)
        return fail(header, "a shape with one axis is written (n,)");
    header->at++;
    return true;
}

/* {'descr': ..., 'fortran_order': ..., 'shape': ...}, in any order. */
static bool read_dictionary(Header *header, NpyView *view)
{
    static const char *const names[] = {"descr", "fortran_order", "shape"};
    bool (*const readers[])(Header *, NpyView *) = {read_type, read_order, read_shape};
    bool seen[3] = {false, false, false}, comma = true;
    if (!skip(header, '{'))
        return false;
    for (;;) {
        const char *name;
        size_t length;
        int which = 0;
        skip_space(header);
        if (peek(header) == '}')
            break;
        if (!comma)
            return fail(header, "expected a comma or '}'");
        if (!read_string(header, &name, &length))
            return false;
        while (which < 3 && (strlen(names[which]) != length || memcmp(name, names[which], length) != 0))
            which++;
        if (which == 3)
            return fail(header, "an entry other than 'descr', 'fortran_order' and 'shape'");
        if (seen[which])
            return fail(header, "an entry occurs twice");
        seen[which] = true;
        if (!skip(header, ':') || !readers[which](header, view))
            return false;
        skip_space(header);
        comma = peek(header) == ',';
        header->at += comma;
    }
    header->at++;
    for (int i = 0; i < 3; i++)
        if (!seen[i])
            return failure_set(header->failure, FAILURE_DATA, "%s: the NPY header has no '%s'", header->path, names[i]);
    skip_space(header);
    return header->at == header->length || fail(header, "more text after the dictionary");
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* The magic, the version and the header's length; `start` is where the header's text starts. */
static bool find_header(const char *bytes, size_t length, const char *path, size_t *start, size_t *header_length,
                        Failure *failure)
{
    if (length < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return failure_set(failure, FAILURE_DATA, "%s: not an NPY file", path);
    int major = (unsigned char)bytes[6], minor = (unsigned char)bytes[7];
    if (major < 1 || major > 3 || minor != 0)
        return failure_set(failure, FAILURE_DATA, "%s: NPY version %d.%d; known are 1.0, 2.0 and 3.0", path, major,
                           minor);
    size_t width = major == 1 ? 2 : 4;
    *start = 8 + width;
    if (length < *start)
        return failure_set(failure, FAILURE_DATA, "%s: ends within the NPY header", path);
    *header_length = (size_t)bytes_to_bits(bytes + 8, width, false);
    if (length - *start < *header_length)
        return failure_set(failure, FAILURE_DATA, "%s: ends within the NPY header, which should have %zu bytes", path,
                           *header_length);
    return true;
}

static bool check_size(size_t have, const char *path, NpyView *view, Failure *failure)
{
    uint64_t bytes = view->size;
    bool empty = false;
    for (int i = 0; i < view->rank; i++)
        empty = empty || view->shape[i] == 0;
    for (int i = 0; i < view->rank && !empty; i++) {
        if (bytes > SIZE_MAX / view->shape[i])
            return failure_set(failure, FAILURE_DATA, "%s: a shape with more elements than memory has bytes", path);
        bytes *= view->shape[i];
    }
    view->count = empty ? 0 : (size_t)bytes / view->size;
    if (view->count * view->size != have)
        return failure_set(failure, FAILURE_DATA, "%s: %zu bytes of numbers where the header's shape needs %zu%s", path,
                           have, view->count * view->size, have < view->count * view->size ? "; the file is cut" : "");
    return true;
}

bool npy_parse(const char *bytes, size_t length, const char *path, NpyView *view, Failure *failure)
{
    size_t start, header_length;
    *view = (NpyView){0};
    if (!find_header(bytes, length, path, &start, &header_length, failure))
        return false;
    Header header = {bytes + start, header_length, 0, path, failure};
    if (!read_dictionary(&header, view))
        return false;
    view->data = bytes + start + header_length;
    return check_size(length - start - header_length, path, view, failure);
}

static double element(const NpyView *view, size_t at)
{
    uint64_t bits = bytes_to_bits(view->data + at * view->size, view->size, view->big_endian);
    if (view->kind == 'f')
        return view->size == 8   ? double_from_bits(bits)
               : view->size == 4 ? (double)float_from_bits((uint32_t)bits)
                                 : (double)float_from_half_bits((uint32_t)bits);
    if (view->kind == 'b')
        return bits != 0;
    if (view->kind == 'i') {
        uint64_t sign = (uint64_t)1 << (8 * view->size - 1);
        return bits & sign ? -(double)(~(bits | ~(sign | (sign - 1))) + 1) : (double)bits;
    }
    return (double)bits;
}

/* Steps through the indices of an array, last axis fastest, and gives where each element lies. */
typedef struct Walk {
    uint64_t index[NPY_RANK_MAX];
    size_t stride[NPY_RANK_MAX];
    size_t at;
} Walk;

static void start_walk(const NpyView *view, Walk *walk)
{
    size_t stride = 1;
    *walk = (Walk){0};
    for (int i = 0; i < view->rank; i++) {
        int axis = view->columns_first ? i : view->rank - 1 - i;
        walk->stride[axis] = stride;
        stride *= (size_t)view->shape[axis];
    }
}

static void step_walk(const NpyView *view, Walk *walk)
{
    for (int axis = view->rank - 1; axis >= 0; axis--) {
        walk->at += walk->stride[axis];
        if (++walk->index[axis] < view->shape[axis])
            return;
        walk->at -= walk->stride[axis] * (size_t)view->shape[axis];
        walk->index[axis] = 0;
    }
}

void npy_to_float(const NpyView *view, float *values)
{
    Walk walk;
    start_walk(view, &walk);
    for (size_t i = 0; i < view->count; i++) {
        values[i] = (float)element(view, walk.at);
        step_walk(view, &walk);
    }
}

void npy_to_double(const NpyView *view, double *values)
{
    Walk walk;
    start_walk(view, &walk);
    for (size_t i = 0; i < view->count; i++) {
        values[i] = element(view, walk.at);
        step_walk(view, &walk);
    }
}
