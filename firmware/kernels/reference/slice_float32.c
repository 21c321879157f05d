#include "slice.h"

void slice_float32(const struct strided_view *view, const float *input, float *output) {
    strided_copy_float32(view, input, output);
}
