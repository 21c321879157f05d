#include "strided_slice.h"

void strided_slice_int16(const struct strided_view *view, const int16_t *input, int16_t *output) {
    strided_copy_int16(view, input, output);
}
