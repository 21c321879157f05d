#include "mul.h"

#include "float_elements.h"

static inline float product(float a, float b) {
    return a * b;
}

void mul_float32(const struct mul_float32_params *params, const float *input_1,
                 const float *input_2, float *output) {
    combine_floats(&params->shape, product, params->activation_min, params->activation_max, input_1,
                   input_2, output);
}
