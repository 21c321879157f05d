#include "strided_slice.h"

void strided_slice_float32(const struct strided_view *view, const float *input, float *output) {
    strided_copy_float32(view, input, output);
}
