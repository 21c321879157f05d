#include "arm_nnfunctions.h"

int32_t arm_avgpool_s8_get_buffer_size(const int output_x, const int ch_src) {
    (void)output_x;
    (void)ch_src;
    return 0;
}
