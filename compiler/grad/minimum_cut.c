/* SPDX-License-Identifier: MIT */
/* Dinic's algorithm (Dinitz 1970): blocking flows along shortest paths, on the residual graph. The search for paths
 * keeps its own stack, since a path may be as long as a function has ops. */
#include "compiler/grad/minimum_cut.h"

typedef struct FlowEdge {
    int to, next; /* next: of the same tail, or -1 */
    int64_t capacity;
} FlowEdge;

struct FlowGraph {
    Arena *arena;
    int nodes, edges, room;
    FlowEdge *edge; /* edge i ^ 1 is the reverse of edge i */
    int *first;     /* by node */
    int *current;   /* by node: the first edge that is not used up in this phase */
    int *level;     /* by node: distance from the source, or -1 */
    int *queue;     /* in search, and the path's edges */
};

FlowGraph *flow_graph_new(Arena *arena, int nodes)
{
    FlowGraph *graph = ARENA_NEW(arena, FlowGraph);
    graph->arena = arena;
    graph->nodes = nodes;
    graph->first = ARENA_ARRAY(arena, int, nodes);
    graph->current = ARENA_ARRAY(arena, int, nodes);
    graph->level = ARENA_ARRAY(arena, int, nodes);
    graph->queue = ARENA_ARRAY(arena, int, nodes);
    for (int i = 0; i < nodes; i++)
        graph->first[i] = -1;
    return graph;
}

static void add_half(FlowGraph *graph, int from, int to, int64_t capacity)
{
    if (graph->edges == graph->room) {
        int room = graph->room * 2 + 64;
        graph->edge = arena_grow(graph->arena, graph->edge, (size_t)graph->edges, (size_t)room, sizeof graph->edge[0]);
        graph->room = room;
    }
    graph->edge[graph->edges] = (FlowEdge){to, graph->first[from], capacity};
    graph->first[from] = graph->edges++;
}

void flow_graph_edge(FlowGraph *graph, int from, int to, int64_t capacity)
{
    add_half(graph, from, to, capacity);
    add_half(graph, to, from, 0);
}

/* Distances from the source through edges that still have room. Is the sink reached? */
static bool find_levels(FlowGraph *graph, int source, int sink)
{
    int begin = 0, end = 0;
    for (int i = 0; i < graph->nodes; i++) {
        graph->level[i] = -1;
        graph->current[i] = graph->first[i];
    }
    graph->level[source] = 0;
    graph->queue[end++] = source;
    while (begin < end) {
        int node = graph->queue[begin++];
        for (int i = graph->first[node]; i >= 0; i = graph->edge[i].next) {
            int to = graph->edge[i].to;
            if (graph->edge[i].capacity > 0 && graph->level[to] < 0) {
                graph->level[to] = graph->level[node] + 1;
                graph->queue[end++] = to;
            }
        }
    }
    return graph->level[sink] >= 0;
}

/* Sends through the path of `length` edges what it can take; gives how many of its edges remain before the first full
 * one. */
static int send(FlowGraph *graph, const int *path, int length, int64_t *flow)
{
    int64_t least = INT64_MAX;
    int full = 0;
    for (int i = length - 1; i >= 0; i--) {
        if (graph->edge[path[i]].capacity <= least) {
            least = graph->edge[path[i]].capacity;
            full = i;
        }
    }
    for (int i = 0; i < length; i++) {
        graph->edge[path[i]].capacity -= least;
        graph->edge[path[i] ^ 1].capacity += least;
    }
    *flow += least;
    return full;
}

static int64_t blocking_flow(FlowGraph *graph, int source, int sink)
{
    int64_t flow = 0;
    int *path = graph->queue; /* the search is over */
    int length = 0;
    for (;;) {
        int node = length == 0 ? source : graph->edge[path[length - 1]].to;
        if (node == sink) {
            length = send(graph, path, length, &flow);
            continue;
        }
        int *current = &graph->current[node];
        while (*current >= 0 && (graph->edge[*current].capacity == 0 ||
                                 graph->level[graph->edge[*current].to] != graph->level[node] + 1))
            *current = graph->edge[*current].next;
        if (*current >= 0) {
            path[length++] = *current;
        } else if (length == 0) {
            return flow;
        } else {
            graph->level[node] = -1; /* no way on from here */
            length--;
        }
    }
}

int64_t flow_graph_cut(FlowGraph *graph, int source, int sink, bool *side)
{
    int64_t flow = 0;
    while (find_levels(graph, source, sink))
        flow += blocking_flow(graph, source, sink);
    for (int i = 0; i < graph->nodes; i++)
        side[i] = graph->level[i] >= 0;
    return flow;
}
