// Files of the computer that runs the program or its emulator, in the current folder.
#ifndef TINYML_APPS_VECTORS_FILE_H
#define TINYML_APPS_VECTORS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum file_mode { FILE_READ, FILE_WRITE };

// Returns a handle, or -1.
int32_t file_open(const char *path, enum file_mode mode);

// Returns how many bytes were read; fewer than `size` at the end of the file.
size_t file_read(int32_t file, void *bytes, size_t size);

// Return whether everything reached the file.
bool file_write(int32_t file, const void *bytes, size_t size);
bool file_close(int32_t file);

#endif
