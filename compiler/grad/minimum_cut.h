/* SPDX-License-Identifier: MIT */
/* Minimum cuts of directed graphs with whole capacities, by maximum flow. */
#ifndef COMPILER_GRAD_MINIMUM_CUT_H
#define COMPILER_GRAD_MINIMUM_CUT_H

#include "compiler/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct FlowGraph FlowGraph;

/* Larger than any sum of finite capacities may be; a cut goes through no such edge where it can do without. */
#define FLOW_UNBOUNDED (INT64_MAX / 4)

FlowGraph *flow_graph_new(Arena *arena, int nodes);
void flow_graph_edge(FlowGraph *graph, int from, int to, int64_t capacity);
/* The value of the maximum flow. `side` (as many as nodes) is set for the nodes on the source's side of the minimum
 * cut that lies nearest to the source. Uses up the capacities. */
int64_t flow_graph_cut(FlowGraph *graph, int source, int sink, bool *side);

#endif
