/* SPDX-License-Identifier: MIT */
/* Pieces of a configuration. Every move of elements is a slice where the elements lie side by side, else a gather. */
#include "compiler/lower/pieces.h"

#include <string.h>

Pieces pieces_start(Arena *arena, IrId x, int64_t dimension)
{
    Pieces pieces = {.arena = arena, .dimension = dimension, .count = 1};
    pieces.pieces[0] = (Piece){x, dimension, ARENA_ARRAY(arena, int64_t, dimension)};
    for (int64_t i = 0; i < dimension; i++)
        pieces.pieces[0].components[i] = i;
    return pieces;
}

void pieces_permute(Pieces *pieces, const int64_t *order, bool inverse)
{
    int64_t *places = NULL;
    if (!inverse) { /* the component that was order[i] is now i */
        places = ARENA_ARRAY(pieces->arena, int64_t, pieces->dimension);
        for (int64_t i = 0; i < pieces->dimension; i++)
            places[order[i]] = i;
    }
    for (int p = 0; p < pieces->count; p++)
        for (int64_t i = 0; i < pieces->pieces[p].count; i++) {
            int64_t *component = &pieces->pieces[p].components[i];
            *component = inverse ? order[*component] : places[*component];
        }
}

static bool is_rising(const Piece *piece)
{
    for (int64_t i = 1; i < piece->count; i++)
        if (piece->components[i] < piece->components[i - 1])
            return false;
    return true;
}

/* The elements `table` of `value`, which has `size`. */
static IrId take(IrBuilder *builder, IrId value, int64_t size, int64_t count, const int64_t *table)
{
    bool run = true;
    for (int64_t i = 0; i < count; i++)
        run = run && table[i] == table[0] + i;
    if (run && count == size)
        return value;
    return run ? ir_slice(builder, value, 0, table[0], count) : ir_gather(builder, value, 0, count, table);
}

/* All components in one piece, in the order of pieces that is rising if there is one. */
static Piece whole(IrBuilder *builder, const Pieces *pieces)
{
    const Piece *first = &pieces->pieces[0], *second = &pieces->pieces[1];
    if (pieces->count == 1)
        return *first;
    if (first->components[0] > second->components[0]) {
        first = second;
        second = &pieces->pieces[0];
    }
    Piece result = {.count = pieces->dimension, .components = ARENA_ARRAY(pieces->arena, int64_t, pieces->dimension)};
    IrId values[] = {first->value, second->value};
    result.value = ir_concat(builder, 0, 2, values);
    memcpy(result.components, first->components, (size_t)first->count * sizeof(int64_t));
    memcpy(result.components + first->count, second->components, (size_t)second->count * sizeof(int64_t));
    return result;
}

/* Of a piece, the components that are wanted, in rising order. */
static Piece part(IrBuilder *builder, const Pieces *pieces, const Piece *from, const bool *passes, bool wanted)
{
    int64_t *places = ARENA_ARRAY(pieces->arena, int64_t, pieces->dimension); /* where each is, plus 1 */
    int64_t *table = ARENA_ARRAY(pieces->arena, int64_t, from->count);
    Piece result = {.components = ARENA_ARRAY(pieces->arena, int64_t, from->count)};
    for (int64_t i = 0; i < from->count; i++)
        places[from->components[i]] = i + 1;
    for (int64_t c = 0; c < pieces->dimension; c++)
        if (places[c] > 0 && passes[c] == wanted) {
            table[result.count] = places[c] - 1;
            result.components[result.count++] = c;
        }
    result.value = take(builder, from->value, from->count, result.count, table);
    return result;
}

static bool all_are(const Piece *piece, const bool *passes, bool wanted)
{
    for (int64_t i = 0; i < piece->count; i++)
        if (passes[piece->components[i]] != wanted)
            return false;
    return true;
}

void pieces_split(IrBuilder *builder, Pieces *pieces, const bool *passes)
{
    for (int first = 0; first < 2 && pieces->count == 2; first++) {
        Piece a = pieces->pieces[first], b = pieces->pieces[1 - first];
        if (!all_are(&a, passes, true) || !all_are(&b, passes, false))
            continue;
        pieces->pieces[0] = is_rising(&a) ? a : part(builder, pieces, &a, passes, true);
        pieces->pieces[1] = is_rising(&b) ? b : part(builder, pieces, &b, passes, false);
        return;
    }
    Piece all = whole(builder, pieces);
    pieces->pieces[0] = part(builder, pieces, &all, passes, true);
    pieces->pieces[1] = part(builder, pieces, &all, passes, false);
    pieces->count = 2;
}

IrId pieces_pick(IrBuilder *builder, const Pieces *pieces, const Piece *piece, IrId vector)
{
    return take(builder, vector, pieces->dimension, piece->count, piece->components);
}

IrId pieces_join(IrBuilder *builder, const Pieces *pieces)
{
    Piece all = whole(builder, pieces);
    int64_t *table = ARENA_ARRAY(pieces->arena, int64_t, pieces->dimension);
    for (int64_t i = 0; i < pieces->dimension; i++)
        table[all.components[i]] = i;
    return take(builder, all.value, pieces->dimension, pieces->dimension, table);
}
