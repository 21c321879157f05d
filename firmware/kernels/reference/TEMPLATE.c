#include "template.h"

#include "requantize.h"

void template_int8(const struct template_int8_params *params, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        const int32_t x = input[i] - params->zero_point;
        const int32_t distance = x < 0 ? -x : x;
        // From a zero point above -128 on, the distance of the far end does not fit.
        output[i] = (int8_t)clamp_int32(distance + params->zero_point, INT8_MIN, INT8_MAX);
    }
}
