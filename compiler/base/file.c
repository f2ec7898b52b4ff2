/* SPDX-License-Identifier: MIT */
/* Reading and writing whole files. */
#include "compiler/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const Source *fail(Diagnostics *diagnostics, const char *path, const char *code, const char *why)
{
    diagnostics_error(diagnostics, (Span){0}, code, "cannot read %s: %s", path, why);
    return NULL;
}

const Source *file_read(Arena *arena, const char *path, size_t most, Diagnostics *diagnostics)
{
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return fail(diagnostics, path, "E0014", strerror(errno));
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(descriptor);
        return fail(diagnostics, path, "E0014", "it is not a regular file");
    }
    if (status.st_size < 0 || (uintmax_t)status.st_size > most) {
        close(descriptor);
        return fail(diagnostics, path, "E0004", arena_print(arena, "it has more than %zu bytes", most));
    }
    size_t length = 0;
    char *text = arena_take(arena, (size_t)status.st_size + 1, 1);
    while (length < (size_t)status.st_size) {
        ssize_t got = read(descriptor, text + length, (size_t)status.st_size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = errno;
            close(descriptor);
            return fail(diagnostics, path, "E0014", strerror(error));
        }
        if (got == 0)
            break;
        length += (size_t)got;
    }
    close(descriptor);
    Source *source = ARENA_NEW(arena, Source);
    *source = (Source){arena_copy_text(arena, path, strlen(path)), text, length};
    return source;
}

int file_write(Arena *arena, const char *path, const char *bytes, size_t length)
{
    const char *temporary = arena_print(arena, "%s.%ld.tmp", path, (long)getpid());
    FILE *file = fopen(temporary, "wbx");
    if (!file)
        return errno;
    bool good = fwrite(bytes, 1, length, file) == length && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int error = good ? 0 : errno;
    if (fclose(file) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(temporary, path) != 0)
        error = errno;
    if (error != 0)
        unlink(temporary);
    return error;
}
