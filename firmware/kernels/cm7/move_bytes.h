// Copying and filling, in line where a call would cost more.
#ifndef TINYML_KERNELS_CM7_MOVE_BYTES_H
#define TINYML_KERNELS_CM7_MOVE_BYTES_H

#include "clipped.h"

enum { WORTH_A_CALL = 40 };

static inline void move_bytes(int8_t *to, const int8_t *from, int32_t count) {
    if (count < WORTH_A_CALL) {
        copy_bytes(to, from, count);
    } else {
        memcpy(to, from, (size_t)count);
    }
}

static inline void set_bytes(int8_t *to, int8_t value, int32_t count) {
    if (count < WORTH_A_CALL) {
        fill_bytes(to, value, count);
    } else {
        memset(to, value, (size_t)count);
    }
}

#endif
