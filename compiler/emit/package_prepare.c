/* SPDX-License-Identifier: MIT */
/* The weights as one sample at a time reads them: the block in which each tensor begins at a cache line, and has the room
 * that it takes in panels (runtime/core/contract.h) whatever the lanes are; and the function that fills it. */
#include "compiler/emit/package_parts.h"

/* Reals of a cache line, and of the widest vector. */
enum { LINE = 16 };

/* Rows that do not fill a vector take the room of the next power of two. */
static int64_t padded_rows(int64_t rows)
{
    int64_t left = rows % LINE, padded = left > 0;
    while (padded < left)
        padded *= 2;
    return rows - left + padded;
}

/* A tensor's room, whichever of its leading axes are taken as the rows of a matrix. */
static int64_t prepared_room(const IrType *type)
{
    int64_t count = ir_type_count(type), room = count, rows = 1;
    for (int i = 0; i < type->rank; i++) {
        rows *= type->size[i];
        int64_t taken = count / rows * padded_rows(rows);
        room = taken > room ? taken : room;
    }
    return (room + LINE - 1) / LINE * LINE;
}

const int64_t *package_prepared_offsets(Arena *arena, const Program *program)
{
    int64_t *offsets = ARENA_ARRAY(arena, int64_t, program->tensor_count + 1);
    for (int i = 0; i < program->tensor_count; i++)
        offsets[i + 1] = offsets[i] + prepared_room(&program->tensors[i].type);
    return offsets;
}

int64_t package_one_weights(const Program *program)
{
    int64_t count = LINE; /* a vector that begins at the last weight is read whole */
    for (int i = 0; i < program->tensor_count; i++)
        count += prepared_room(&program->tensors[i].type);
    return count;
}

/* The rows of each tensor that stands in panels, or 0. */
static int64_t *find_rows(const PackageWriter *writer)
{
    int64_t *rows = ARENA_ARRAY(writer->arena, int64_t, writer->program->tensor_count + 1);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        const ProgramEntry *entry = &writer->program->entries[kind];
        if (!package_has(writer, kind) || !package_has_one(package_file_of(kind)))
            continue;
        for (int i = 0; i < entry->tensor_count; i++)
            if (rows[entry->tensor_inputs[i]] == 0)
                rows[entry->tensor_inputs[i]] = packing_transposed_rows(writer->packing, entry->function, i);
    }
    return rows;
}

void package_put_prepare(PackageWriter *writer, Text *out)
{
    const Program *program = writer->program;
    const int64_t *rows = find_rows(writer);
    text_put(
        out,
        "\n#if ANSATZ_BLOCK == 1\n\n/* The weights as one sample at a time reads them: in vector lanes, each tensor "
        "from a cache line on, matrices by\n * columns. */\n"
        "void MODEL(prepare)(const real *weights, real *prepared)\n{\n");
    text_put(out, program->tensor_count > 0 ? "#if LANES > 1\n" : "");
    for (int i = 0; i < program->tensor_count; i++) {
        const ProgramTensor *tensor = &program->tensors[i];
        long long count = (long long)ir_type_count(&tensor->type), from = (long long)tensor->offset;
        long long to = (long long)writer->prepared[i];
        if (rows[i] > 0)
            text_print(out, "    prepare_matrix(weights + %lld, %lld, %lld, prepared + %lld); /* %s */\n", from,
                       (long long)rows[i], count / (long long)rows[i], to, tensor->name);
        else
            text_print(out, "    copy_reals(prepared + %lld, weights + %lld, %lld);\n", to, from, count);
    }
    text_print(out, "%s    copy_reals(prepared, weights, %lld);\n%s}\n\n#endif\n",
               program->tensor_count > 0 ? "#else\n" : "", (long long)program->weight_count,
               program->tensor_count > 0 ? "#endif\n" : "");
}
