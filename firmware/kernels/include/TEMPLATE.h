// The distance of each element from 0. To copy, see docs/adding-an-operator.md.
#ifndef TINYML_KERNELS_TEMPLATE_H
#define TINYML_KERNELS_TEMPLATE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Fields in the order in which the compiler's print_ names them. Input and output have one scale
// and zero point.
struct template_int8_params {
    int32_t count; // elements
    int32_t zero_point;
};

struct template_float32_params {
    int32_t count;
};

// Parameters first, then the inputs, then the output.
void template_int8(const struct template_int8_params *params, const int8_t *input, int8_t *output);
void template_float32(const struct template_float32_params *params, const float *input,
                      float *output);

#ifdef __cplusplus
}
#endif

#endif
