/* SPDX-License-Identifier: MIT */
/* Which files a spec may name: regular files whose real path lies below the real path of the spec's folder, or of one
 * that --allow-read names. So no symbolic link leads out. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "compiler/spec/read.h"

#include "compiler/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *copy_real_path(Arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    int error = errno;
    char *copy = real != NULL ? arena_copy_text(arena, real, strlen(real)) : NULL;
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

static bool may_read(const FileAccess *access, const char *real)
{
    if (is_below(real, access->folder))
        return true;
    for (int i = 0; i < access->options->allow_read_count; i++) {
        const char *folder = copy_real_path(access->arena, access->options->allow_read[i]);
        if (folder != NULL && is_below(real, folder))
            return true;
    }
    return false;
}

bool access_start(FileAccess *access, Arena *arena, const char *path, const SpecOptions *options,
                  Diagnostics *diagnostics)
{
    *access = (FileAccess){.arena = arena, .diagnostics = diagnostics, .options = options, .spec_path = path};
    access->folder = copy_real_path(arena, folder_of(arena, path));
    access->real_path = access->folder != NULL ? copy_real_path(arena, path) : NULL;
    if (access->real_path != NULL)
        return true;
    diagnostics_error(diagnostics, (Span){0}, "E0014", "cannot read %s: %s", path, strerror(errno));
    return false;
}

const char *access_shown_path(const FileAccess *access, const YamlNode *value)
{
    const char *from = value->span.source->name;
    if (strcmp(from, OVERRIDE_SOURCE_NAME) == 0)
        from = access->spec_path;
    return strchr(from, '/') == NULL ? value->text
                                     : arena_print(access->arena, "%s/%s", folder_of(access->arena, from), value->text);
}

const char *access_refuse(const FileAccess *access, const YamlNode *value, const char *code, const char *why)
{
    Diagnostic *error = diagnostics_error(access->diagnostics, value->span, code, "cannot read %s: %s",
                                          yaml_shown(access->arena, value), why);
    if (strcmp(code, "E0015") == 0)
        error->help = "a spec names files below its own folder; --allow-read DIR allows another";
    return NULL;
}

const char *access_real_path(const FileAccess *access, const YamlNode *value, size_t most)
{
    struct stat status;
    if (value->text[0] == '/')
        return access_refuse(access, value, "E0015", "the path must be relative");
    const char *real = copy_real_path(access->arena, access_shown_path(access, value));
    if (real == NULL)
        return access_refuse(access, value, "E0014", strerror(errno));
    if (!may_read(access, real))
        return access_refuse(access, value, "E0015", "it is outside the spec's folder");
    if (stat(real, &status) != 0)
        return access_refuse(access, value, "E0014", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return access_refuse(access, value, "E0018", "it is not a regular file");
    if (status.st_size < 0 || (uintmax_t)status.st_size > most)
        return access_refuse(access, value, "E0004", arena_print(access->arena, "it has more than %zu bytes", most));
    return real;
}

bool access_may_name(const FileAccess *access, const YamlNode *value)
{
    Arena *arena = access->arena;
    const char *path = access_shown_path(access, value), *folder = path, *real = NULL;
    if (value->text[0] == '/')
        return access_refuse(access, value, "E0015", "the path must be relative") != NULL;
    /* the folders on its way that are there, as far as they go; "." and "/" are always there */
    while (real == NULL && (real = copy_real_path(arena, folder)) == NULL)
        folder = folder_of(arena, folder);
    const char *rest = strcmp(folder, ".") == 0 && path[0] != '.' ? path : path + strlen(folder);
    for (const char *part = rest; *part != '\0'; part += strcspn(part, "/"), part += strspn(part, "/"))
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return access_refuse(access, value, "E0015", "its .. leads through a folder that is not there") != NULL;
    return may_read(access, *rest == '\0' ? real : arena_print(arena, "%s/", real)) ||
           access_refuse(access, value, "E0015", "it is outside the spec's folder") != NULL;
}

const Source *access_read(const FileAccess *access, const YamlNode *value, const char *real, size_t most)
{
    const Source *source = file_read(access->arena, real, most, access->diagnostics);
    if (source == NULL)
        return NULL;
    Source *named = arena_grow(access->arena, source, 1, 1, sizeof *source);
    named->name = access_shown_path(access, value);
    return named;
}
