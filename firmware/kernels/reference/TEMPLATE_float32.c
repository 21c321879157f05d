#include "template.h"

#include <math.h>

void template_float32(const struct template_float32_params *params, const float *input,
                      float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = fabsf(input[i]);
    }
}
