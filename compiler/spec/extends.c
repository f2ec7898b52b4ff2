/* SPDX-License-Identifier: MIT */
/* `extends: base.yaml`: which files a spec may build on, and the chain of them. A file is found by its real path, which
 * must be a regular file below the real path of the spec's folder or of one that --allow-read names: so no symbolic
 * link leads out. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "compiler/spec/read.h"

#include "compiler/base/file.h"
#include "compiler/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Chain {
    Arena *arena;
    Diagnostics *diagnostics;
    const SpecOptions *options;
    const char *folder; /* the real path of the spec's own */
    const char *real[SPEC_EXTENDS_MAX + 1];
    int count;
} Chain;

static char *copy_real_path(Arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    char *copy = real != NULL ? arena_copy_text(arena, real, strlen(real)) : NULL;
    int error = errno;
    free(real);
    errno = error;
    return copy;
}

/* The folder part of a path, "." where it has none. */
static const char *folder_of(Arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    return slash == path ? "/" : arena_copy_text(arena, path, (size_t)(slash - path));
}

static bool is_below(const char *real, const char *folder)
{
    size_t length = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return true;
    return strncmp(real, folder, length) == 0 && real[length] == '/';
}

static bool may_read(const Chain *chain, const char *real)
{
    if (is_below(real, chain->folder))
        return true;
    for (int i = 0; i < chain->options->allow_read_count; i++) {
        const char *folder = copy_real_path(chain->arena, chain->options->allow_read[i]);
        if (folder != NULL && is_below(real, folder))
            return true;
    }
    return false;
}

static bool refuse_path(const Chain *chain, const YamlNode *value, const char *code, const char *why)
{
    Diagnostic *error = diagnostics_error(chain->diagnostics, value->span, code, "cannot extend %s: %s",
                                          yaml_shown(chain->arena, value), why);
    if (strcmp(code, "E0015") == 0)
        error->help = "a spec extends files below its own folder; --allow-read DIR allows another";
    return false;
}

/* Whether a file may be read as the next of the chain; its real path is added. */
static bool check_path(Chain *chain, const YamlNode *value, const char *path)
{
    struct stat status;
    if (value->text[0] == '/')
        return refuse_path(chain, value, "E0015", "the path must be relative");
    const char *real = copy_real_path(chain->arena, path);
    if (real == NULL)
        return refuse_path(chain, value, "E0014", strerror(errno));
    if (!may_read(chain, real))
        return refuse_path(chain, value, "E0015", "it is outside the spec's folder");
    for (int i = 0; i < chain->count; i++)
        if (strcmp(chain->real[i], real) == 0)
            return refuse_path(chain, value, "E0016",
                               i == chain->count - 1 ? "it is this file" : "it leads back to it");
    if (stat(real, &status) != 0)
        return refuse_path(chain, value, "E0014", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse_path(chain, value, "E0018", "it is not a regular file");
    if (status.st_size > YAML_BYTES_MAX)
        return refuse_path(chain, value, "E0004", "it has more than 1 MiB");
    if (chain->count == SPEC_EXTENDS_MAX + 1)
        return refuse_path(chain, value, "E0017", "more than 16 files extend one another");
    chain->real[chain->count++] = real;
    return true;
}

static const YamlNode *extend(Chain *chain, const YamlNode *root, const char *path);

static const YamlNode *read_base(Chain *chain, const YamlNode *value, const char *path)
{
    const char *folder = folder_of(chain->arena, path);
    const char *base = strcmp(folder, ".") == 0 && strchr(path, '/') == NULL
                           ? value->text
                           : arena_print(chain->arena, "%s/%s", folder, value->text);
    if (!check_path(chain, value, base))
        return NULL;
    const Source *source = file_read(chain->arena, chain->real[chain->count - 1], YAML_BYTES_MAX, chain->diagnostics);
    if (source == NULL)
        return NULL;
    Source *named = arena_grow(chain->arena, source, 1, 1, sizeof *source);
    named->name = base; /* as the user would find it */
    const YamlNode *root = yaml_read(chain->arena, named, 0, chain->diagnostics);
    if (root == NULL)
        return NULL;
    if (root->kind != YAML_KIND_MAPPING) {
        diagnostics_error(chain->diagnostics, root->span, "E0102", "a spec must be a map");
        return NULL;
    }
    return extend(chain, root, base);
}

static const YamlNode *extend(Chain *chain, const YamlNode *root, const char *path)
{
    const YamlNode *value = root->kind == YAML_KIND_MAPPING ? yaml_get(root, "extends") : NULL;
    if (value == NULL)
        return root;
    root = merge_without(chain->arena, root, "extends");
    if (value->kind != YAML_KIND_SCALAR || value->length == 0) {
        Diagnostic *error = diagnostics_error(chain->diagnostics, value->span, "E0102", "extends must be one file");
        error->help = "extends: base.yaml";
        return root;
    }
    const YamlNode *base = read_base(chain, value, path);
    if (base == NULL)
        return NULL; /* without it, what is missing would be reported in vain */
    return merge_trees(chain->arena, schema_map("spec"), base, root);
}

const YamlNode *read_extended(Arena *arena, const YamlNode *root, const char *path, const SpecOptions *options,
                              Diagnostics *diagnostics)
{
    Chain chain = {.arena = arena, .diagnostics = diagnostics, .options = options};
    chain.folder = copy_real_path(arena, folder_of(arena, path));
    chain.real[0] = copy_real_path(arena, path);
    if (chain.folder == NULL || chain.real[0] == NULL) {
        diagnostics_error(diagnostics, (Span){0}, "E0014", "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    chain.count = 1;
    root = extend(&chain, root, path);
    if (root != NULL && root->node_count > YAML_NODES_MAX) {
        diagnostics_error(diagnostics, (Span){0}, "E0006", "%s and what it extends have more than 100,000 values",
                          path);
        return NULL;
    }
    return root;
}
