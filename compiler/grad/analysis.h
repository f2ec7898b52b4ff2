/* SPDX-License-Identifier: MIT */
/* What is known of a function before its derivative is built: which values a derivative flows through, and which
 * cotangents may be zero only because a branch was not taken. Also the caches that the files of grad/ share. */
#ifndef COMPILER_GRAD_ANALYSIS_H
#define COMPILER_GRAD_ANALYSIS_H

#include "compiler/grad/grad.h"
#include "compiler/grad/ranges.h"

struct GradCache {
    IrModule *module;
    Arena *arena;
    struct Dependence *dependences;
    struct VjpPair *pairs;
    struct InputGuards *input_guards;
    struct Tangent *tangents;
};

/* What a pair of forward and backward function is asked for. `guarded`: outputs whose cotangent may be zero because a
 * SELECT outside did not take them. `finite`: inputs that are finite where the function is applied, or else have made
 * something that was taken infinite or undefined before; the others may be anything where the function's results, or
 * some values inside, are not taken. `step`: the function is a scan's step with so many carried and sliced inputs; then
 * forward and backward are drafts outside the module, of which the scan's steps are made. */
typedef struct VjpKey {
    IrFunction *function;
    const bool *wanted, *seeded, *guarded, *finite;
    bool step;
    int carried, sliced;
} VjpKey;

typedef struct VjpPair {
    VjpKey key;
    GradVjp vjp;
    const struct ScanSteps *steps; /* of a step: see vjp_scan.c */
    struct VjpPair *next;
} VjpPair;

/* Makes the pair or finds it in the cache. */
VjpPair *vjp_pair(GradCache *cache, const VjpKey *key);

/* How an active CALL or SCAN is differentiated. */
typedef struct ProgramPlan {
    VjpKey key;
    VjpPair *pair;
    bool *operand_guarded; /* by operand of the op */
} ProgramPlan;

/* Everything by value of the function, but `programs` by op (NULL where it is no active CALL or SCAN). */
typedef struct Analysis {
    GradCache *cache;
    const IrFunction *function;
    bool *active;  /* depends on a wanted input and reaches a seeded output, through derivatives */
    bool *guarded; /* the cotangent may be zero because the value was not taken: 0 * inf must not become NaN */
    bool *finite;  /* is finite if the inputs are, overflow of sums and products aside; or is taken: if it is not
                    * finite, then what it was taken for is not, either */
    Range *ranges;
    ProgramPlan **programs;
    struct SharedNeeds *shared; /* of functions that are called here: see vjp_call.c */
} Analysis;

Analysis *analysis_new(const VjpKey *key, GradCache *cache);
/* By input: may the cotangent that comes out be zero only because a value was not taken? `finite` does not matter. */
const bool *grad_input_guards(GradCache *cache, const VjpKey *key);
/* Do the keys ask for the same, `finite` aside? */
bool vjp_key_equal(const VjpKey *a, const VjpKey *b);

/* Flags [result][operand]: does a derivative flow from the operand to the result? For a function [output][input]. */
const bool *grad_op_dependence(GradCache *cache, const IrFunction *function, const IrOp *op);
const bool *grad_dependence(GradCache *cache, const IrFunction *function);

/* By input of the scan's step: does it vary when the operands flagged in `active` (by value of `function`) do? */
bool *grad_scan_varied(GradCache *cache, const IrOp *op, const bool *active);

/* In two steps: what the pair is asked for, by which the guards of the op's operands are known; and, once all guards of
 * the function are, which inputs are finite, and the pair. */
ProgramPlan *program_plan(Analysis *analysis, const IrOp *op);
void program_plan_finish(Analysis *analysis, const IrOp *op, ProgramPlan *plan);

/* ---- small helpers -------------------------------------------------------------------------------------------- */

static inline bool grad_is_real(const IrFunction *function, IrId id)
{
    return function->values[id].type.element == IR_REAL;
}

static inline bool grad_is_sample(const IrFunction *function, IrId id)
{
    return function->values[id].type.kind == IR_KIND_SAMPLE;
}

/* The type of the cotangent or tangent of a value, as an input. */
IrType grad_cotangent_type(const IrType *type);
/* The type of `length` such values, stacked along a new leading axis. */
IrType grad_stacked_type(const IrType *type, int64_t length);
/* A function outside the module's list, whose ops are copied to others. */
IrFunction *grad_draft(IrModule *module, const char *name);
/* Appends the ops of `from` to `into`, its inputs being `operands`; writes its outputs to `results`. */
void grad_inline(IrFunction *into, const IrFunction *from, const IrId *operands, IrId *results);
/* Does the value have a use that is always taken, through which a derivative flows? */
static inline bool grad_is_taken(const Analysis *analysis, IrId id)
{
    return analysis->active[id] && !analysis->guarded[id];
}

const bool *grad_copy_flags(Arena *arena, const bool *flags, int count);
/* "d_x" or NULL */
const char *grad_prefixed_name(Arena *arena, const char *prefix, const char *name);
/* The name of an output, that of its value where it has none. */
const char *grad_output_name(const IrFunction *function, int output);

#endif
