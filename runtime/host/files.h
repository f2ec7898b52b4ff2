/* SPDX-License-Identifier: MIT-0 */
/* Files: whole ones read into memory, and new ones that appear under their name only when they are complete. */
#ifndef RUNTIME_HOST_FILES_H
#define RUNTIME_HOST_FILES_H

#include "failure.h"
#include "sha256.h"

#include <stdint.h>
#include <stdio.h>

#define file_read            RUNTIME_NAME(file_read)
#define file_release         RUNTIME_NAME(file_release)
#define file_start           RUNTIME_NAME(file_start)
#define file_write           RUNTIME_NAME(file_write)
#define file_finish          RUNTIME_NAME(file_finish)
#define file_abandon         RUNTIME_NAME(file_abandon)
#define file_write_whole     RUNTIME_NAME(file_write_whole)
#define file_hash            RUNTIME_NAME(file_hash)
#define file_find_room       RUNTIME_NAME(file_find_room)
#define file_exists          RUNTIME_NAME(file_exists)
#define file_is_folder       RUNTIME_NAME(file_is_folder)
#define file_make_folder     RUNTIME_NAME(file_make_folder)
#define file_folder_is_empty RUNTIME_NAME(file_folder_is_empty)
#define file_remove          RUNTIME_NAME(file_remove)
#define file_path            RUNTIME_NAME(file_path)
#define file_lock_folder     RUNTIME_NAME(file_lock_folder)
#define file_unlock          RUNTIME_NAME(file_unlock)
#define file_remove_leavings RUNTIME_NAME(file_remove_leavings)

/* A file's bytes; a 0 follows them, not counted. Release with file_release. */
typedef struct FileBytes {
    char *bytes;
    size_t length;
} FileBytes;

/* Fails with 66 where there is nothing to read (no such file, no permission, a folder), with 74 where reading fails. */
bool file_read(const char *path, FileBytes *file, Failure *failure);
void file_release(FileBytes *file);

/* A file under way. It is written beside its place as PATH.tmp-PID and renamed by file_finish, after its bytes have
 * reached the disk; file_abandon removes it. Where PATH is a device or a pipe, it is written directly. */
typedef struct FileWriter {
    FILE *stream;           /* NULL: not open */
    char *path, *temporary; /* owned; temporary NULL: written directly */
    Sha256 hash;            /* of the bytes so far */
} FileWriter;

/* Fails with 73 where the file cannot be made. */
bool file_start(FileWriter *writer, const char *path, Failure *failure);
/* Fails with 74, then the writer is abandoned. */
bool file_write(FileWriter *writer, const void *bytes, size_t length, Failure *failure);
/* The SHA-256 of the whole goes to `hash`, unless it is NULL. */
bool file_finish(FileWriter *writer, char hash[SHA256_TEXT_SIZE], Failure *failure);
/* Does nothing to a writer that is finished, abandoned, or {0}. */
void file_abandon(FileWriter *writer);

bool file_write_whole(const char *path, const void *bytes, size_t length, Failure *failure);

/* The SHA-256 of a file as 64 hexadecimal digits and a 0. */
bool file_hash(const char *path, char text[SHA256_TEXT_SIZE], Failure *failure);

/* How many bytes the disk has free where file_start would put PATH; false where PATH is a device or a pipe, or the file system
 * does not tell. */
bool file_find_room(const char *path, uint64_t *bytes);

bool file_exists(const char *path);
bool file_is_folder(const char *path);
/* Makes a folder in an existing one; one that is there is left alone. Fails with 73. */
bool file_make_folder(const char *path, Failure *failure);
bool file_folder_is_empty(const char *path);
/* Removes a file; one that isn't there is no failure. Fails with 73. */
bool file_remove(const char *path, Failure *failure);

/* Takes a folder for this process alone, until file_unlock or its end, however it ends. Fails (73) where another process
 * has it. *lock is -1 where the folder can't be opened or its file system knows no locks: then nothing is held. */
bool file_lock_folder(const char *path, int *lock, Failure *failure);
void file_unlock(int lock);
/* Removes a folder's files NAME.tmp-NUMBER, which a writer of NAME left behind when it was killed; nobody may be writing
 * it now. */
void file_remove_leavings(const char *folder, const char *name);

/* "FOLDER/NAME", or "NAME" where folder is NULL, in new memory, or NULL. */
char *file_path(const char *folder, const char *name, Failure *failure);

#endif
