/* SPDX-License-Identifier: MIT */
/* `ansatz init`: specs to begin with, commented. Each trains as it stands. */
#include "compiler/spec/read.h"

#include <string.h>

static const char DOUBLE_WELL[] =
    "\n"
    "# The space: two real components, x[0] and x[1]. Samples are of exp(-U/kT).\n"
    "system:\n"
    "  vector: 2\n"
    "  kT: 1\n"
    "\n"
    "# U is the sum of these terms. Two wells along x[0], the left one a little deeper; harmonic along x[1].\n"
    "energy:\n"
    "  terms:\n"
    "    - value: \"x[0]^4 - 4*x[0]^2 + 0.2*x[0] + 0.5*x[1]^2\"\n"
    "\n"
    "# A normalizing flow: couplings map a Gaussian to the model's distribution, and its density stays exact.\n"
    "architecture:\n"
    "  flow:\n"
    "    layers:\n"
    "      - repeat: 6\n"
    "        layers:\n"
    "          - coupling:\n"
    "              transform: affine\n"
    "              net: {mlp: [64, 64]}\n"
    "\n"
    "# Train from the energy alone, by the variational free energy.\n"
    "loss:\n"
    "  - reverse_kl\n"
    "\n"
    "# `ansatz expand` shows all that can be set here.\n"
    "train:\n"
    "  steps: 4000\n"
    "  batch: 512\n"
    "\n"
    "# Means over the model's samples, plain and reweighted to exp(-U/kT).\n"
    "observables:\n"
    "  - name: left\n"
    "    value: \"where(x[0] < 0, 1, 0)\"\n";

static const char MUELLER_BROWN[] =
    "\n"
    "# Three wells along a curved valley (Mueller and Brown 1979); names stand in formulas for x[0] and x[1].\n"
    "system:\n"
    "  vector: {size: 2, names: [u, v]}\n"
    "  # From hot to cold over the first half of the training: a model that begins cold stays in one well.\n"
    "  kT: {from: 50, to: 15, steps: 2000, shape: exponential}\n"
    "\n"
    "# A sum over the rows of lists: parameters are indexed by the sum's index.\n"
    "energy:\n"
    "  terms:\n"
    "    - value: >-\n"
    "        sum(k, 0, 4, height[k] * exp(a[k]*(u - u0[k])^2\n"
    "                                     + b[k]*(u - u0[k])*(v - v0[k]) + c[k]*(v - v0[k])^2))\n"
    "      parameters:\n"
    "        height: [-200, -100, -170, 15]\n"
    "        a: [-1, -1, -6.5, 0.7]\n"
    "        b: [0, 0, 11, 0.6]\n"
    "        c: [-10, -10, -6.5, 0.7]\n"
    "        u0: [1, 0, -0.5, -1]\n"
    "        v0: [0, 0.5, 1.5, 1]\n"
    "\n"
    "architecture:\n"
    "  flow:\n"
    "    layers:\n"
    "      - repeat: 8\n"
    "        layers:\n"
    "          - coupling:\n"
    "              transform: affine\n"
    "              net: {mlp: [64, 64]}\n"
    "\n"
    "loss:\n"
    "  - reverse_kl\n"
    "\n"
    "train:\n"
    "  steps: 4000\n"
    "  batch: 512\n"
    "\n"
    "observables:\n"
    "  - name: upper_left\n"
    "    value: \"where(v > 0.75, 1, 0)\"\n";

static const char MANY_WELLS[] =
    "\n"
    "# Eight independent double wells: 256 modes.\n"
    "system:\n"
    "  vector: 8\n"
    "\n"
    "# With `over: components` a formula sees one component after another as x; U is the sum over all.\n"
    "energy:\n"
    "  terms:\n"
    "    - over: components\n"
    "      value: \"depth*(x^2 - 1)^2\"\n"
    "      parameters: {depth: 2}\n"
    "\n"
    "architecture:\n"
    "  flow:\n"
    "    base: {gaussian: {scale: 1}}\n"
    "    layers:\n"
    "      - repeat: 8\n"
    "        layers:\n"
    "          - coupling:\n"
    "              transform: affine\n"
    "              net: {mlp: [64, 64], activation: silu}\n"
    "\n"
    "loss:\n"
    "  - reverse_kl\n"
    "\n"
    "train:\n"
    "  steps: 4000\n"
    "  batch: 512\n"
    "\n"
    "observables:\n"
    "  - name: positive\n"
    "    over: components\n"
    "    value: \"where(x > 0, 1, 0)/8\"\n";

const SpecTemplate SPEC_TEMPLATES[] = {
    {"double_well", "two wells in two dimensions: the smallest spec that shows everything", DOUBLE_WELL},
    {"mueller_brown", "three wells in a curved valley: parameters, names, temperature annealing", MUELLER_BROWN},
    {"many_wells", "independent wells in eight dimensions: a formula over the components", MANY_WELLS},
};
const size_t SPEC_TEMPLATE_COUNT = sizeof SPEC_TEMPLATES / sizeof SPEC_TEMPLATES[0];

static const SpecTemplate *find_template(const char *name)
{
    for (size_t i = 0; i < SPEC_TEMPLATE_COUNT; i++)
        if (strcmp(SPEC_TEMPLATES[i].name, name) == 0)
            return &SPEC_TEMPLATES[i];
    return NULL;
}

static void refuse_template(const char *name, Text *out)
{
    const char *names[sizeof SPEC_TEMPLATES / sizeof SPEC_TEMPLATES[0]];
    for (size_t i = 0; i < SPEC_TEMPLATE_COUNT; i++)
        names[i] = SPEC_TEMPLATES[i].name;
    const char *nearest = diagnostics_nearest(name, names, SPEC_TEMPLATE_COUNT);
    text_print(out, "no template is called %s; ", yaml_shown_text(out->arena, name, strlen(name)));
    if (nearest != NULL)
        text_print(out, "did you mean '%s'? ", nearest);
    for (size_t i = 0; i < SPEC_TEMPLATE_COUNT; i++)
        text_print(out, "%s%s", i > 0 ? ", " : "there are: ", names[i]);
}

bool spec_init(const char *name, const char *template_name, Text *out)
{
    const SpecTemplate *chosen = find_template(template_name);
    const char *problem = schema_name_problem(name);
    if (problem != NULL) {
        text_print(out, "a spec cannot be called %s: %s", yaml_shown_text(out->arena, name, strlen(name)), problem);
        return false;
    }
    if (chosen == NULL) {
        refuse_template(template_name, out);
        return false;
    }
    text_print(out, "# %s\nansatz: 1\nname: %s\n%s", chosen->summary, name, chosen->text);
    return true;
}
