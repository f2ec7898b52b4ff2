/* SPDX-License-Identifier: MIT */
/* NAME_main.c: the table of facts and functions by which the runtime's program knows the model. */
#include "compiler/emit/package_parts.h"

#include <math.h>
#include <string.h>

void package_put_string(Text *out, const char *string)
{
    text_put(out, "\"");
    for (const unsigned char *c = (const unsigned char *)string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\' || *c == '?' || *c < 0x20 || *c >= 0x7f)
            text_print(out, "\\%03o", (unsigned)*c);
        else
            text_add(out, (const char *)c, 1);
    }
    text_put(out, "\"");
}

static bool is_initialised(const Program *program, int tensor)
{
    for (int i = 0; i < program->initialised_count; i++)
        if (program->initialised[i] == tensor)
            return true;
    return false;
}

static void put_tensors(PackageWriter *writer, Text *out)
{
    static const char *const inits[] = {"MODEL_INIT_CONSTANT", "MODEL_INIT_UNIFORM", "MODEL_INIT_NORMAL"};
    const Program *program = writer->program;
    text_put(out, "static const ModelTensor tensors[] = {\n");
    for (int t = 0; t < program->tensor_count; t++) {
        const ProgramTensor *tensor = &program->tensors[t];
        text_put(out, "    {");
        package_put_string(out, tensor->name);
        text_print(out, ", %d, {", tensor->type.rank);
        for (int i = 0; i < tensor->type.rank; i++)
            text_print(out, "%s%lld", i > 0 ? ", " : "", (long long)tensor->type.size[i]);
        text_print(out, "%s}, %lld, %lld, %s, %s, ", tensor->type.rank == 0 ? "0" : "", (long long)tensor->offset,
                   (long long)ir_type_count(&tensor->type), tensor->type.kind == IR_KIND_PARAMETER ? "true" : "false",
                   inits[tensor->init]);
        text_number(out, tensor->scale);
        text_put(out, is_initialised(program, t) ? ", true" : ", false");
        text_put(out, tensor->estimated ? ", true},\n" : ", false},\n");
    }
    text_put(out, "};\n\n");
}

/* A schedule's stages stand in arrays of their own, before the table that names them. */
static void put_stages(Text *out, const char *name, const Schedule *schedule)
{
    if (schedule->shape != SCHEDULE_STAGES)
        return;
    text_print(out, "static const int64_t %s_until[] = {", name);
    for (int i = 0; i < schedule->stage_count; i++)
        text_print(out, "%s%lld", i > 0 ? ", " : "", (long long)schedule->until[i]);
    text_print(out, "};\nstatic const double %s_value[] = {", name);
    for (int i = 0; i < schedule->stage_count; i++) {
        text_put(out, i > 0 ? ", " : "");
        text_number(out, schedule->value[i]);
    }
    text_put(out, "};\n");
}

static void put_schedule(Text *out, const char *name, const Schedule *schedule)
{
    static const char *const shapes[] = {"MODEL_SCHEDULE_CONSTANT", "MODEL_SCHEDULE_LINEAR", "MODEL_SCHEDULE_COSINE",
                                         "MODEL_SCHEDULE_EXPONENTIAL", "MODEL_SCHEDULE_STAGES"};
    text_print(out, "{%s, ", shapes[schedule->shape]);
    text_number(out, schedule->from);
    text_put(out, ", ");
    text_number(out, schedule->to);
    text_print(out, ", %lld, %lld, ", (long long)schedule->steps, (long long)schedule->warm_up);
    if (schedule->shape == SCHEDULE_STAGES)
        text_print(out, "%d, %s_until, %s_value}", schedule->stage_count, name, name);
    else
        text_put(out, "0, NULL, NULL}");
}

static void put_scalars(PackageWriter *writer, Text *out)
{
    const Program *program = writer->program;
    for (int i = 0; i < program->scalar_count; i++)
        put_stages(out, arena_print(writer->arena, "scalar_%d", i), &program->scalars[i].schedule);
    put_stages(out, "rate", &program->spec->train.rate);
    text_put(out, "static const ModelScalar scalars[] = {\n");
    for (int i = 0; i < program->scalar_count; i++) {
        text_put(out, "    {");
        package_put_string(out, program->scalars[i].name);
        text_put(out, ", ");
        put_schedule(out, arena_print(writer->arena, "scalar_%d", i), &program->scalars[i].schedule);
        text_put(out, "},\n");
    }
    text_put(out, "};\n\n");
}

/* One name for each component. */
static void put_component_names(PackageWriter *writer, Text *out, const char *array, const char *const *names)
{
    text_print(out, "static const char *const %s[] = {", array);
    for (int64_t i = 0; i < writer->program->dimension; i++) {
        text_put(out, i == 0 ? "" : i % 8 == 0 ? ",\n    " : ", ");
        package_put_string(out, names != NULL ? names[i] : arena_print(writer->arena, "x[%lld]", (long long)i));
    }
    text_put(out, "};\n");
}

static void put_names(PackageWriter *writer, Text *out)
{
    const Program *program = writer->program;
    put_component_names(writer, out, "components", program->spec->component_names);
    if (program->spec->data.columns != NULL)
        put_component_names(writer, out, "columns", program->spec->data.columns);
    if (program->observable_count > 0) {
        text_put(out, "static const char *const observables[] = {");
        for (int i = 0; i < program->observable_count; i++) {
            text_put(out, i > 0 ? ", " : "");
            package_put_string(out, program->observable_names[i]);
        }
        text_put(out, "};\n");
    }
    text_put(out, "\n");
}

static void put_ranges(const PackageWriter *writer, Text *out)
{
    const ModelSpec *spec = writer->program->spec;
    if (spec->low == NULL)
        return;
    text_put(out, "static const ModelRange ranges[] = {\n");
    for (int64_t i = 0; i < spec->dimension; i++) {
        bool periodic = spec->periodic != NULL && spec->periodic[i];
        if (!isfinite(spec->low[i])) {
            text_put(out, "    {false, false, 0, 0},\n");
            continue;
        }
        text_print(out, "    {true, %s, ", periodic ? "true" : "false");
        text_number(out, spec->low[i]);
        text_put(out, ", ");
        text_number(out, spec->high[i]);
        text_put(out, "},\n");
    }
    text_put(out, "};\n\n");
}

static void put_kinds(const PackageWriter *writer, Text *out)
{
    static const char *const kinds[] = {"MODEL_REAL", "MODEL_POSITIVE", "MODEL_INTEGER"};
    const ModelSpec *spec = writer->program->spec;
    if (spec->kinds == NULL)
        return;
    text_put(out, "static const ModelKind kinds[] = {");
    for (int64_t i = 0; i < spec->dimension; i++)
        text_print(out, "%s%s", i == 0 ? "" : i % 6 == 0 ? ",\n    " : ", ", kinds[spec->kinds[i]]);
    text_put(out, "};\n\n");
}

static void put_functions(PackageWriter *writer, bool is_double, Text *out)
{
    const char *infix = is_double ? "double_" : "";
    const bool conditions = writer->program->spec->condition_count > 0;
    text_print(out,
               "static size_t %sworkspace_bytes(int threads)\n{\n    return %s%s_%sWORKSPACE_BYTES(threads);\n}\n\n",
               infix, package_given_bytes(writer, is_double), writer->upper, is_double ? "DOUBLE_" : "");
    text_print(out, "static const ModelFunctions%d %sfunctions = {\n    .workspace_bytes = %sworkspace_bytes,\n",
               is_double ? 64 : 32, is_double ? "double_" : "single_", infix);
    for (EntryKind kind = 0; kind < ENTRY_COUNT; kind++) {
        if (!package_has(writer, kind))
            continue;
        package_open_guard(writer, kind, out);
        text_print(out, "    .%s = %s_%s%s%s,\n", package_entry_name(kind), writer->name,
                   package_is_given(writer, kind) ? "given_" : "", infix, package_entry_name(kind));
        package_close_guard(kind, out);
    }
    if (conditions && package_has(writer, ENTRY_LOG_PROB))
        text_print(out, "    .log_prob_given = %s_%slog_prob,\n", writer->name, infix);
    text_put(out, "};\n\n");
}

/* Files as the spec names them: the program looks for them from the folder that it runs in. */
static void put_data(PackageWriter *writer, Text *out)
{
    const Program *program = writer->program;
    const DataSpec *data = &program->spec->data;
    if (data->train == NULL)
        return;
    text_print(out,
               "    .data = {.feeds_steps = %s,\n             .train = ", program->data_width > 0 ? "true" : "false");
    package_put_string(out, data->train);
    if (data->validation != NULL) {
        text_put(out, ",\n             .validation = ");
        package_put_string(out, data->validation);
    }
    if (data->validation_fraction > 0) {
        text_put(out, ",\n             .validation_fraction = ");
        text_number(out, data->validation_fraction);
    }
    for (int t = 0; t < program->tensor_count && data->standardise; t++) {
        const ProgramTensor *tensor = &program->tensors[t];
        bool is_mean = strcmp(tensor->name, "data.mean") == 0;
        if (is_mean || strcmp(tensor->name, "data.scale") == 0)
            text_print(out, ",\n             .%s = %lld",
                       is_mean ? "standardises = true,\n             .mean_offset" : "scale_offset",
                       (long long)tensor->offset);
    }
    text_print(out, "%s},\n", data->columns != NULL ? ",\n             .columns = columns" : "");
}

static void put_condition(Text *out, const Condition *condition)
{
    static const char *const metrics[] = {"MODEL_METRIC_NONE", "MODEL_METRIC_LOSS", "MODEL_METRIC_ESS",
                                          "MODEL_METRIC_VALIDATION", "MODEL_METRIC_GRADIENT_NORM"};
    text_print(out, "{%s, %s, %s, ", metrics[condition->metric], condition->greater ? "true" : "false",
               condition->allowed ? "true" : "false");
    text_number(out, condition->bound);
    text_put(out, ", ");
    package_put_string(out, condition->text != NULL ? condition->text : "");
    text_put(out, "}");
}

/* The curriculum: an array of numbers for each stage that has some, then the stages. */
static void put_curriculum(PackageWriter *writer, Text *out)
{
    const ModelSpec *spec = writer->program->spec;
    for (int i = 0; i < spec->stage_count; i++) {
        const StageSpec *stage = &spec->stages[i];
        for (int n = 0; n < stage->number_count; n++)
            put_stages(out, arena_print(writer->arena, "stage_%d_%d", i, n), &stage->numbers[n].schedule);
        if (stage->number_count > 0)
            text_print(out, "static const ModelStageNumber stage_%d[] = {\n", i);
        for (int n = 0; n < stage->number_count; n++) {
            const StageNumber *number = &stage->numbers[n];
            text_print(out, "    {%d, ",
                       number->what == STAGE_RATE ? -1
                       : number->what == STAGE_KT ? 0
                                                  : writer->program->first_loss_scalar + number->loss);
            put_schedule(out, arena_print(writer->arena, "stage_%d_%d", i, n), &number->schedule);
            text_put(out, "},\n");
        }
        text_put(out, stage->number_count > 0 ? "};\n" : "");
    }
    if (spec->stage_count > 0)
        text_put(out, "static const ModelStage stages[] = {\n");
    for (int i = 0; i < spec->stage_count; i++) {
        text_print(out, "    {%lld, ", (long long)spec->stages[i].until);
        put_condition(out, &spec->stages[i].advance_when);
        if (spec->stages[i].number_count > 0)
            text_print(out, ", %d, stage_%d},\n", spec->stages[i].number_count, i);
        else
            text_put(out, ", 0, NULL},\n");
    }
    text_put(out, spec->stage_count > 0 ? "};\n\n" : "");
}

/* Whether the loss is of the model's own samples and their energy alone: then the mean of log q + U / kT says which weights
 * are best, unless rows held out do. */
static bool keeps_lowest(const ModelSpec *spec)
{
    for (int i = 0; i < spec->loss_count; i++) {
        const LossKind kind = spec->losses[i].kind;
        if (kind != LOSS_REVERSE_KL && kind != LOSS_PATH_GRADIENT && kind != LOSS_LOG_VARIANCE)
            return false;
    }
    return spec->loss_count > 0 && spec->train.patience == 0;
}

/* What a training may have beside its steps and its optimiser. */
static void put_stopping(const PackageWriter *writer, Text *out)
{
    const ModelSpec *spec = writer->program->spec;
    const TrainSpec *train = &spec->train;
    if (train->accumulate > 1)
        text_print(out, ",\n                 .accumulate = %lld", (long long)train->accumulate);
    if (train->patience > 0)
        text_print(out, ",\n                 .patience = %lld", (long long)train->patience);
    if (keeps_lowest(spec))
        text_put(out, ",\n                 .keeps_lowest = true");
    if (train->stop_when.metric != METRIC_NONE) {
        text_put(out, ",\n                 .stop_when = ");
        put_condition(out, &train->stop_when);
    }
    if (spec->stage_count > 0)
        text_print(out, ",\n                 .stage_count = %d,\n                 .stages = stages", spec->stage_count);
}

static void put_training(const PackageWriter *writer, Text *out)
{
    static const char *const optimizers[] = {"MODEL_ADAM", "MODEL_ADAMW", "MODEL_SGD", "MODEL_RMSPROP"};
    const TrainSpec *train = &writer->program->spec->train;
    text_print(
        out,
        "    .training = {.steps = %lld,\n                 .batch = %lld,\n                 .checkpoint_every = %lld,\n"
        "                 .evaluate_every = %lld,\n                 .seed = %lluu,\n                 .optimizer = %s,\n"
        "                 .rate = ",
        (long long)train->steps, (long long)train->batch, (long long)train->checkpoint_every,
        (long long)train->evaluate_every, (unsigned long long)train->seed, optimizers[train->optimizer]);
    put_schedule(out, "rate", &train->rate);
    const char *const names[] = {"beta1", "beta2", "epsilon", "weight_decay", "clip_norm", "average"};
    const double values[] = {train->beta1,        train->beta2,     train->epsilon,
                             train->weight_decay, train->clip_norm, train->average};
    for (int i = 0; i < 6; i++) {
        text_print(out, ",\n                 .%s = ", names[i]);
        text_number(out, values[i]);
    }
    const FabSpec *fab = &writer->program->spec->fab;
    if (fab->steps > 0)
        text_print(out, ",\n                 .fab = {.steps = %lld, .buffer = %lld, .reuse = %lld}",
                   (long long)fab->steps, (long long)fab->buffer, (long long)fab->reuse);
    for (int i = 0; i < writer->program->spec->loss_count; i++) {
        const LossKind kind = writer->program->spec->losses[i].kind;
        if (kind == LOSS_LOG_VARIANCE || kind == LOSS_PATH_GRADIENT) {
            text_put(out, ",\n                 .holds_samples = true");
            break;
        }
    }
    put_stopping(writer, out);
    text_put(out, "},\n");
}

void package_add_main(PackageWriter *writer, const char *sha256)
{
    const Program *program = writer->program;
    Text text = text_start(writer->arena);
    package_head(
        writer, &text,
        arena_print(writer->arena,
                    "The command-line program: what the runtime must know of the model. With -D%s_WITHOUT_STEP,\n"
                    " * _WITHOUT_SCORE or _WITHOUT_DOUBLE it does without these functions.",
                    writer->upper));
    text_print(&text, "#include \"%s.h\"\n\n#include \"runtime/host/model.h\"\n\n", writer->name);
    package_put_conditions(writer, &text);
    put_tensors(writer, &text);
    put_scalars(writer, &text);
    put_curriculum(writer, &text);
    put_names(writer, &text);
    put_ranges(writer, &text);
    put_kinds(writer, &text);
    put_functions(writer, false, &text);
    text_print(&text, "#ifndef %s_WITHOUT_DOUBLE\n\n", writer->upper);
    put_functions(writer, true, &text);
    text_put(&text, "#endif\n\n");
    text_print(&text, "static const Model model = {\n    .name = \"%s\",\n    .spec_name = ", writer->name);
    package_put_string(&text, writer->spec_name);
    text_print(&text, ",\n    .spec_sha256 = \"%s\",\n    .package_sha256 = \"%s\",\n    .version = \"%s\",\n",
               package_spec_sha256(writer), sha256, ANSATZ_VERSION);
    text_print(&text,
               "    .dimension = %lld,\n    .component_names = components,\n%s    .weight_count = %lld,\n"
               "    .tensor_count = %d,\n    .tensors = tensors,\n    .scalar_count = %d,\n    .scalars = scalars,\n",
               (long long)program->dimension, program->spec->low != NULL ? "    .ranges = ranges,\n" : "",
               (long long)program->weight_count, program->tensor_count, program->scalar_count);
    if (package_has_blas(writer))
        text_put(&text, "    .blas = \"openblas\",\n");
    if (!program->spec->target.openmp)
        text_put(&text, "    .one_thread = true,\n");
    if (program->spec->kinds != NULL)
        text_put(&text, "    .kinds = kinds,\n");
    if (program->spec->condition_count > 0)
        text_print(&text, "    .condition_count = %d,\n    .conditions = conditions,\n",
                   program->spec->condition_count);
    if (program->spec->kT_condition != NULL)
        text_print(&text, "    .kT_condition = &conditions[%d],\n",
                   (int)(program->spec->kT_condition - program->spec->conditions));
    if (program->data_width > 0)
        text_print(&text, "    .data_width = %lld,\n", (long long)program->data_width);
    if (program->observable_count > 0)
        text_print(&text, "    .observable_count = %d,\n    .observable_names = observables,\n",
                   program->observable_count);
    put_data(writer, &text);
    put_training(writer, &text);
    if (package_has(writer, ENTRY_STEP))
        text_print(&text, "    .flops_per_sample_step = %lld,\n", (long long)package_flops(writer, ENTRY_STEP));
    if (package_has(writer, ENTRY_SAMPLE))
        text_print(&text, "    .flops_per_sample = %lld,\n", (long long)package_flops(writer, ENTRY_SAMPLE));
    text_print(&text,
               "    .single_precision = &single_functions,\n#ifndef %s_WITHOUT_DOUBLE\n"
               "    .double_precision = &double_functions,\n#endif\n};\n\n"
               "int main(int argc, char **argv)\n{\n    return program_main(&model, argc, argv);\n}\n",
               writer->upper);
    package_add_text(writer, arena_print(writer->arena, "%s_main.c", writer->name), &text);
}
