#include "file.h"

#include <fcntl.h>
#include <unistd.h>

int32_t file_open(const char *path, enum file_mode mode) {
    return mode == FILE_READ ? open(path, O_RDONLY)
                             : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
}

size_t file_read(int32_t file, void *bytes, size_t size) {
    size_t done = 0;
    ssize_t step = 1;
    while (done < size && step > 0) {
        step = read(file, (char *)bytes + done, size - done);
        done += step > 0 ? (size_t)step : 0;
    }
    return done;
}

bool file_write(int32_t file, const void *bytes, size_t size) {
    size_t done = 0;
    ssize_t step = 1;
    while (done < size && step > 0) {
        step = write(file, (const char *)bytes + done, size - done);
        done += step > 0 ? (size_t)step : 0;
    }
    return done == size;
}

bool file_close(int32_t file) {
    return close(file) == 0;
}
