#include "strided_slice.h"

void strided_slice_int8(const struct strided_view *view, const int8_t *input, int8_t *output) {
    strided_copy_int8(view, input, output);
}
