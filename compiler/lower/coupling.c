/* SPDX-License-Identifier: MIT */
/* Coupling layers. Some components, x_a, pass unchanged; a net of them gives the numbers with which the others, x_b,
 * are transformed, so both directions and the log-determinant cost one pass of the net. */
#include "compiler/lower/lower.h"

#include <string.h>

/* ---- structure --------------------------------------------------------------------------------------------------- */

static bool is_spline(Transform transform)
{
    return transform == TRANSFORM_SPLINE || transform == TRANSFORM_CIRCULAR_SPLINE;
}

static bool same_flags(const bool *a, const bool *b, int64_t count)
{
    return a == NULL ? b == NULL : b != NULL && memcmp(a, b, (size_t)count * sizeof a[0]) == 0;
}

/* `wanted`: the layer, its components counted and their circles known. */
static bool same_structure(const CouplingKind *kind, const CouplingKind *wanted)
{
    const LayerSpec *first = kind->spec, *spec = wanted->spec;
    bool same = kind->pass_count == wanted->pass_count && kind->move_count == wanted->move_count &&
                first->transform == spec->transform && mlp_same(&first->net, &spec->net) &&
                same_flags(kind->pass_circles, wanted->pass_circles, kind->pass_count) &&
                same_flags(kind->move_circles, wanted->move_circles, kind->move_count);
    if (spec->transform == TRANSFORM_ADDITIVE)
        return same;
    if (is_spline(spec->transform))
        return same && first->bins == spec->bins && first->bound == spec->bound;
    return same && first->separate == spec->separate && first->log_scale_bound == spec->log_scale_bound;
}

static void describe_nets(const Lower *lower, CouplingKind *kind)
{
    int64_t in = coupling_feature_count(kind) + condition_feature_count(lower), out = kind->move_count;
    bool affine = kind->spec->transform == TRANSFORM_AFFINE;
    const NetSpec *net = &kind->spec->net;
    if (affine && kind->spec->separate) {
        kind->nets[0] = kind->nets[1] = (MlpShape){in, out, net};
        kind->net_names[0] = "scale_net";
        kind->net_names[1] = "shift_net";
        kind->net_count = 2;
    } else {
        kind->nets[0] = (MlpShape){in, kind->number_count, net};
        kind->net_names[0] = "net";
        kind->net_count = 1;
    }
    for (int i = 0; i < kind->net_count; i++)
        kind->tensor_count += mlp_tensor_count(&kind->nets[i]);
}

static CouplingKind *find_kind(Lower *lower, const CouplingKind *wanted)
{
    CouplingKind **end = &lower->kinds;
    int number = 1;
    for (; *end; end = &(*end)->next) {
        if (same_structure(*end, wanted))
            return *end;
        if ((*end)->spec->transform == wanted->spec->transform)
            number++;
    }
    CouplingKind *kind = *end = ARENA_NEW(lower->arena, CouplingKind);
    *kind = *wanted;
    kind->number = number;
    if (is_spline(kind->spec->transform))
        spline_coupling_describe(lower, kind);
    else
        kind->number_count = kind->move_count * (kind->spec->transform == TRANSFORM_AFFINE ? 2 : 1);
    describe_nets(lower, kind);
    return kind;
}

/* Which of the components that pass, or of the others, are on circles; NULL: none. */
static const bool *circles_of(Lower *lower, const FlowLayer *layer, bool passing, int64_t count)
{
    bool *circles = ARENA_ARRAY(lower->arena, bool, count), any = false;
    int64_t next = 0;
    for (int64_t i = 0; layer->circles != NULL && i < lower->program->dimension; i++)
        if (layer->passes[i] == passing) {
            any = any || layer->circles[i];
            circles[next++] = layer->circles[i];
        }
    return any ? circles : NULL;
}

void coupling_declare(Lower *lower, FlowLayer *layer, int64_t pass_count, int64_t move_count)
{
    CouplingKind wanted = {.spec = layer->spec, .pass_count = pass_count, .move_count = move_count};
    wanted.pass_circles = circles_of(lower, layer, true, pass_count);
    wanted.move_circles = circles_of(lower, layer, false, move_count);
    layer->kind = find_kind(lower, &wanted);
    layer->first_tensor = lower->program->tensor_count;
    for (int i = 0; i < layer->kind->net_count; i++)
        mlp_declare(
            lower, &layer->kind->nets[i],
            arena_print(lower->arena, "flow.layers.%lld.%s", (long long)layer->position, layer->kind->net_names[i]));
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static const char *const TRANSFORM_NAMES[] = {"additive", "affine", "spline", "circular_spline"};

/* "coupling_affine", "coupling_affine_inverse"; a second structure's are "coupling_affine_2", ... */
static IrFunction *begin(Lower *lower, CouplingKind *kind, bool inverse)
{
    Text name = text_start(lower->arena);
    text_print(&name, "coupling_%s", TRANSFORM_NAMES[kind->spec->transform]);
    if (kind->number > 1)
        text_print(&name, "_%d", kind->number);
    text_put(&name, inverse ? "_inverse" : "");
    IrFunction *function = ir_function_new(lower->module, name.bytes);
    function->span = kind->spec->span;
    return function;
}

/* The formula, its source, and the nets. */
static void put_note(Lower *lower, const CouplingKind *kind, IrFunction *function, bool inverse)
{
    static const char *const FORMULAS[4][2] = {
        {"Additive coupling: y_a = x_a, y_b = x_b + t(x_a); log|det J| = 0.",
         "Inverse of an additive coupling: x_a = y_a, x_b = y_b - t(x_a); log|det J| = 0."},
        {"Affine coupling: y_a = x_a, y_b = x_b exp(s(x_a)) + t(x_a); log|det J| = sum s.",
         "Inverse of an affine coupling: x_a = y_a, x_b = (y_b - t(x_a)) exp(-s(x_a)); log|det J| = -sum s."},
        {"Spline coupling: y_a = x_a, y_b = g(x_b; p(x_a)), g monotone; log|det J| = sum log g'.",
         "Inverse of a spline coupling: x_a = y_a, x_b = g^-1(y_b; p(x_a)); log|det J| = -sum log g'(x_b)."},
        {"Spline coupling on circles: y_a = x_a, y_b = g(x_b; p(x_a)) + shift(x_a); log|det J| = sum log g'.",
         "Inverse of a spline coupling on circles: x_a = y_a, x_b = g^-1(y_b - shift; p(x_a))."}};
    static const char *const SOURCES[] = {"\nDinh, Krueger, Bengio 2015, section 3.2.",
                                          "\nDinh, Sohl-Dickstein, Bengio 2017, eq. 7-8.",
                                          "\nDurkan, Bekasov, Murray, Papamakarios 2019, eq. 4-8.",
                                          "\nRezende et al. 2020, section 2.1 (circular splines)."};
    static const char *const NUMBERS[] = {"\nt", "\n(s, t)", "\np", "\n(p, shift)"};
    Transform transform = kind->spec->transform;
    bool affine = transform == TRANSFORM_AFFINE;
    Text note = text_start(lower->arena);
    text_put(&note, FORMULAS[transform][inverse]);
    text_put(&note, SOURCES[transform]);
    text_put(&note, kind->net_count == 1 ? NUMBERS[transform] : "\ns and t, each");
    text_put(&note, ": a dense net ");
    mlp_describe(&kind->nets[0], &note);
    if (affine && kind->spec->log_scale_bound > 0) {
        text_put(&note, "; s = B tanh(raw / B), B = ");
        text_number(&note, kind->spec->log_scale_bound);
    }
    if (is_spline(transform)) {
        text_print(&note, "; %lld bins of [-B, B], B = ", (long long)kind->spec->bins);
        text_number(&note, kind->splines[0].bound);
        text_put(&note, kind->splines[0].ends == SPLINE_TAILS ? ", the identity outside" : "");
    }
    if (kind->pass_circles != NULL)
        text_put(&note, "; it sees components on circles as cosine and sine");
    if (lower->spec->condition_count > 0)
        text_put(&note, "; it sees the conditions behind x_a");
    text_put(&note, ".");
    function->note = note.bytes;
}

IrId coupling_bounded(IrBuilder *builder, IrId raw, double bound)
{
    if (bound <= 0)
        return raw;
    IrId small = bound == 1 ? raw : ir_binary(builder, IR_MUL, raw, ir_constant(builder, 1 / bound));
    IrId bent = ir_unary(builder, IR_TANH, small);
    return bound == 1 ? bent : ir_binary(builder, IR_MUL, bent, ir_constant(builder, bound));
}

typedef struct Numbers {
    IrId log_scale, shift; /* log_scale: affine alone */
} Numbers;

/* The nets at what they see. One net for both gives the rows of the scale first. */
static Numbers apply_nets(IrBuilder *builder, const CouplingKind *kind, const IrId *tensors, IrId seen)
{
    bool affine = kind->spec->transform == TRANSFORM_AFFINE;
    Numbers numbers = {-1, -1};
    IrId raw = mlp_apply(builder, &kind->nets[0], tensors, seen);
    if (!affine) {
        numbers.shift = raw;
    } else if (kind->net_count == 2) {
        numbers.shift = mlp_apply(builder, &kind->nets[1], tensors + mlp_tensor_count(&kind->nets[0]), seen);
    } else {
        numbers.shift = ir_slice(builder, raw, 0, kind->move_count, kind->move_count);
        raw = ir_slice(builder, raw, 0, 0, kind->move_count);
    }
    ir_name(builder->function, numbers.shift, "shift");
    if (affine)
        numbers.log_scale =
            ir_name(builder->function, coupling_bounded(builder, raw, kind->spec->log_scale_bound), "log_scale");
    return numbers;
}

/* y_b (or x_b) and the log-determinant of that direction; -1 where it is 0. */
static IrId transform(IrBuilder *builder, const CouplingKind *kind, const IrId *tensors, IrId x_a, IrId features,
                      IrId from, bool inverse, IrId *log_det)
{
    if (is_spline(kind->spec->transform)) {
        IrId seen = condition_join(builder, coupling_features(builder, kind, x_a), features);
        IrId numbers = mlp_apply(builder, &kind->nets[0], tensors, seen);
        return spline_coupling_apply(builder, kind, numbers, from, inverse, log_det);
    }
    Numbers numbers = apply_nets(builder, kind, tensors, condition_join(builder, x_a, features));
    *log_det = -1;
    if (kind->spec->transform == TRANSFORM_ADDITIVE)
        return ir_binary(builder, inverse ? IR_SUB : IR_ADD, from, numbers.shift);
    IrId log_scale = inverse ? ir_unary(builder, IR_NEG, numbers.log_scale) : numbers.log_scale;
    IrId scale = ir_name(builder->function, ir_unary(builder, IR_EXP, log_scale), "scale"), to;
    if (inverse)
        to = ir_binary(builder, IR_MUL, ir_binary(builder, IR_SUB, from, numbers.shift), scale);
    else
        to = ir_binary(builder, IR_ADD, ir_binary(builder, IR_MUL, from, scale), numbers.shift);
    *log_det = ir_reduce_all(builder, IR_REDUCE_SUM, log_scale);
    return to;
}

static IrFunction *make(Lower *lower, CouplingKind *kind, bool inverse)
{
    IrFunction *function = begin(lower, kind, inverse);
    IrBuilder builder = {.function = function, .span = kind->spec->span};
    IrId *tensors = ARENA_ARRAY(lower->arena, IrId, kind->tensor_count);
    for (int i = 0, at = 0; i < kind->net_count; at += mlp_tensor_count(&kind->nets[i]), i++)
        mlp_inputs(function, &kind->nets[i], kind->net_names[i], tensors + at);
    IrId x_a = ir_input(function, "x_a", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &kind->pass_count));
    IrId from = ir_input(function, inverse ? "y_b" : "x_b", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &kind->move_count));
    const int64_t feature_count = condition_feature_count(lower);
    IrId features = -1, log_det;
    if (feature_count > 0)
        features = ir_input(function, "features", ir_type(IR_REAL, IR_KIND_SAMPLE, 1, &feature_count));
    put_note(lower, kind, function, inverse);
    IrId to = transform(&builder, kind, tensors, x_a, features, from, inverse, &log_det);
    ir_output(function, inverse ? "x_b" : "y_b", to);
    if (log_det >= 0)
        ir_output(function, "log_det", log_det);
    return function;
}

IrFunction *coupling_forward(Lower *lower, CouplingKind *kind)
{
    if (!kind->forward)
        kind->forward = make(lower, kind, false);
    return kind->forward;
}

IrFunction *coupling_inverse(Lower *lower, CouplingKind *kind)
{
    if (!kind->inverse)
        kind->inverse = make(lower, kind, true);
    return kind->inverse;
}
