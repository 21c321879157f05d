#include "file.h"

#include "semihosting.h"

int32_t file_open(const char *path, enum file_mode mode) {
    return semihosting_open(path, mode == FILE_READ ? SEMIHOSTING_READ : SEMIHOSTING_WRITE);
}

size_t file_read(int32_t file, void *bytes, size_t size) {
    return semihosting_read(file, bytes, size);
}

bool file_write(int32_t file, const void *bytes, size_t size) {
    return semihosting_write(file, bytes, size);
}

bool file_close(int32_t file) {
    return semihosting_close(file);
}
