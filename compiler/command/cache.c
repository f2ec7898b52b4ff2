/* SPDX-License-Identifier: MIT */
/* Folders of built packages, named by the hash of what is in them. */
#include "compiler/command/cache.h"

#include "compiler/command/library.h"

#include "runtime/host/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEPT_SECONDS = 30 * 24 * 3600 }; /* a package that nobody ran for that long is removed */

static bool fail(Diagnostics *diagnostics, const char *what, const char *path, const char *why)
{
    diagnostics_error(diagnostics, (Span){0}, "E0810", "%s %s: %s", what, path, why);
    return false;
}

/* ---- where ---------------------------------------------------------------------------------------------------------- */

static const char *cache_root(Arena *arena)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (base && base[0] == '/')
        return arena_print(arena, "%s/ansatz", base);
    return home && home[0] == '/' ? arena_print(arena, "%s/.cache/ansatz", home) : NULL;
}

static bool is_private(const char *path, mode_t kind)
{
    struct stat status;
    return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind && status.st_uid == geteuid() &&
           (status.st_mode & 022) == 0;
}

static bool make_root(Arena *arena, const char *root, Diagnostics *diagnostics)
{
    char *parent = arena_copy_text(arena, root, strlen(root));
    *strrchr(parent, '/') = '\0';
    if (mkdir(parent, 0700) != 0 && errno != EEXIST)
        return fail(diagnostics, "cannot make the cache's folder", parent, strerror(errno));
    if (mkdir(root, 0700) != 0 && errno != EEXIST)
        return fail(diagnostics, "cannot make the cache's folder", root, strerror(errno));
    struct stat status;
    if (!is_private(root, S_IFDIR) || lstat(root, &status) != 0 || (status.st_mode & 077) != 0)
        return fail(diagnostics, "not using the cache", root, "it must be a folder of yours alone (mode 0700)");
    return true;
}

static const char *package_hash(Arena *arena, const Package *package, RunProgram which)
{
    Text all = text_start(arena);
    for (int i = 0; i < package->file_count; i++) {
        char hash[SHA256_TEXT_SIZE];
        sha256_text(package->files[i].bytes, package->files[i].length, hash);
        text_print(&all, "%s  %s\n", hash, package->files[i].path);
    }
    if (which != RUN_WHOLE)
        text_print(&all, "%s\n%s\n", package->run_unit, package->run_lines[which]);
    char *hash = arena_take(arena, SHA256_TEXT_SIZE, 1);
    sha256_text(all.bytes, all.length, hash);
    return hash;
}

bool cache_entry(Arena *arena, const Package *package, RunProgram which, CacheEntry *entry, Diagnostics *diagnostics)
{
    static const char *const endings[] = {[RUN_TRAIN] = "-train", [RUN_USE] = "-use", [RUN_WHOLE] = ""};
    const char *root = cache_root(arena);
    if (!root)
        return fail(diagnostics, "no cache:", "XDG_CACHE_HOME and HOME", "neither is an absolute path");
    if (!make_root(arena, root, diagnostics))
        return false;
    entry->which = which;
    entry->folder =
        arena_print(arena, "%s/%s-%.24s%s", root, package->name, package_hash(arena, package, which), endings[which]);
    entry->program = arena_print(arena, "%s/%s", entry->folder, package->name);
    entry->stamp = arena_print(arena, "%s.sha256", entry->folder);
    return true;
}

/* ---- checking --------------------------------------------------------------------------------------------------------- */

static const char *file_hash(Arena *arena, const char *path)
{
    Diagnostics ignored;
    diagnostics_start(&ignored, arena);
    const Source *file = file_read(arena, path, (size_t)1 << 28, &ignored);
    if (!file)
        return NULL;
    char *hash = arena_take(arena, SHA256_TEXT_SIZE, 1);
    sha256_text(file->text, file->length, hash);
    return hash;
}

bool cache_is_good(Arena *arena, const CacheEntry *entry)
{
    if (!is_private(entry->folder, S_IFDIR) || !is_private(entry->program, S_IFREG) ||
        !is_private(entry->stamp, S_IFREG))
        return false;
    Diagnostics ignored;
    diagnostics_start(&ignored, arena);
    const Source *stamp = file_read(arena, entry->stamp, 256, &ignored);
    const char *hash = file_hash(arena, entry->program);
    return stamp && hash && strcmp(stamp->text, hash) == 0;
}

/* ---- building --------------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Stamps tell when a package was last run; an old one goes with its folder. */
static void remove_old(Arena *arena, const char *root)
{
    DIR *directory = opendir(root);
    if (!directory)
        return;
    for (const struct dirent *item; (item = readdir(directory)) != NULL;) {
        const char *ending = strstr(item->d_name, ".sha256");
        const char *path = arena_print(arena, "%s/%s", root, item->d_name);
        struct stat status;
        if (!ending || lstat(path, &status) != 0 || time(NULL) - status.st_mtime < KEPT_SECONDS)
            continue;
        unlink(path);
        remove_folder(arena_copy_text(arena, path, strlen(path) - strlen(".sha256")));
    }
    closedir(directory);
}

/* Whether a child process ends well. */
static bool wait_for(pid_t child)
{
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool build_whole(Arena *arena, const char *folder, const char *build_line, Diagnostics *diagnostics)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execlp("ninja", "ninja", "-C", folder, "--quiet", (char *)NULL);
        if (chdir(folder) == 0)
            execlp("sh", "sh", "-c", build_line, (char *)NULL);
        _exit(127);
    }
    return wait_for(child) ||
           fail(diagnostics, "cannot build", arena_print(arena, "%s", folder), "the compiler's messages are above");
}

/* Compiles what is of the model and links the runtime that the compiler has inside it. Silent: where it fails, the whole
 * program is built, and that says what is wrong. */
static bool build_part(Arena *arena, const Package *package, const CacheEntry *entry)
{
    const Library library = library_for_this_machine();
    const char *unit = arena_print(arena, "%s/%s", entry->folder, RUN_UNIT);
    const char *runtime = arena_print(arena, "%s/%s", entry->folder, RUN_RUNTIME);
    if (library.bytes == NULL || file_write(arena, unit, package->run_unit, strlen(package->run_unit)) != 0 ||
        file_write(arena, runtime, (const char *)library.bytes, library.length) != 0)
        return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        if (nothing >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 && dup2(nothing, STDERR_FILENO) >= 0 &&
            chdir(entry->folder) == 0)
            execlp("sh", "sh", "-c", package->run_lines[entry->which], (char *)NULL);
        _exit(127);
    }
    return wait_for(child);
}

static int lock_root(Arena *arena, const char *root)
{
    int lock = open(arena_print(arena, "%s/lock", root), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (lock >= 0 && fcntl(lock, F_SETLKW, &whole) != 0 && errno == EINTR)
        continue;
    return lock;
}

static bool build_locked(Arena *arena, const Package *package, const CacheEntry *entry, Diagnostics *diagnostics)
{
    int error;
    mode_t mask = umask(077);
    unlink(entry->stamp);
    remove_folder(entry->folder);
    bool good = package_write(arena, package, entry->folder, true, diagnostics, &error) &&
                ((entry->which != RUN_WHOLE && build_part(arena, package, entry)) ||
                 build_whole(arena, entry->folder, package->build_line, diagnostics));
    const char *hash = good ? file_hash(arena, entry->program) : NULL;
    if (good && !hash)
        good = fail(diagnostics, "cannot read", entry->program, "the build left no program");
    error = good ? file_write(arena, entry->stamp, hash, strlen(hash)) : 0;
    if (error != 0)
        good = fail(diagnostics, "cannot write", entry->stamp, strerror(error));
    umask(mask);
    return good;
}

bool cache_build(Arena *arena, const Package *package, const CacheEntry *entry, Diagnostics *diagnostics)
{
    char *root = arena_copy_text(arena, entry->folder, strlen(entry->folder));
    *strrchr(root, '/') = '\0';
    int lock = lock_root(arena, root);
    if (lock < 0)
        return fail(diagnostics, "cannot lock", root, strerror(errno));
    remove_old(arena, root);
    bool good = cache_is_good(arena, entry) || build_locked(arena, package, entry, diagnostics);
    close(lock);
    return good;
}
