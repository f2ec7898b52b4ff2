/* SPDX-License-Identifier: MIT */
/* Dense contractions: which ops are one, and the kernel that does it tile by tile with the elementwise ops after it
 * applied to the accumulators before they are stored. Kernels with the same text are written once in a file. */
#include "compiler/emit/views.h"
#include "compiler/emit/writer.h"

#include <string.h>

/* ---- recognising ---------------------------------------------------------------------------------------------------- */

static int64_t letter_stride(const char *letters, char letter, const IrLabels *labels)
{
    const char *at = strchr(letters, letter);
    int64_t stride = 1;
    if (at == NULL)
        return 0;
    for (at++; *at != '\0'; at++)
        stride *= labels->size[(unsigned char)*at];
    return stride;
}

/* The positions are the letters of x that are not summed; they must lead the result in the same order, and go through x
 * with one stride: the summed letter stands first or last in x. */
static bool positions_agree(const char *x, const char *result, char summed, size_t position_count)
{
    size_t n = 0, length = strlen(x);
    if (x[0] != summed && x[length - 1] != summed)
        return false;
    for (const char *c = x; *c != '\0'; c++)
        if (*c != summed && result[n++] != *c)
            return false;
    return n == position_count;
}

bool plan_dense(const Plan *plan, const IrOp *op, Dense *dense)
{
    const IrFunction *function = plan->function;
    IrLabels labels;
    if (op->code != IR_CONTRACT)
        return false;
    bool a_sample = plan_is_sample(plan, op->operands[0]), b_sample = plan_is_sample(plan, op->operands[1]);
    if (a_sample == b_sample)
        return false;
    if (ir_labels_parse(op->labels, ir_type_of(function, op->operands[0]), ir_type_of(function, op->operands[1]), &labels))
        return false;
    const char *matrix = a_sample ? labels.b : labels.a, *x = a_sample ? labels.a : labels.b;
    if (strlen(labels.summed) != 1 || strlen(matrix) > 2 || strlen(matrix) == 0)
        return false;
    char summed = labels.summed[0], row = '\0';
    if (strchr(matrix, summed) == NULL || strchr(x, summed) == NULL)
        return false;
    for (const char *c = matrix; *c != '\0'; c++)
        if (*c != summed)
            row = *c;
    size_t result_rank = strlen(labels.result);
    if (row != '\0' && (result_rank == 0 || labels.result[result_rank - 1] != row || strchr(x, row) != NULL))
        return false;
    size_t position_count = result_rank - (row != '\0' ? 1 : 0);
    if (strlen(x) != position_count + 1 || !positions_agree(x, labels.result, summed, position_count))
        return false;
    *dense = (Dense){.matrix = op->operands[a_sample ? 1 : 0], .x = op->operands[a_sample ? 0 : 1], .start = -1};
    dense->rows = row != '\0' ? labels.size[(unsigned char)row] : 1;
    dense->inner = labels.size[(unsigned char)summed];
    dense->row_stride = row != '\0' ? letter_stride(matrix, row, &labels) : 0;
    dense->inner_stride = letter_stride(matrix, summed, &labels);
    dense->positions = 1;
    for (const char *c = x; *c != '\0'; c++)
        if (*c != summed)
            dense->positions *= labels.size[(unsigned char)*c];
    bool summed_first = x[0] == summed && position_count > 0;
    dense->x_inner_stride = summed_first ? dense->positions : 1;
    dense->x_position_stride = summed_first ? 1 : dense->inner;
    if (dense->rows == 0 || dense->inner == 0 || dense->positions == 0)
        return false;
    if (op->operand_count == 3) {
        const View *start = &plan->views[op->operands[2]];
        dense->start = op->operands[2];
        dense->start_per_row = !plan_is_sample(plan, op->operands[2]);
        if (dense->start_per_row) /* one real per row, the same at each position, side by side */
            for (int64_t i = 0; i < dense->positions * dense->rows; i++)
                if ((start->map == NULL ? i : start->map[i]) !=
                    (start->map == NULL ? 0 : start->map[0]) + i % dense->rows)
                    return false;
    }
    return true;
}

/* ---- the kernel's arguments -------------------------------------------------------------------------------------------- */

typedef struct Kernel {
    Writer *writer;
    const Dense *dense;
    Text parameters, arguments, tile_arguments, body;
    const char **registers;
    const char **loads, **names;
    int load_count;
    char **taken;
    int taken_count;
} Kernel;

static const char *kernel_identifier(Kernel *kernel, const char *hint)
{
    const char *name = hint;
    for (int n = 2;; n++) {
        bool taken = false;
        for (int i = 0; i < kernel->taken_count; i++)
            taken = taken || strcmp(kernel->taken[i], name) == 0;
        if (!taken)
            break;
        name = arena_print(kernel->writer->arena, "%s_%d", hint, n);
    }
    kernel->taken = arena_grow(kernel->writer->arena, kernel->taken, (size_t)kernel->taken_count,
                               (size_t)kernel->taken_count + 1, sizeof(char *));
    kernel->taken[kernel->taken_count++] = arena_copy_text(kernel->writer->arena, name, strlen(name));
    return name;
}

static const char *hint_of(const Kernel *kernel, IrId value)
{
    const Plan *plan = kernel->writer->plan;
    const char *hint = plan->function->values[value].name;
    if (hint == NULL)
        hint = plan->function->values[plan->views[value].root].name;
    char *clean = arena_copy_text(kernel->writer->arena, hint != NULL ? hint : "v", strlen(hint != NULL ? hint : "v"));
    for (char *c = clean; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return clean;
}

/* A pointer parameter of the kernel; `address` is what the caller passes, moved on by `stride` for each position. */
static const char *kernel_pointer(Kernel *kernel, const char *type, const char *hint, const char *address, int64_t stride,
                                  bool sample)
{
    const char *name = kernel_identifier(kernel, hint);
    text_print(&kernel->parameters, ", %sreal *%s", type, name);
    text_print(&kernel->tile_arguments, ", %s", name);
    text_print(&kernel->arguments, "%s%s", kernel->arguments.length > 0 ? ", " : "", address);
    if (kernel->dense->positions > 1 && stride != 0)
        text_print(&kernel->arguments, sample ? " + p * %lld * BLOCK" : " + p * %lld", (long long)stride);
    return name;
}

/* How an elementwise operand can be read at an accumulator: 'l' a literal, 'e' each element has its own, 's' one for each
 * sample, 'r' one for each row, '1' one for all. */
static bool operand_can_be_read(const Plan *plan, const Dense *dense, IrId value, int64_t *offset, char *how)
{
    const View *view = &plan->views[value];
    double number;
    int64_t count = dense->positions * dense->rows, stride;
    bool sample = plan_is_sample(plan, view->root);
    *offset = 0;
    *how = 'l';
    if (plan_literal(plan, value, &number))
        return true;
    if (ir_type_of(plan->function, value)->element == IR_BOOL)
        return false;
    if (map_is_affine(view->map, count, offset, &stride)) {
        if (stride == 0 && count > 1) {
            *how = sample ? 's' : '1';
            return true;
        }
        *how = sample ? 'e' : dense->positions == 1 ? 'r' : 'x';
        return *how != 'x' && (stride == 1 || count == 1);
    }
    if (sample)
        return false;
    *how = 'r';
    *offset = view->map[0];
    for (int64_t i = 0; i < count; i++)
        if (view->map[i] != *offset + i % dense->rows)
            return false;
    return true;
}

bool plan_dense_can_read(const Plan *plan, const IrOp *contraction, IrId value)
{
    Dense dense;
    int64_t offset;
    char how;
    return plan_dense(plan, contraction, &dense) && operand_can_be_read(plan, &dense, value, &offset, &how);
}

static const char *kernel_operand(Kernel *kernel, IrId value)
{
    Writer *writer = kernel->writer;
    const Plan *plan = writer->plan;
    const View *view = &plan->views[value];
    double number;
    int64_t offset;
    char how;
    if (writer->in_register[view->root] && view->map == NULL)
        return kernel->registers[view->root];
    if (plan_literal(plan, value, &number)) {
        if (ir_type_of(plan->function, value)->element == IR_BOOL)
            return number != 0 ? "lanes_true()" : "lanes_false()";
        return arena_print(writer->arena, "lanes_splat(%s)", writer_number(writer, number));
    }
    operand_can_be_read(plan, kernel->dense, value, &offset, &how);
    const char *address = writer_place_address(writer, &plan->places[view->root], view->root, offset);
    for (int i = 0; i < kernel->load_count; i++)
        if (strcmp(kernel->loads[i], address) == 0)
            return kernel->names[i];
    const char *hint = hint_of(kernel, value);
    const char *pointer = kernel_pointer(kernel, "const ", hint, address, how == 'e' ? kernel->dense->rows : 0, true);
    const char *name = kernel_identifier(kernel, arena_print(writer->arena, "%s_i", hint));
    text_print(&kernel->body, "            const lanes %s = ", name);
    if (how == 'e')
        text_print(&kernel->body, "load_each(%s + TILE_ELEMENT(r, i, s, v));\n", pointer);
    else if (how == 's')
        text_print(&kernel->body, "load_sample(%s + TILE_SAMPLE(s, v));\n", pointer);
    else if (how == 'r')
        text_print(&kernel->body, "load_feature(%s + TILE_ROW(r, i, v));\n", pointer);
    else
        text_print(&kernel->body, "lanes_splat(%s[0]);\n", pointer);
    kernel->loads = arena_grow(writer->arena, kernel->loads, (size_t)kernel->load_count, (size_t)kernel->load_count + 1,
                               sizeof(char *));
    kernel->names = arena_grow(writer->arena, kernel->names, (size_t)kernel->load_count, (size_t)kernel->load_count + 1,
                               sizeof(char *));
    kernel->loads[kernel->load_count] = address;
    kernel->names[kernel->load_count++] = name;
    return name;
}

static void kernel_store(Kernel *kernel, IrId value, const char *name)
{
    Writer *writer = kernel->writer;
    const Place *place = &writer->plan->places[value];
    if (place->kind == PLACE_NONE)
        return;
    const char *address = writer_place_address(writer, place, value, 0);
    const char *pointer = kernel_pointer(kernel, "", arena_print(writer->arena, "%s_out", hint_of(kernel, value)), address,
                                         kernel->dense->rows, true);
    text_print(&kernel->body, "            store_each(%s + TILE_ELEMENT(r, i, s, v), %s);\n", pointer, name);
}

/* ---- the kernel's text -------------------------------------------------------------------------------------------------- */

static void kernel_epilogue(Kernel *kernel, const Group *group)
{
    Writer *writer = kernel->writer;
    const IrFunction *function = writer->plan->function;
    const IrOp *contraction = &function->ops[group->ops[0]];
    const char *sum = kernel_identifier(kernel, arena_print(writer->arena, "%s_i", hint_of(kernel, contraction->results[0])));
    text_print(&kernel->body, "            const lanes %s = tile.value[i][v];\n", sum);
    kernel->registers[contraction->results[0]] = sum;
    writer->in_register[contraction->results[0]] = true;
    kernel_store(kernel, contraction->results[0], sum);
    for (int k = 1; k < group->op_count; k++) {
        const IrOp *op = &function->ops[group->ops[k]];
        const char *operands[3] = {NULL, NULL, NULL};
        for (int i = 0; i < op->operand_count && i < 3; i++)
            operands[i] = kernel_operand(kernel, op->operands[i]);
        IrId result = op->results[0];
        bool boolean = ir_type_of(function, result)->element == IR_BOOL;
        const char *name = kernel_identifier(kernel, arena_print(writer->arena, "%s_i", hint_of(kernel, result)));
        text_print(&kernel->body, "            const %s %s = %s;\n", boolean ? "lanes_int" : "lanes", name,
                   write_expression(writer, op, operands, true));
        kernel->registers[result] = name;
        writer->in_register[result] = true;
        kernel_store(kernel, result,
                     boolean ? arena_print(writer->arena,
                                           "lanes_select(%s, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)))", name)
                             : name);
    }
    for (int k = 0; k < group->op_count; k++)
        writer->in_register[function->ops[group->ops[k]].results[0]] = false;
}

static const char *epilogue_name(const Writer *writer, const Group *group)
{
    for (int k = 1; k < group->op_count; k++) {
        IrOpcode code = writer->plan->function->ops[group->ops[k]].code;
        if (code == IR_TANH || code == IR_SIGMOID || code == IR_SOFTPLUS || code == IR_ERF || code == IR_MAX)
            return arena_print(writer->arena, "_%s", ir_op_text(code));
    }
    return group->op_count > 1 ? "_fused" : "";
}

static const char *kernel_name(Writer *writer, const Group *group, const Dense *dense, const char *key)
{
    FileParts *parts = writer->parts;
    for (int i = 0; i < parts->kernel_count; i++)
        if (strcmp(parts->kernel_keys[i], key) == 0)
            return parts->kernel_names[i];
    const char *base = arena_print(writer->arena, "dense_%lldx%lld%s", (long long)dense->rows, (long long)dense->inner,
                                   epilogue_name(writer, group));
    const char *name = base;
    for (int n = 2;; n++) {
        bool taken = false;
        for (int i = 0; i < parts->kernel_count; i++)
            taken = taken || strcmp(parts->kernel_names[i], name) == 0;
        if (!taken)
            break;
        name = arena_print(writer->arena, "%s_%d", base, n);
    }
    if (parts->kernel_count == parts->kernel_room) {
        int room = parts->kernel_room * 2 + 16;
        parts->kernel_keys = arena_grow(writer->arena, parts->kernel_keys, (size_t)parts->kernel_count, (size_t)room,
                                        sizeof(char *));
        parts->kernel_names = arena_grow(writer->arena, parts->kernel_names, (size_t)parts->kernel_count, (size_t)room,
                                         sizeof(char *));
        parts->kernel_room = room;
    }
    parts->kernel_keys[parts->kernel_count] = key;
    parts->kernel_names[parts->kernel_count++] = name;
    const char *mark = strstr(key, "\n");
    text_print(&parts->kernels, "\n/* %lld x %lld: result[r] = start[r] + sum_k matrix[r][k] x[k], k = 0, 1, 2, ... */\n",
               (long long)dense->rows, (long long)dense->inner);
    text_print(&parts->kernels, "static ALWAYS_INLINE void %s_tile(const int rows, const int r, const int s%.*s)\n", name,
               (int)(mark - key), key);
    const char *body_end = strstr(mark + 1, "\n\f");
    text_add(&parts->kernels, mark + 1, (size_t)(body_end - mark));
    text_print(&parts->kernels, "static void %s(%.*s)\n{\n    DENSE_TILES(%lld, %s_tile%s);\n}\n", name, (int)(mark - key) - 2,
               key + 2, (long long)dense->rows, name, body_end + 2);
    return name;
}

void write_dense_group(Writer *writer, const Group *group)
{
    const IrFunction *function = writer->plan->function;
    const IrOp *op = &function->ops[group->ops[0]];
    Dense dense;
    plan_dense(writer->plan, op, &dense);
    Arena *arena = writer->arena;
    Kernel kernel = {.writer = writer, .dense = &dense};
    kernel.parameters = text_start(arena);
    kernel.arguments = text_start(arena);
    kernel.tile_arguments = text_start(arena);
    kernel.body = text_start(arena);
    kernel.registers = ARENA_ARRAY(arena, const char *, function->value_count + 1);
    kernel_identifier(&kernel, "rows");
    kernel_identifier(&kernel, "tile");
    static const char *const own[] = {"r", "s", "i", "v"};
    for (int k = 0; k < 4; k++)
        kernel_identifier(&kernel, own[k]);
    kernel_pointer(&kernel, "const ", "matrix", writer_address(writer, dense.matrix, false, 0), 0, false);
    kernel_pointer(&kernel, "const ", "x", writer_address(writer, dense.x, true, 0), dense.x_position_stride, true);
    const IrValue *matrix = &function->values[writer->plan->views[dense.matrix].root];
    bool stored = matrix->type.kind == IR_KIND_PARAMETER && matrix->op < 0 && dense.inner_stride == 1;
    Text head = text_start(arena);
    text_put(&head, "{\n    Tile tile;\n");
    if (dense.start < 0)
        text_put(&head, "    tile_start_zero(&tile, rows);\n");
    else
        kernel_pointer(&kernel, "const ", "start", writer_address(writer, dense.start, !dense.start_per_row, 0),
                       dense.start_per_row ? 0 : dense.rows, true);
    if (dense.start >= 0)
        text_print(&head, dense.start_per_row ? "    tile_start_rows(&tile, rows, start, r);\n"
                                              : "    tile_start_each(&tile, rows, start, r, s);\n");
    text_print(&head, "    tile_multiply(&tile, rows, %lld, matrix, r, %s, x, s, %lld);\n", (long long)dense.inner,
               stored ? arena_print(arena, "WEIGHT_STRIDES(%lld, %lld)", (long long)dense.rows, (long long)dense.inner)
                      : arena_print(arena, "%lld, %lld", (long long)dense.row_stride, (long long)dense.inner_stride),
               (long long)dense.x_inner_stride);
    text_put(&head, "    UNROLL(TILE_ROWS)\n    for (int i = 0; i < TILE_COUNT(rows); i++)\n        UNROLL(TILE_VECTORS)\n        for (int v = 0; v < TILE_VECTORS; v++) {\n");
    kernel_epilogue(&kernel, group);
    text_put(&kernel.body, "        }\n}\n");
    const char *key = arena_print(arena, "%s\n%s%s\n\f%s", kernel.parameters.bytes, head.bytes, kernel.body.bytes,
                                  kernel.tile_arguments.bytes);
    const char *name = kernel_name(writer, group, &dense, key);
    if (dense.positions > 1) {
        writer_line(writer, "for (int p = 0; p < %lld; p++)", (long long)dense.positions);
        writer->indent++;
    }
    writer_line(writer, "%s(%s);", name, kernel.arguments.bytes);
    if (dense.positions > 1)
        writer->indent--;
}
