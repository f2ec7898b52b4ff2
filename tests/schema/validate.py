# SPDX-License-Identifier: MIT
"""Holds specs against the JSON Schema: validate.py SCHEMA.json good|broken SPEC...

Plain scalars are typed as YAML 1.2's core schema types them, which is what editors do. Of the broken specs, those whose
mistake no JSON Schema can see are listed below; all others must be refused.
"""
import json
import os
import re
import sys

import jsonschema
import yaml

COMPILER_ALONE = {
    # repeated keys, tags, aliases in a circle: below what other readers look at
    "yaml_alias_cycle", "yaml_duplicate_keys", "yaml_tag",
    # files, and what they hold
    "extends_absolute", "extends_broken", "extends_chain", "extends_cycle", "extends_folder", "extends_itself",
    "extends_link_outside", "extends_missing", "extends_outside", "extends_sibling", "table_empty", "table_entries",
    "data_outside", "data_outside_there", "table_late_titles", "table_missing", "table_outside", "table_rows",
    # shapes, and one part of the spec against another
    "autoregressive_one_component", "circular_on_the_line", "columns_with_energy", "columns_with_range", "curriculum",
    "data_files", "fewer_names_and_conditions", "layers_many",
    "loss_without_data", "loss_without_energy", "names_count", "normalize_one_unit", "one_component", "range_count",
    "range_wrong", "schedule_same_step", "standardise_in_ranges", "uniform_layers", "uniform_without_range",
    # names that are taken
    "columns_names_twice", "name_header", "name_keyword", "names_of_components",
}


class Loader(yaml.SafeLoader):
    pass


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))


def problem(validator, path):
    try:
        with open(path, "rb") as file:
            spec = yaml.load(file, Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return "not read: " + str(error).splitlines()[0]
    errors = sorted(validator.iter_errors(spec), key=lambda error: list(map(str, error.path)))
    return "/".join(map(str, errors[0].path)) + ": " + errors[0].message if errors else None


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    seen = {os.path.splitext(os.path.basename(path))[0] for path in sys.argv[3:]}
    stale = COMPILER_ALONE - seen if sys.argv[2] == "broken" else set()
    wrong = len(stale)
    print("".join(f"{name}: there is no such spec\n" for name in sorted(stale)), end="")
    for path in sys.argv[3:]:
        name = os.path.splitext(os.path.basename(path))[0]
        found = problem(validator, path)
        expected = sys.argv[2] == "broken" and name not in COMPILER_ALONE
        if (found is not None) != expected:
            wrong += 1
            print(f"{path}: {'refused: ' + found[:200] if found else 'accepted'}")
    return wrong != 0


sys.exit(main())
