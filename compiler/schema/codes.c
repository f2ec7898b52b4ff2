/* SPDX-License-Identifier: MIT */
/* Every code that a diagnostic can carry: E00xx YAML and files, E01xx the schema, E02xx units, E03xx shapes, E04xx
 * symmetry, E05xx formulas and energies, E06xx limits of a program and its target, E07xx the IR's text, E08xx packages;
 * W for warnings. A code keeps its meaning for ever: one that is no longer given stays here, and none is used again. */
#include "compiler/schema/schema.h"

/* clang-format off */
const SchemaCode SCHEMA_CODES[] = {
    /* ---- YAML and files ---- */
    {"E0001", "not YAML",
     "The file is not well-formed YAML. The caret stands where the reader could not go on; the mistake is there or just "
     "before. Common causes: a tab in the indentation, keys of one map in different columns, a formula with brackets "
     "inside { } without quotes, text with ': ' in it without quotes.",
     "energy: {terms: [{value: x[0]^2}]}",
     "energy: {terms: [{value: \"x[0]^2\"}]}"},
    {"E0002", "not UTF-8",
     "A spec is a text file in UTF-8. This one has bytes that are no UTF-8, as files saved in Latin-1 or UTF-16 have.",
     NULL, "save the file as UTF-8"},
    {"E0003", "a character that may not stand in a spec",
     "Control characters (other than tab and the end of a line), a carriage return alone, and a byte order mark inside "
     "the text are refused, written as such or as an escape in double quotes.",
     "name: \"a\\0b\"", "take the character out"},
    {"E0004", "too long",
     "A spec, and each file that it extends, may have 1 MiB.", NULL, "large tables belong in a file of their own"},
    {"E0005", "nested too deep",
     "Lists and maps may stand in one another 64 deep; an alias counts with all that it stands for.", NULL,
     "no spec needs this: look for brackets that are never closed"},
    {"E0006", "too many values",
     "A spec may have 100,000 keys and values, aliases written out, and 256 anchors. The limit keeps a few lines of "
     "aliases of aliases from growing into gigabytes.",
     NULL, "large tables belong in a file of their own"},
    {"E0007", "a tag",
     "YAML tags (!!float, !custom) say what a value is. In a spec the schema says it, so there are none.",
     "train: {steps: !!int 4000}", "train: {steps: 4000}"},
    {"E0008", "a merge key",
     "`<<` merges maps in some YAML readers and is a key like any other in others. A spec builds on another one by "
     "`extends`, and repeats a whole value by an alias.",
     "<<: *defaults", "extends: base.yaml"},
    {"E0009", "a key twice",
     "A map has each key once. Most YAML readers silently keep one of the two values.", "train: {steps: 1, steps: 2}",
     "train: {steps: 2}"},
    {"E0010", "an alias without its anchor",
     "An alias (*name) repeats the value that an anchor (&name) marks earlier in the file. It can't stand before the "
     "anchor, nor inside the value that it repeats.",
     "a: *net", "x-net: &net {mlp: [64, 64]}, then net: *net"},
    {"E0011", "more than one document",
     "A spec is one YAML document. A line --- begins another.", NULL, "give each spec a file of its own"},
    {"E0012", "nothing written", "The file or the value of the override is empty.", NULL,
     "`ansatz init NAME --template double_well` writes a spec to begin with"},
    {"E0013", "a key that is not text", "The keys of a map are text: no lists, no maps.", "? [1, 2]\n: 3", NULL},
    {"E0014", "a file that cannot be read",
     "A file that the command line or the spec names does not exist, may not be read, or is no regular file.", NULL,
     NULL},
    {"E0015", "a file outside",
     "A spec names files in its own folder or below, by a relative path, and no symbolic link leads out of it: a spec "
     "from somebody else must not reach other files of yours. This is so of data, too, whether their file is there yet or not. A spec that is not in a file names none.",
     "extends: ../../other/base.yaml", "copy the file, or run with --allow-read DIR"},
    {"E0016", "extends in a circle", "A spec extends itself, directly or through others.", "extends: this_file.yaml",
     NULL},
    {"E0017", "extends too long a chain", "At most 16 files may extend one another.", NULL, NULL},
    {"E0018", "not a file", "What the spec names is a folder, a pipe or a device.",
     "extends: folder", NULL},
    {"E0019", "an override that sets nothing",
     "An override is KEY=VALUE: a path of keys joined by points, with numbers for the places in lists, and a value as "
     "it would stand in the file.",
     "--set train.optimizer.adam.rate", "--set train.optimizer.adam.rate=3e-4"},

    /* ---- the schema ---- */
    {"E0101", "a key is missing", "This map needs a key that is not there and has no default.", "system: {vector: {}}",
     "system: {vector: {size: 2}}"},
    {"E0102", "a value of the wrong kind",
     "A list, a map or a single value stands where another of them is wanted, or nothing at all.",
     "train: {steps: [4000]}", "train: {steps: 4000}"},
    {"E0103", "an unknown key",
     "This map has no such key. Unknown keys are errors because a misspelt one would otherwise change nothing, silently. "
     "Notes of your own go under `meta:` or keys that begin with `x-` at the top.",
     "train: {optimizer: {adam: {raet: 1e-3}}}", "train: {optimizer: {adam: {rate: 1e-3}}}"},
    {"E0104", "not a number, or not true or false",
     "Numbers are decimal and finite: 4000, 10_000, 1e-3, .5. Integers may be written as 1e6 where that is exact. Only "
     "true and false are booleans; yes, no, on and off are text.",
     "train: {steps: many}", "train: {steps: 4000}"},
    {"E0105", "a number out of its range", "`ansatz explain KEY` says which numbers a key takes.", "train: {batch: 0}",
     "train: {batch: 512}"},
    {"E0106", "an unknown word", "This key takes one of a few words, and this is none of them.",
     "transform: afine", "transform: affine"},
    {"E0107", "none or several of the alternatives",
     "Some maps hold one of several keys: a system is a vector or particles or a lattice; an optimizer is adam or adamw. "
     "Exactly one of them must be given.",
     "train: {optimizer: {clip_norm: 1}}", "train: {optimizer: {adam: {}, clip_norm: 1}}"},
    {"E0108", "not implemented yet",
     "The language knows this key or word, and this version of the compiler can't do it yet. Nothing else is wrong with "
     "it.",
     "architecture: {flow: {layers: [actnorm]}}", NULL},
    {"E0109", "not a name",
     "Names become part of C identifiers and files: a letter, then letters, digits and _, at most 63 characters. A spec "
     "can't have the name of a C keyword or header; a component can't be called like a function of formulas.",
     "name: double-well", "name: double_well"},
    {"E0110", "a list of the wrong length", "The list is empty, or has too few or too many entries.", "loss: []",
     "loss: [reverse_kl: {}]"},
    {"E0111", "a schedule where none can stand",
     "Numbers that may change over the training are kT, the weights of losses and learning rates. Sizes and all others "
     "are fixed.",
     "train: {batch: {from: 64, to: 512}}", "train: {batch: 512}"},
    {"E0112", "a schedule that makes no sense",
     "Stages are [until, value] with steps that grow. An exponential schedule goes between two positive or two negative "
     "numbers.",
     "kT: {stages: [[2000, 5], [1000, 1]]}", "kT: {stages: [[1000, 5], [2000, 1]]}"},
    {"E0113", "a key without meaning here", "This key goes with another key or word, which is not there; or another key that is there says the same.",
     "coupling: {transform: additive, log_scale_bound: 2, net: {mlp: [64]}}",
     "coupling: {transform: affine, log_scale_bound: 2, net: {mlp: [64]}}"},
    {"E0114", "the same name twice", "Components, and observables, have different names. No observable is called like a number that every evaluation has, as ess or "
     "log_z.",
     "system: {vector: {size: 2, names: [x1, x1]}}", "system: {vector: {size: 2, names: [x1, x2]}}"},
    {"E0115", "a loss that the model can't serve",
     "Each loss needs something: reverse_kl the energy, and a model that can sample and knows its log-density; "
     "forward_kl data and a log-density; adversarial a critic. The message names what is missing.",
     "architecture: {gan: ...} with loss: [reverse_kl: {}]", NULL},

    {"E0116", "a table file that can't be read",
     "A parameter's file has comma-separated numbers, a line a row, all rows equally long, after at most one line of "
     "titles.",
     "1,2\n3", "1,2\n3,4"},

    {"E0120", "data that can't be learned from", "Rows of data are read from NPY arrays (.npy) and CSV tables (.csv).",
     "data: {train: {file: x.txt}}", "data: {train: {file: x.csv}}"},
    {"W0120", "a file of data that is not there",
     "The rows to learn from are read when the program trains, not when it is compiled. `check` says which files are missing.",
     "data: {train: {file: not_there.csv}}", "make the file, or give another one: train --data FILE"},
    {"E0121", "a condition that no evaluation can find",
     "A condition on a training is NAME < NUMBER, with <, <=, > or >=. NAME is loss, gradient_norm, ess (which needs the "
     "energy) or validation (the mean of log q over rows held out, which needs data.validation).",
     "train: {stop_when: ess is 0.9}", "train: {stop_when: ess > 0.9}"},
    {"E0122", "a curriculum that can't be followed",
     "Each stage but the last ends, at a step or when a condition holds; steps grow from stage to stage. A stage sets "
     "numbers that may be schedules: the temperature, the weights of losses, the learning rate.",
     "curriculum: [{set: {train.batch: 64}}]", "curriculum: [{set: {system.kT: 2}}]"},

    {"E0125", "a condition that can't be one",
     "What a model is conditioned on is a number from a range [low, high] that goes up, or one of some choices with different "
     "names. kT may be a condition whose range lies above 0; a column of data may hold a condition of system.condition.",
     "system: {condition: {T: {range: [2, 1]}}}", "system: {condition: {T: {range: [1, 2]}}}"},

    /* ---- units ---- */
    {"E0201", "a unit where none can stand",
     "In reduced units, the default, every number is bare. Numbers without a dimension never have a unit.",
     "system: {vector: 2, kT: 300 K}", "system: {vector: 2, kT: 1}"},

    /* ---- shapes ---- */
    {"E0301", "a list that does not fit the system",
     "Masks, orders and names have one entry for each component of the system.",
     "system: {vector: 3} with split: {mask: [1, 0]}", "split: {mask: [1, 0, 1]}"},
    {"E0302", "a mask that splits nothing",
     "A coupling passes some components unchanged and transforms the others by a net of those. A mask of only ones or "
     "only zeros leaves nothing for one of the two.",
     "split: {mask: [1, 1]}", "split: {mask: [1, 0]}"},
    {"E0303", "an order that is no permutation", "Each of 0 to n - 1 stands in it once.", "permute: [0, 0]",
     "permute: [1, 0]"},
    {"E0304", "a layer that needs several components",
     "Couplings and masked autoregressive layers transform some components given others: a system of one component has "
     "no others. Give it an auxiliary second one with an energy of its own.",
     "system: {vector: 1}", "system: {vector: 2} and a term x[1]^2/2"},
    {"E0306", "a table with uneven rows", "A table's rows are lists of numbers of one length.",
     "parameters: {m: [[1, 2], [3]]}", "parameters: {m: [[1, 2], [3, 4]]}"},
    {"E0307", "too many layers", "A flow has at most 10,000 layers, repeats written out.", "repeat: 10001", NULL},
    {"E0320", "nothing to normalise",
     "Layer normalisation takes a layer's units to mean 0 and deviation 1: one unit alone always becomes 0.",
     "net: {mlp: [1], normalize: layer}", "net: {mlp: [8], normalize: layer}"},
    {"E0321", "a net that does not fit the layer",
     "A masked autoregressive layer takes a masked net, in which no output sees its own input; all others take nets in "
     "which every output sees every input.",
     "masked_autoregressive: {net: {mlp: [64]}}", "masked_autoregressive: {net: {masked_mlp: [64]}}"},
    {"E0322", "a masked net that would see everything",
     "Layer normalisation mixes all units of a layer, so every output would see every input, its own too.",
     "net: {masked_mlp: [64], normalize: layer}", "net: {masked_mlp: [64]}"},
    {"E0340", "a range that is none", "A component's range is [low, high] with low below high, or [] where it has none.",
     "range: [[1, 0]]", "range: [[0, 1]]"},
    {"E0341", "a uniform base without a range",
     "A uniform distribution lives on a box: every component needs a range, or is periodic.",
     "system: {vector: 2} with base: uniform", "system: {vector: {size: 2, range: [[0, 1], [-1, 1]]}}"},
    {"E0342", "a layer that leaves the box",
     "From a uniform base the flow lives on the box of the components' ranges, so each layer must map it to itself. "
     "Splines do; shifts and scales do not.",
     "base: uniform with coupling: {transform: affine, ...}", "coupling: {transform: spline, ...}"},
    {"E0343", "a circular spline without a box",
     "Circular splines map circles to circles. A base that reaches over the whole line has none.",
     "base: gaussian with coupling: {transform: circular_spline, ...}", "base: uniform"},
    {"E0344", "a circle that is cut open",
     "A spline on an interval keeps the interval's ends where they are; on a circle nothing marks such a point.",
     "periodic: [true, true] with coupling: {transform: spline, ...}", "coupling: {transform: circular_spline, ...}"},
    {"E0345", "standardised data in ranges",
     "Standardising moves and stretches the components, and would carry them out of the ranges that the system gives them.",
     "system: {vector: {size: 1, range: [[0, 1]]}} with data: {..., standardise: true}", "standardise: false"},
    {"W0301", "a component that nothing transforms",
     "Every coupling passes this component unchanged, so it keeps the base's distribution, whatever the training does.",
     "layers: [{coupling: {net: {mlp: [64]}}}]", "layers: [{repeat: 2, layers: [{coupling: {net: {mlp: [64]}}}]}]"},
    {"W0340", "a circle that is cut open by the base",
     "A periodic component of a flow from a Gaussian is mapped into its range, where its density falls to 0 at both ends. "
     "That is exact, but it is a poor start for what has mass there.",
     "periodic: [true, true] with base: gaussian", "base: uniform with circular splines"},

    {"W0350", "conditions that nothing sees",
     "Conditions are inputs of the nets of couplings and masked autoregressive layers. A flow without such layers has none.",
     "layers: [linear, actnorm]", "layers: [{coupling: {net: {mlp: [64]}}}]"},

    /* ---- formulas ---- */
    {"E0501", "a formula that can't be read",
     "A formula has numbers, names, + - * / ^, parentheses, comparisons (not chained), and calls. Multiplication is "
     "always written: 2*x[0].",
     "value: \"2x[0]\"", "value: \"2*x[0]\""},
    {"E0502", "an unknown name in a formula",
     "A formula knows the variables of its scope, its parameters, the indices of its sums, pi, and the functions exp log "
     "sqrt sin cos tan tanh atan2 abs min max softplus sigmoid erf where sum logsumexp.",
     "value: \"ln(x[0])\"", "value: \"log(x[0])\""},
    {"E0503", "a function used wrongly", "A function has its arguments in parentheses, as many as it takes.",
     "value: \"atan2(x[0])\"", "value: \"atan2(x[1], x[0])\""},
    {"E0504", "a condition for a number, or a number for a condition",
     "Comparisons are conditions: they stand as the first argument of where, which makes numbers of them.",
     "value: \"x[0] < 0\"", "value: \"where(x[0] < 0, 1, 0)\""},
    {"E0505", "an index out of range", "Indices begin with 0 and end one before the length.", "x[2] of 2 components",
     "x[1]"},
    {"E0506", "an index or bound that is not known",
     "Indices and the bounds of sums are integers known when the spec is compiled: of numbers, parameters and the "
     "indices of sums.",
     "value: \"m[x[0]]\"", NULL},
    {"E0507", "an index too many or too few",
     "A list takes one index, a table two, a number none. With `over`, x is one number.", "value: \"x^2\"",
     "value: \"x[0]^2\""},
    {"E0508", "a formula that is too large",
     "There are limits on a formula's length, its nesting, the terms of its sums and the values that they hold at once.",
     NULL, "split it into several terms"},
    {"E0509", "a name that is taken",
     "Parameters and indices can't be called like functions, variables or one another.",
     "parameters: {exp: 2}", "parameters: {exponent: 2}"},
    {"E0510", "a parameter that does not fit the scope",
     "With `over`, a list without an index gives each instance its entry: it has one for each.", NULL, NULL},
    {"E0511", "a number that is not finite", "A constant part of the formula is infinite or undefined, or too large for a float (3.4e38), in which energies are "
     "computed. What is known when the spec is compiled is computed in double before: (1e30*1e30*1e-40)*x[0] has the "
     "constant 1e20. A constant too small for a float is 0.",
     "value: \"x[0]/0\"", NULL},
    {"E0512", "a logsumexp of nothing", "The logarithm of an empty sum is minus infinity.",
     "logsumexp(i, 3, 3, x[i])", "logsumexp(i, 0, 3, x[i])"},
    {"W0501", "a parameter that no formula uses", "It may be misspelt in the formula, or left over.", NULL, NULL},

    /* ---- limits ---- */
    {"E0601", "too many weights", "A model has at most 2^31 parameters, in at most half a million tensors.", NULL, "make the nets smaller"},
    {"E0602", "too large a program", "A program has at most a million operations.", NULL,
     "fewer layers, or a repeat instead of layers written out"},

    /* ---- the IR's text ---- */
    {"E0701", "IR that can't be read", "The text is not what the IR's grammar wants at this place.", NULL, NULL},
    {"E0702", "an unknown op", "The IR has no op of this name.", NULL, NULL},
    {"E0703", "not defined above", "Values and functions of the IR are defined before they are used.", NULL, NULL},
    {"E0704", "defined twice", "Values of a function and functions of a module have different names.", NULL, NULL},
    {"E0705", "a wrong type", "The operands do not have the types that the op takes, or the result not the type that "
     "they give.", NULL, NULL},
    {"E0706", "a wrong number", "A number is not of the element type, or out of its range.", NULL, NULL},
    {"E0707", "too large", "A value, function or module has more axes, elements, ops or functions than are allowed.",
     NULL, NULL},
    {"E0710", "a broken function", "Inputs, results and values of a function do not agree: an error in the compiler.",
     NULL, NULL},
    {"E0711", "a broken reference", "An op or output names a value that is not there: an error in the compiler.", NULL,
     NULL},
    {"E0712", "a broken module", "Functions do not stand before their callers: an error in the compiler.", NULL, NULL},
    {"E0713", "a broken constant", "A constant has an element that its type can't hold: an error in the compiler.", NULL,
     NULL},

    /* ---- packages ---- */
    {"E0801", "too much source", "A package has at most 16 MiB of emitted source.", NULL, "Use fewer or smaller layers."},
    {"E0802", "a model that can't be emitted", "The model needs something that emitted code can't do yet.", NULL, NULL},
    {"E0803", "a package that can't be written", "A file or folder can't be made or written; nothing was lost.", NULL,
     NULL},
    {"E0804", "a foreign folder", "The folder holds something that is no package of ours, another model's package, or files of a package that were edited.",
     NULL,
     "Choose another folder, or use --force: what the folder holds stays beside the package's files."},
    {"E0810", "a package that can't be built", "A file or folder of the cache can't be made, or the build failed.", NULL,
     NULL},
};
/* clang-format on */

const size_t SCHEMA_CODE_COUNT = sizeof SCHEMA_CODES / sizeof SCHEMA_CODES[0];
