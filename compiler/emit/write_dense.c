/* SPDX-License-Identifier: MIT */
/* Dense contractions in C: a kernel that goes tile by tile, with the elementwise ops after it applied to the
 * accumulators before they are stored. Kernels are named for their shape and written once: their parameters have names
 * of their own, so that equal work has equal text. */
#include "compiler/emit/expression.h"

#include <string.h>

/* Sums of so few products are made row by row, without a whole tile's accumulators, and not kept in memory. */
enum { SHORT_INNER = 8 };

typedef struct Kernel {
    Writer *writer;
    const Group *group;
    Identifiers identifiers;
    Text parameters; /* ", const real *x, ..." */
    Text names;      /* ", x, ..." */
    Text arguments;  /* what the caller passes */
    Text body;
    bool blas;                       /* OpenBLAS makes the product, where the first result then goes */
    bool by_rows;                    /* row by row, so that an elementary function has room for its constants */
    bool kept;                       /* with blocks another kernel makes the sums, where the first result then goes */
    const char *product;             /* the call that makes product or sums, or "" */
    const char **loads, **variables; /* addresses read in the epilogue, and where they are */
    int load_count, load_room;
} Kernel;

static void add_parameter(Kernel *kernel, const char *type, const char *name, const char *argument)
{
    text_print(&kernel->parameters, ", %s%s", type, name);
    text_print(&kernel->names, ", %s", name);
    text_print(&kernel->arguments, "%s%s", kernel->arguments.length > 0 ? ", " : "", argument);
}

/* What the caller passes: an address, moved on for each position. */
static const char *moving(const Kernel *kernel, const char *address, int64_t stride, bool sample)
{
    Arena *arena = kernel->writer->arena;
    if (kernel->group->dense->positions == 1 || stride == 0)
        return address;
    const char *step = stride == 1 ? "p" : arena_print(arena, "p * %lld", (long long)stride);
    return arena_print(arena, sample ? "%s + %s * BLOCK" : "%s + %s", address, step);
}

static int group_number(const Kernel *kernel)
{
    return 1 + (int)(kernel->group - kernel->writer->plan->groups);
}

/* ---- the epilogue --------------------------------------------------------------------------------------------------
 */

static const IrOp *op_at(const Kernel *kernel, int i)
{
    return &kernel->writer->plan->function->ops[kernel->group->ops[i]];
}

static void count_uses(const Kernel *kernel)
{
    const Plan *plan = kernel->writer->plan;
    for (int i = 0; i < kernel->group->op_count; i++) {
        for (int k = 0; k < op_at(kernel, i)->operand_count && i > 0; k++) {
            Register *reg = &kernel->writer->registers[plan->views[op_at(kernel, i)->operands[k]].root];
            reg->uses += reg->group == group_number(kernel);
        }
        kernel->writer->registers[op_at(kernel, i)->results[0]] = (Register){.group = group_number(kernel)};
    }
}

static const char *load_expression(Kernel *kernel, IrId value, char how, const char *pointer)
{
    Arena *arena = kernel->writer->arena;
    const char *text = how == 'e'   ? arena_print(arena, "lanes_load(%s + TILE_ELEMENT(r, i, s, v))", pointer)
                       : how == 's' ? arena_print(arena, "load_sample(%s + TILE_SAMPLE(s, v))", pointer)
                                    : arena_print(arena, "load_feature(%s + TILE_ROW(r, i, v))", pointer);
    bool boolean = ir_type_of(kernel->writer->plan->function, value)->element == IR_BOOL;
    return boolean ? arena_print(arena, "lanes_is_true(%s)", text) : text;
}

/* A value that the epilogue reads from memory, at the accumulator; read once. */
static Term load_operand(Kernel *kernel, IrId value)
{
    Writer *writer = kernel->writer;
    const Plan *plan = writer->plan;
    int64_t offset;
    char how = plan_dense_reads(plan, kernel->group->dense, value, writer->group, &offset);
    Read read = plan_read(plan, value, plan_is_sample(plan, value), writer->group);
    const IrType *type = ir_type_of(plan->function, value);
    const char *address = how == '1' ? writer_scalar(writer, value) : writer_slot_address(writer, read.slot, offset);
    const char *key = arena_print(writer->arena, "%c%d%s", how, type->element == IR_BOOL, address);
    for (int i = 0; i < kernel->load_count; i++)
        if (strcmp(kernel->loads[i], key) == 0)
            return term_primary(kernel->variables[i], how == '1');
    const char *name = identifiers_new(&kernel->identifiers, "other"), *variable = name;
    if (how == '1') {
        add_parameter(kernel, "const real ", name, address);
        if (type->element == IR_BOOL)
            variable = arena_print(writer->arena, "lanes_is_true(lanes_splat(%s))", name);
    } else {
        add_parameter(kernel, "const real *", name,
                      moving(kernel, address, how == 'e' ? kernel->group->dense->rows : 0, true));
        variable = identifiers_new(&kernel->identifiers, "other_i");
        text_print(&kernel->body, "            const %s %s = %s;\n", type->element == IR_BOOL ? "lanes_int" : "lanes",
                   variable, load_expression(kernel, value, how, name));
    }
    if (kernel->load_count == kernel->load_room) {
        size_t old = (size_t)kernel->load_count, room = old * 2 + 8;
        kernel->loads = arena_grow(writer->arena, kernel->loads, old, room, sizeof *kernel->loads);
        kernel->variables = arena_grow(writer->arena, kernel->variables, old, room, sizeof *kernel->variables);
        kernel->load_room = (int)room;
    }
    kernel->loads[kernel->load_count] = key;
    kernel->variables[kernel->load_count++] = variable;
    return term_primary(variable, how == '1' && type->element != IR_BOOL);
}

static Term operand_term(Kernel *kernel, IrId value)
{
    const Plan *plan = kernel->writer->plan;
    const Register *reg = &kernel->writer->registers[plan->views[value].root];
    double number;
    if (reg->group == group_number(kernel))
        return reg->term;
    if (!plan_literal(plan, value, &number))
        return load_operand(kernel, value);
    if (ir_type_of(plan->function, value)->element == IR_BOOL)
        return term_primary(number != 0 ? "lanes_true()" : "lanes_false()", false);
    return term_primary(writer_number(kernel->writer, number), true);
}

static void store(Kernel *kernel, IrId value, Term term)
{
    Writer *writer = kernel->writer;
    if (writer->plan->places[value].kind == PLACE_NONE)
        return;
    const char *name = identifiers_new(&kernel->identifiers, "result");
    add_parameter(kernel, "real *", name,
                  moving(kernel, writer_slot_address(writer, value, 0), kernel->group->dense->rows, true));
    bool boolean = ir_type_of(writer->plan->function, value)->element == IR_BOOL;
    const char *text = term_argument(writer->arena, term, true);
    if (boolean)
        text = arena_print(writer->arena, "lanes_select(%s, lanes_splat(REAL(1.0)), lanes_splat(REAL(0.0)))", text);
    text_print(&kernel->body, "            store_each(%s + TILE_ELEMENT(r, i, s, v), %s, TILE_LEFT(rows, v));\n", name,
               text);
}

static Term bind(Kernel *kernel, IrId value, Term term, const char *noun)
{
    const char *name = identifiers_new(&kernel->identifiers, arena_print(kernel->writer->arena, "%s_i", noun));
    bool boolean = ir_type_of(kernel->writer->plan->function, value)->element == IR_BOOL;
    text_print(&kernel->body, "            const %s %s = %s;\n", boolean ? "lanes_int" : "lanes", name,
               term_argument(kernel->writer->arena, term, true));
    return term_primary(name, false);
}

static void write_epilogue(Kernel *kernel)
{
    Writer *writer = kernel->writer;
    count_uses(kernel);
    for (int i = 0; i < kernel->group->op_count; i++) {
        const IrOp *op = op_at(kernel, i);
        IrId result = op->results[0];
        Register *reg = &writer->registers[result];
        bool stored = writer->plan->places[result].kind != PLACE_NONE;
        Term term, operands[3];
        if (i == 0) {
            term = term_primary("tile.value[i][v]", false);
        } else {
            for (int k = 0; k < op->operand_count && k < 3; k++)
                operands[k] = operand_term(kernel, op->operands[k]);
            term = write_expression(writer, op, operands, true);
        }
        if (reg->uses >= 2 || (reg->uses == 1 && (stored || strlen(term.text) > 76)))
            term = bind(kernel, result, term, i == 0 ? "sum" : ir_op_text(op->code));
        reg->term = term;
        store(kernel, result, term);
    }
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static const char *activation_name(const Kernel *kernel)
{
    for (int i = 1; i < kernel->group->op_count; i++) {
        IrOpcode code = kernel->writer->plan->function->ops[kernel->group->ops[i]].code;
        if (ir_op_is(code, IR_ACTIVATION))
            return arena_print(kernel->writer->arena, "_%s", ir_op_text(code));
    }
    return kernel->group->op_count > 1 ? "_then" : "";
}

/* Whether the kernel asks WEIGHT_STRIDES how its matrix lies. So does one that is for blocks alone, where the answer is
 * always row-major: equal work of the model and of a training step has equal text. */
static bool is_transposed(const Kernel *kernel)
{
    const Plan *plan = kernel->writer->plan;
    const Dense *dense = kernel->group->dense;
    if (packing_is_blocks_only(kernel->writer->packing, plan->function))
        return dense->row_stride == dense->inner && dense->inner_stride == 1;
    const IrValue *matrix = &plan->function->values[kernel->group->dense->matrix];
    return matrix->op < 0 && packing_transposed_rows(kernel->writer->packing, plan->function, matrix->result) > 0;
}

/* Whether OpenBLAS makes the product: a wide one, whose strides are those of a matrix. */
static bool is_for_blas(const Writer *writer, const Dense *dense)
{
    const int64_t columns = dense->inner, rows = dense->rows;
    bool row_major = dense->inner_stride == 1 && dense->row_stride >= columns;
    bool transposed = dense->row_stride == 1 && dense->inner_stride >= rows;
    return writer->parts->blas && rows * columns > BLAS_ELEMENTS && (row_major || transposed) &&
           dense->x_inner_stride >= 1;
}

/* Whether the product is made by columns of a wide matrix, before all tiles. */
static bool is_by_columns(const Dense *dense)
{
    return dense->row_stride == 1 && dense->inner_stride >= dense->rows && dense->rows >= BLOCK_SAMPLES &&
           dense->rows * dense->inner >= COLUMN_ELEMENTS && dense->x_inner_stride >= 1 &&
           dense->start_kind == START_NUMBER;
}

static void begin_by_columns(Kernel *kernel, Text *head)
{
    const Dense *dense = kernel->group->dense;
    const char *start = writer_number(kernel->writer, dense->start_number);
    text_print(head,
               "    Tile tile;\n    tile_transposed(&tile, rows, %lld, matrix, r, %lld, x, s, %lld, %s, result);\n",
               (long long)dense->inner, (long long)dense->inner_stride, (long long)dense->x_inner_stride, start);
    kernel->product =
        arena_print(kernel->writer->arena, "    dense_transposed(%lld, %lld, matrix, %lld, x, %lld, %s, result);\n",
                    (long long)dense->rows, (long long)dense->inner, (long long)dense->inner_stride,
                    (long long)dense->x_inner_stride, start);
}

/* The accumulators: sums that are there, or their start and the product. */
static void begin_tile(Kernel *kernel, Text *head)
{
    Writer *writer = kernel->writer;
    const Dense *dense = kernel->group->dense;
    const char *indent = kernel->kept ? "        " : "    ";
    text_put(head, "    Tile tile;\n");
    if (kernel->kept)
        text_put(head, "    if (TILES_ARE_KEPT) {\n        tile_load(&tile, rows, result, r, s);\n    } else {\n");
    if (dense->start_kind == START_NUMBER) {
        text_print(head, "%stile_start_number(&tile, rows, %s);\n", indent, writer_number(writer, dense->start_number));
    } else {
        bool each = dense->start_kind == START_EACH;
        Read start = plan_read(writer->plan, dense->start, each, writer->group);
        add_parameter(
            kernel, "const real *", "start",
            moving(kernel, writer_slot_address(writer, start.slot, dense->start_offset), each ? dense->rows : 0, each));
        text_print(head,
                   each ? "%stile_start_each(&tile, rows, start, r, s);\n"
                        : "%stile_start_rows(&tile, rows, start, r);\n",
                   indent);
    }
    const char *strides =
        is_transposed(kernel)
            ? arena_print(writer->arena, "WEIGHT_STRIDES(%lld, %lld)", (long long)dense->rows, (long long)dense->inner)
            : arena_print(writer->arena, "%lld, %lld", (long long)dense->row_stride, (long long)dense->inner_stride);
    text_print(head, "%stile_%s(&tile, rows, %lld, matrix, r, %s, x, s, %lld%s);\n%s", indent,
               kernel->blas ? "product" : "multiply", (long long)dense->inner, strides,
               (long long)dense->x_inner_stride, kernel->blas ? ", result" : "", kernel->kept ? "    }\n" : "");
    if (kernel->blas)
        kernel->product =
            arena_print(writer->arena, "    blas_dense(%lld, %lld, matrix, %s, x, %lld, result);\n",
                        (long long)dense->rows, (long long)dense->inner, strides, (long long)dense->x_inner_stride);
}

static void begin_kernel(Kernel *kernel, Text *head)
{
    Writer *writer = kernel->writer;
    const Dense *dense = kernel->group->dense;
    Read matrix = plan_read(writer->plan, dense->matrix, false, writer->group);
    Read x = plan_read(writer->plan, dense->x, true, writer->group);
    add_parameter(kernel, "const real *", "matrix", writer_slot_address(writer, matrix.slot, dense->matrix_offset));
    add_parameter(kernel, "const real *", "x",
                  moving(kernel, writer_slot_address(writer, x.slot, dense->x_offset), dense->x_position_stride, true));
    if (!kernel->blas && !kernel->kept && is_by_columns(dense))
        begin_by_columns(kernel, head);
    else
        begin_tile(kernel, head);
    text_put(head,
             "    UNROLL(TILE_ROWS)\n    for (int i = 0; i < TILE_COUNT(rows); i++)\n        UNROLL(TILE_VECTORS)\n"
             "        for (int v = 0; v < TILE_USED(rows); v++) {\n");
}

/* Adds the kernel to the package, if none is like it. */
static const char *kernel_name(Kernel *kernel, const Text *head)
{
    Writer *writer = kernel->writer;
    SharedParts *parts = writer->parts;
    const Dense *dense = kernel->group->dense;
    long long rows = (long long)dense->rows, inner = (long long)dense->inner;
    const char *key =
        arena_print(writer->arena, "dense %lld%s%s%s", rows, kernel->parameters.bytes, head->bytes, kernel->body.bytes);
    const char *name = shared_parts_find(parts, key);
    if (name != NULL)
        return name;
    const char *base = arena_print(writer->arena, "dense_%lldx%lld%s", rows, inner, activation_name(kernel));
    name = shared_parts_name(parts, key, base);
    Text *out = &parts->kernels;
    text_print(out, "\n/* %lld x %lld: sum_k matrix[r][k] x[k] from its start, %s%s */\n", rows, inner,
               kernel->blas ? "by OpenBLAS" : "k = 0, 1, 2, ...",
               kernel->group->op_count > 1 ? ", and what is done with it" : "");
    text_print(out,
               "static ALWAYS_INLINE void %s_tile(const int rows, const int r, const int s%s)\n{\n%s%s        }\n}\n",
               name, kernel->parameters.bytes, head->bytes, kernel->body.bytes);
    text_print(out, "static BY_ITSELF void %s(%s)\n{\n%s    %s(%lld, %s_tile%s);\n}\n", name,
               kernel->parameters.bytes + 2, kernel->product, kernel->by_rows ? "DENSE_ROWS" : "DENSE_TILES", rows,
               name, kernel->names.bytes);
    return name;
}

static Kernel kernel_start(Writer *writer, const Group *group)
{
    Arena *arena = writer->arena;
    Kernel kernel = {.writer = writer, .group = group, .product = ""};
    kernel.identifiers = identifiers_start(arena, NULL);
    kernel.parameters = text_start(arena);
    kernel.names = text_start(arena);
    kernel.arguments = text_start(arena);
    kernel.body = text_start(arena);
    static const char *const own[] = {"rows", "r", "v", "matrix", "x", "start"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        identifiers_add(&kernel.identifiers, own[i]);
    return kernel;
}

/* The constants of an elementary function would take registers that the accumulators need: the compiler moves them out
 * of the loop over tiles. */
static bool has_function(const Kernel *kernel)
{
    for (int i = 1; i < kernel->group->op_count; i++)
        if (ir_op_is(op_at(kernel, i)->code, IR_FUNCTION))
            return true;
    return false;
}

/* The kernel of the sums alone, and its call. */
static const char *sums_call(Writer *writer, const Group *group)
{
    Group alone = *group;
    alone.op_count = 1;
    Kernel kernel = kernel_start(writer, &alone);
    Text head = text_start(writer->arena);
    begin_kernel(&kernel, &head);
    add_parameter(&kernel, "real *", "result", "");
    text_put(&kernel.body,
             "            store_each(result + TILE_ELEMENT(r, i, s, v), tile.value[i][v], TILE_LEFT(rows, v));\n");
    const char *name = kernel_name(&kernel, &head);
    return arena_print(writer->arena, "    if (TILES_ARE_KEPT)\n        %s(%s);\n", name, kernel.names.bytes + 2);
}

void write_dense_group(Writer *writer, const Group *group)
{
    Kernel kernel = kernel_start(writer, group);
    Text head = text_start(writer->arena);
    kernel.blas = is_for_blas(writer, group->dense);
    kernel.by_rows = !kernel.blas && has_function(&kernel);
    kernel.kept = kernel.by_rows && group->dense->inner > SHORT_INNER;
    if (kernel.kept)
        kernel.product = sums_call(writer, group);
    begin_kernel(&kernel, &head);
    write_epilogue(&kernel);
    const char *name = kernel_name(&kernel, &head);
    if (group->dense->positions > 1) {
        writer_line(writer, "for (int p = 0; p < %lld; p++)", (long long)group->dense->positions);
        writer->indent++;
    }
    writer_line(writer, "%s(%s);", name, kernel.arguments.bytes);
    if (group->dense->positions > 1)
        writer->indent--;
}
