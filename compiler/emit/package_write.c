/* SPDX-License-Identifier: MIT */
/* Writing a package: all files to a folder of their own first, so that a full disk spoils nothing, then each to its place.
 * What a folder holds besides the package's files stays: runs, weights, notes. */
#include "compiler/emit/package.h"

#include "compiler/base/file.h"
#include "compiler/base/utf8.h"
#include "runtime/host/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(Diagnostics *diagnostics, const char *path, int error)
{
    diagnostics_error(diagnostics, (Span){0}, "E0803", "cannot write %s: %s", path, strerror(error));
    return false;
}

/* ---- what is there already ---------------------------------------------------------------------------------------------- */

static bool is_empty(const char *directory)
{
    DIR *open = opendir(directory);
    bool empty = open != NULL;
    for (const struct dirent *item; empty && (item = readdir(open)) != NULL;)
        empty = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0;
    if (open)
        closedir(open);
    return empty;
}

/* The manifest of the package in a folder; NULL: there is none of ours. */
static json_t *read_manifest(Arena *arena, const char *directory)
{
    json_t *root = json_load_file(arena_print(arena, "%s/MANIFEST.json", directory), JSON_REJECT_DUPLICATES, NULL);
    const char *compiler = json_string_value(json_object_get(json_object_get(root, "compiler"), "name"));
    if (compiler && strcmp(compiler, "ansatz") == 0)
        return root;
    json_decref(root);
    return NULL;
}

/* A path of a manifest that leads to a file within its folder. */
static bool is_inside(const char *path)
{
    return path[0] != '/' && strstr(path, "..") == NULL;
}

/* Whether a file of the package in the folder is no longer what its manifest says, nor what is about to take its place. */
static bool is_changed(const Package *package, const char *path, const char *hash, const char *full_path)
{
    char bytes[4096], found[SHA256_TEXT_SIZE];
    uint8_t digest[SHA256_BYTES];
    Sha256 state;
    FILE *open = fopen(full_path, "rb");
    if (!open)
        return false;
    sha256_start(&state);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, open)) > 0;)
        sha256_add(&state, bytes, got);
    sha256_end(&state, digest);
    sha256_hexadecimal(digest, found);
    fclose(open);
    bool changed = strcmp(found, hash) != 0;
    for (int i = 0; i < package->file_count && changed; i++)
        if (strcmp(package->files[i].path, path) == 0) {
            sha256_text(package->files[i].bytes, package->files[i].length, bytes);
            changed = strcmp(found, bytes) != 0;
        }
    return changed;
}

/* A package's files that somebody has edited stay theirs. */
static bool check_changes(Arena *arena, const Package *package, const char *directory, json_t *manifest,
                          Diagnostics *diagnostics)
{
    const char *path;
    json_t *hash;
    json_object_foreach(json_object_get(manifest, "files"), path, hash)
    {
        const char *full_path = arena_print(arena, "%s/%s", directory, path);
        if (!is_inside(path) || !json_is_string(hash) || !is_changed(package, path, json_string_value(hash), full_path))
            continue;
        Diagnostic *error =
            diagnostics_error(diagnostics, (Span){0}, "E0804", "%s was changed after the compiler wrote it", full_path);
        error->help = "choose another folder, or overwrite it with --force";
        return false;
    }
    return true;
}

static bool may_write(Arena *arena, const Package *package, const char *directory, bool force, Diagnostics *diagnostics,
                      json_t **manifest)
{
    struct stat status;
    *manifest = NULL;
    if (lstat(directory, &status) != 0)
        return errno == ENOENT || fail(diagnostics, directory, errno);
    if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(diagnostics, directory, ENOTDIR);
    *manifest = read_manifest(arena, directory);
    const char *name = json_string_value(json_object_get(*manifest, "name"));
    if (force || (!*manifest && is_empty(directory)))
        return true;
    if (name && strcmp(name, package->name) == 0)
        return check_changes(arena, package, directory, *manifest, diagnostics);
    Text what = text_start(arena);
    if (name) {
        text_put(&what, "the package of another model, ");
        utf8_add_printable(&what, name, strlen(name));
    } else {
        text_put(&what, "something that is no package");
    }
    Diagnostic *error = diagnostics_error(diagnostics, (Span){0}, "E0804", "%s holds %s", directory, what.bytes);
    error->help = "choose another folder, or add the package's files to it with --force";
    return false;
}

/* ---- writing --------------------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

/* Makes the folders above a file. */
static int make_folders(Arena *arena, const char *path, size_t from)
{
    char *copy = arena_copy_text(arena, path, strlen(path));
    for (char *slash = strchr(copy + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            return errno;
        *slash = '/';
    }
    return 0;
}

static int write_whole(const char *path, const PackageFile *file)
{
    FILE *open = fopen(path, "wbx");
    if (!open)
        return errno;
    int error = fwrite(file->bytes, 1, file->length, open) == file->length ? 0 : errno;
    if (fclose(open) != 0 && error == 0)
        error = errno;
    return error;
}

/* Files that an earlier package had and this one has not. */
static void remove_stale(Arena *arena, const Package *package, const char *directory, json_t *manifest)
{
    const char *path;
    json_t *hash;
    json_object_foreach(json_object_get(manifest, "files"), path, hash)
    {
        bool stale = is_inside(path);
        for (int i = 0; i < package->file_count && stale; i++)
            stale = strcmp(package->files[i].path, path) != 0;
        if (stale)
            unlink(arena_print(arena, "%s/%s", directory, path));
    }
}

static int stage_files(Arena *arena, const Package *package, const char *folder, const char **at)
{
    int error = mkdir(folder, 0777) != 0 ? errno : 0;
    *at = folder;
    for (int i = 0; i < package->file_count && error == 0; i++) {
        *at = arena_print(arena, "%s/%s", folder, package->files[i].path);
        error = make_folders(arena, *at, strlen(folder) + 1);
        if (error == 0)
            error = write_whole(*at, &package->files[i]);
    }
    return error;
}

/* The manifest goes last: a folder with a new manifest has all of the package. */
static int move_files(Arena *arena, const Package *package, const char *from, const char *directory, const char **at)
{
    int error = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < package->file_count && error == 0; i++) {
            bool is_manifest = strcmp(package->files[i].path, "MANIFEST.json") == 0;
            if (is_manifest != (pass == 1))
                continue;
            *at = arena_print(arena, "%s/%s", directory, package->files[i].path);
            error = make_folders(arena, *at, strlen(directory) + 1);
            if (error == 0 && rename(arena_print(arena, "%s/%s", from, package->files[i].path), *at) != 0)
                error = errno;
        }
    return error;
}

bool package_write(Arena *arena, const Package *package, const char *directory, bool force, Diagnostics *diagnostics,
                   int *errno_out)
{
    *errno_out = 0;
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    directory = arena_copy_text(arena, directory, length);
    json_t *manifest = NULL;
    if (length == 0 || !may_write(arena, package, directory, force, diagnostics, &manifest)) {
        *errno_out = EEXIST;
        json_decref(manifest);
        return false;
    }
    const char *staged = arena_print(arena, "%s.%ld.tmp", directory, (long)getpid()), *at = directory;
    int error = stage_files(arena, package, staged, &at);
    if (error == 0) {
        struct stat status;
        if (lstat(directory, &status) != 0) {
            error = rename(staged, directory) != 0 ? errno : 0;
            at = directory;
        } else {
            error = move_files(arena, package, staged, directory, &at);
            if (error == 0 && manifest)
                remove_stale(arena, package, directory, manifest);
        }
    }
    nftw(staged, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    json_decref(manifest);
    *errno_out = error;
    return error == 0 || fail(diagnostics, at, error);
}
