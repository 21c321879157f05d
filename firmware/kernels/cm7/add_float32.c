#include "add.h"

#include "float_elements.h"

static inline float sum(float a, float b) {
    return a + b;
}

void add_float32(const struct add_float32_params *params, const float *input_1,
                 const float *input_2, float *output) {
    combine_floats(&params->shape, sum, params->activation_min, params->activation_max, input_1,
                   input_2, output);
}
