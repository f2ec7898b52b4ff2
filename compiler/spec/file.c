/* SPDX-License-Identifier: MIT */
/* Reading files that a spec names, never more of one than a spec may have. */
#include "compiler/spec/read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const Source *refuse(const char *path, int reason, Diagnostics *diagnostics)
{
    diagnostics_error(diagnostics, (Span){0}, "E0014", "cannot read %s: %s", path, strerror(reason));
    return NULL;
}

/* Up to YAML_BYTES_MAX + 1 bytes: one too many shows that the file is too long. */
static const Source *read_descriptor(Arena *arena, int descriptor, const char *path, Diagnostics *diagnostics)
{
    Text text = text_start(arena);
    char buffer[16384];
    for (;;) {
        ssize_t got = read(descriptor, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse(path, errno, diagnostics);
        if (got == 0 || text.length > YAML_BYTES_MAX)
            break;
        text_add(&text, buffer, (size_t)got);
    }
    Source *source = ARENA_NEW(arena, Source);
    *source = (Source){arena_copy_text(arena, path, strlen(path)), text.bytes, text.length};
    return source;
}

const Source *read_file(Arena *arena, const char *path, Diagnostics *diagnostics)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse(path, errno, diagnostics);
    const Source *source = read_descriptor(arena, descriptor, path, diagnostics);
    close(descriptor);
    return source;
}
