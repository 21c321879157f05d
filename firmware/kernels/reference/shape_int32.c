#include "shape.h"

#include <string.h>

void shape_int32(const int32_t *extents, int32_t count, int32_t *output) {
    memcpy(output, extents, (size_t)count * sizeof *output);
}
