#include "strided_slice.h"

#include "copy_view.h"

void strided_slice_int8(const struct strided_view *view, const int8_t *input, int8_t *output) {
    copy_view(view, input, output);
}
