/* SPDX-License-Identifier: MIT-0 */
/* Files by POSIX. All system errors of files become sentences and exit codes here. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static FailureCode code_of_reading(int error)
{
    return error == EIO ? FAILURE_IO : FAILURE_NO_INPUT;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static FILE *open_to_read(const char *path, size_t *length, Failure *failure)
{
    struct stat facts = {0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        failure_record_system(failure, code_of_reading(errno), "read", path, errno);
        return NULL;
    }
    if (fstat(fileno(stream), &facts) == 0 && S_ISDIR(facts.st_mode)) {
        fclose(stream);
        failure_record_system(failure, FAILURE_NO_INPUT, "read", path, EISDIR);
        return NULL;
    }
    *length = S_ISREG(facts.st_mode) && facts.st_size > 0 ? (size_t)facts.st_size : 0;
    return stream;
}

/* Reads to the end; `room` is a guess of the length. */
static bool read_all(FILE *stream, const char *path, size_t room, FileBytes *file, Failure *failure)
{
    file->length = 0;
    room = room + 2 > 4096 ? room + 2 : 4096; /* one more than the file, so that its end is seen, and the 0 */
    file->bytes = malloc(room);
    while (file->bytes != NULL) {
        size_t wanted = room - file->length - 1, got = fread(file->bytes + file->length, 1, wanted, stream);
        file->length += got;
        if (got < wanted && ferror(stream))
            return failure_system(failure, FAILURE_IO, "read", path, errno);
        if (got < wanted) {
            file->bytes[file->length] = 0;
            return true;
        }
        room = room > SIZE_MAX / 2 ? 0 : room * 2;
        char *more = room == 0 ? NULL : realloc(file->bytes, room);
        if (more == NULL)
            free(file->bytes);
        file->bytes = more;
    }
    return failure_system(failure, FAILURE_INTERNAL, "read", path, ENOMEM);
}

bool file_read(const char *path, FileBytes *file, Failure *failure)
{
    size_t length = 0;
    *file = (FileBytes){0};
    FILE *stream = open_to_read(path, &length, failure);
    if (stream == NULL)
        return false;
    bool done = read_all(stream, path, length, file, failure);
    fclose(stream);
    if (!done)
        file_release(file);
    return done;
}

void file_release(FileBytes *file)
{
    free(file->bytes);
    *file = (FileBytes){0};
}

bool file_hash(const char *path, char text[SHA256_TEXT_SIZE], Failure *failure)
{
    size_t length = 0, got;
    char part[16384];
    uint8_t digest[SHA256_BYTES];
    Sha256 hash;
    FILE *stream = open_to_read(path, &length, failure);
    if (stream == NULL)
        return false;
    sha256_start(&hash);
    while ((got = fread(part, 1, sizeof part, stream)) > 0)
        sha256_add(&hash, part, got);
    bool good = !ferror(stream);
    int error = errno;
    fclose(stream);
    if (!good)
        return failure_system(failure, FAILURE_IO, "read", path, error);
    sha256_end(&hash, digest);
    sha256_hexadecimal(digest, text);
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Opens PATH.tmp-PID, or another number where one was left behind. */
static int open_temporary(FileWriter *writer, const char *path)
{
    size_t room = strlen(path) + 40;
    writer->temporary = malloc(room);
    if (writer->temporary == NULL)
        return -1;
    for (long i = 0; i < 100; i++) {
        snprintf(writer->temporary, room, "%s.tmp-%ld", path, (long)getpid() + i);
        int file = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

bool file_start(FileWriter *writer, const char *path, Failure *failure)
{
    struct stat facts;
    int file;
    *writer = (FileWriter){0};
    sha256_start(&writer->hash);
    bool is_there = stat(path, &facts) == 0;
    writer->path = malloc(strlen(path) + 1);
    if (writer->path == NULL)
        return failure_system(failure, FAILURE_INTERNAL, "write", path, ENOMEM);
    strcpy(writer->path, path);
    if (is_there && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode)) {
        file = open(path, O_WRONLY);
    } else if (is_there && S_ISDIR(facts.st_mode)) {
        file = -1;
        errno = EISDIR;
    } else {
        file = open_temporary(writer, path);
    }
    writer->stream = file < 0 ? NULL : fdopen(file, "wb");
    if (writer->stream != NULL)
        return true;
    failure_record_system(failure, FAILURE_CANNOT_CREATE, "create", path, errno);
    if (file >= 0)
        close(file);
    free(writer->path);
    free(writer->temporary);
    *writer = (FileWriter){0};
    return false;
}

void file_abandon(FileWriter *writer)
{
    if (writer->stream != NULL)
        fclose(writer->stream);
    if (writer->temporary != NULL)
        unlink(writer->temporary);
    free(writer->path);
    free(writer->temporary);
    *writer = (FileWriter){0};
}

static bool fail_writing(FileWriter *writer, int error, Failure *failure)
{
    failure_record_system(failure, FAILURE_IO, "write", writer->path, error);
    file_abandon(writer);
    return false;
}

bool file_write(FileWriter *writer, const void *bytes, size_t length, Failure *failure)
{
    if (fwrite(bytes, 1, length, writer->stream) != length)
        return fail_writing(writer, errno, failure);
    sha256_add(&writer->hash, bytes, length);
    return true;
}

bool file_finish(FileWriter *writer, char hash[SHA256_TEXT_SIZE], Failure *failure)
{
    uint8_t digest[SHA256_BYTES];
    if (fflush(writer->stream) != 0)
        return fail_writing(writer, errno, failure);
    if (writer->temporary != NULL && fsync(fileno(writer->stream)) != 0)
        return fail_writing(writer, errno, failure);
    FILE *stream = writer->stream;
    writer->stream = NULL;
    if (fclose(stream) != 0 || (writer->temporary != NULL && rename(writer->temporary, writer->path) != 0))
        return fail_writing(writer, errno, failure);
    free(writer->temporary);
    writer->temporary = NULL;
    sha256_end(&writer->hash, digest);
    if (hash != NULL)
        sha256_hexadecimal(digest, hash);
    file_abandon(writer);
    return true;
}

bool file_write_whole(const char *path, const void *bytes, size_t length, Failure *failure)
{
    FileWriter writer;
    return file_start(&writer, path, failure) && file_write(&writer, bytes, length, failure) &&
           file_finish(&writer, NULL, failure);
}

bool file_find_room(const char *path, uint64_t *bytes)
{
    struct stat facts;
    struct statvfs disk;
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
        return false;
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? NULL : strdup(path);
    if (folder != NULL)
        folder[slash - path + 1] = '\0';
    const bool is_known = (slash == NULL || folder != NULL) && statvfs(slash == NULL ? "." : folder, &disk) == 0 &&
                          disk.f_blocks > 0; /* none: a file system without a size */
    free(folder);
    if (is_known)
        *bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return is_known;
}

/* ---- folders and names ------------------------------------------------------------------------------------------- */

bool file_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

bool file_make_folder(const char *path, Failure *failure)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && file_is_folder(path)))
        return true;
    return failure_system(failure, FAILURE_CANNOT_CREATE, "create the folder", path, errno);
}

bool file_folder_is_empty(const char *path)
{
    DIR *folder = opendir(path);
    bool empty = folder != NULL;
    while (empty) {
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            break;
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    if (folder != NULL)
        closedir(folder);
    return empty;
}

bool file_remove(const char *path, Failure *failure)
{
    return unlink(path) == 0 || errno == ENOENT ||
           failure_system(failure, FAILURE_CANNOT_CREATE, "remove", path, errno);
}

char *file_path(const char *folder, const char *name, Failure *failure)
{
    size_t room = (folder == NULL ? 0 : strlen(folder)) + strlen(name) + 2;
    char *path = malloc(room);
    if (path == NULL) {
        failure_record_system(failure, FAILURE_INTERNAL, "name", name, ENOMEM);
        return NULL;
    }
    if (folder == NULL)
        strcpy(path, name);
    else
        snprintf(path, room, "%s%s%s", folder, folder[0] && folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return path;
}

/* ---- one process at a time --------------------------------------------------------------------------------------- */

bool file_lock_folder(const char *path, int *lock, Failure *failure)
{
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0 || flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    const bool is_taken = errno == EWOULDBLOCK;
    close(*lock);
    *lock = -1;
    return !is_taken || failure_set(failure, FAILURE_CANNOT_CREATE, "another process is training into %s", path);
}

void file_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* Whether an entry of a folder is NAME.tmp-NUMBER. */
static bool is_leaving(const char *entry, const char *name)
{
    static const char middle[] = ".tmp-";
    const size_t length = strlen(name), start = length + strlen(middle);
    return strncmp(entry, name, length) == 0 && strncmp(entry + length, middle, strlen(middle)) == 0 &&
           entry[start] != '\0' && strspn(entry + start, "0123456789") == strlen(entry + start);
}

void file_remove_leavings(const char *folder, const char *name)
{
    DIR *entries = opendir(folder);
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;)
        if (is_leaving(entry->d_name, name))
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries != NULL)
        closedir(entries);
}
