/* SPDX-License-Identifier: MIT */
/* Products with matrices that are zero beyond a staircase: triangles, and the masks of autoregressive nets. The rows
 * are done in blocks, each with the columns that it needs alone, so that next to nothing is multiplied by zero. */
#include "compiler/lower/staircase.h"

/* Rows of a block at least, so that the kernel has enough of them; and blocks of a matrix at most. */
enum { BLOCK_ROWS = 8, BLOCKS_MAX = 16 };

static bool is_kept(const Staircase *stairs, int64_t row, int64_t column)
{
    int64_t row_key = stairs->row_keys[row], column_key = stairs->column_keys[column];
    return stairs->above ? column_key >= row_key : column_key <= row_key;
}

static IrId keys(IrBuilder *builder, const int64_t *list, int64_t start, int64_t count)
{
    double *data = ARENA_ARRAY(builder->function->module->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (double)list[start + i];
    return ir_constant_array(builder, ir_type(IR_INT, IR_KIND_CONSTANT, 1, &count), data);
}

/* A part of the matrix, as it is, and the first row and column that it is of. */
static IrId masked_part(IrBuilder *builder, const Staircase *stairs, IrId part, int64_t row, int64_t column)
{
    static const int64_t ROWS[] = {0}, COLUMNS[] = {1};
    IrType type = *ir_type_of(builder->function, part), shape = ir_type(IR_INT, IR_KIND_CONSTANT, 2, type.size);
    IrId rows = ir_broadcast(builder, keys(builder, stairs->row_keys, row, type.size[0]), &shape, ROWS);
    IrId columns = ir_broadcast(builder, keys(builder, stairs->column_keys, column, type.size[1]), &shape, COLUMNS);
    IrId kept = ir_binary(builder, IR_LESS_EQUAL, stairs->above ? rows : columns, stairs->above ? columns : rows);
    return ir_select(builder, kept, part, ir_zeros(builder, &type));
}

IrId staircase_masked(IrBuilder *builder, const Staircase *stairs, IrId matrix)
{
    return masked_part(builder, stairs, matrix, 0, 0);
}

/* A block of rows, from its first to before its last, and the columns that any of them needs. */
typedef struct Block {
    int64_t first, last, first_column, last_column;
    bool is_full; /* every row needs all of those columns */
} Block;

/* The block that begins at a row: all rows of one key, more keys while it is small. */
static Block block_at(const Staircase *stairs, int64_t first, int64_t least)
{
    Block block = {.first = first, .last = first + 1, .last_column = stairs->columns};
    while (block.last < stairs->rows &&
           (block.last - first < least || stairs->row_keys[block.last] == stairs->row_keys[block.last - 1]))
        block.last++;
    int64_t widest = stairs->above ? first : block.last - 1, narrowest = stairs->above ? block.last - 1 : first;
    while (block.first_column < block.last_column && !is_kept(stairs, widest, block.first_column))
        block.first_column++;
    while (block.last_column > block.first_column && !is_kept(stairs, widest, block.last_column - 1))
        block.last_column--;
    block.is_full = block.first_column == block.last_column || (is_kept(stairs, narrowest, block.first_column) &&
                                                                is_kept(stairs, narrowest, block.last_column - 1));
    return block;
}

static IrId rows_of(IrBuilder *builder, IrId value, int64_t first, int64_t last)
{
    bool whole = first == 0 && last == ir_type_of(builder->function, value)->size[0];
    return whole ? value : ir_slice(builder, value, 0, first, last - first);
}

static IrId apply_block(IrBuilder *builder, const Staircase *stairs, const Block *block, IrId matrix, IrId x,
                        IrId start)
{
    IrId part = rows_of(builder, matrix, block->first, block->last);
    start = rows_of(builder, start, block->first, block->last);
    if (block->first_column == block->last_column)
        return start;
    if (block->last_column - block->first_column < stairs->columns)
        part = ir_slice(builder, part, 1, block->first_column, block->last_column - block->first_column);
    if (!block->is_full)
        part = masked_part(builder, stairs, part, block->first, block->first_column);
    x = rows_of(builder, x, block->first_column, block->last_column);
    return ir_contract(builder, "ij,j->i", part, x, start);
}

IrId staircase_apply(IrBuilder *builder, const Staircase *stairs, IrId matrix, IrId x, IrId start)
{
    int64_t least = (stairs->rows + BLOCKS_MAX - 1) / BLOCKS_MAX;
    IrId *parts = ARENA_ARRAY(builder->function->module->arena, IrId, stairs->rows);
    int count = 0;
    for (int64_t row = 0; row < stairs->rows;) {
        Block block = block_at(stairs, row, least > BLOCK_ROWS ? least : BLOCK_ROWS);
        parts[count++] = apply_block(builder, stairs, &block, matrix, x, start);
        row = block.last;
    }
    return count == 1 ? parts[0] : ir_concat(builder, 0, count, parts);
}
