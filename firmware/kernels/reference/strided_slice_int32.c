#include "strided_slice.h"

void strided_slice_int32(const struct strided_view *view, const int32_t *input, int32_t *output) {
    strided_copy_int32(view, input, output);
}
