// An image of another size, each pixel a mean of four weighted by distance.
#ifndef TINYML_KERNELS_RESIZE_BILINEAR_H
#define TINYML_KERNELS_RESIZE_BILINEAR_H

#include "resize.h"

#ifdef __cplusplus
extern "C" {
#endif

// Weights of int8 are in units of 1 / RESIZE_ONE.
#define RESIZE_ONE 1024

// Two neighbouring rows or columns of the input, and the weight of the second; the first has the
// rest of 1.
struct resize_bilinear_int8_tap {
    int32_t first, second, weight;
};

struct resize_bilinear_float32_tap {
    int32_t first, second;
    float weight;
};

// A tap for each output row and each output column.
struct resize_bilinear_int8_params {
    struct resize_image image;
    const struct resize_bilinear_int8_tap *rows;
    const struct resize_bilinear_int8_tap *columns;
};

struct resize_bilinear_float32_params {
    struct resize_image image;
    const struct resize_bilinear_float32_tap *rows;
    const struct resize_bilinear_float32_tap *columns;
};

void resize_bilinear_int8(const struct resize_bilinear_int8_params *params, const int8_t *input,
                          int8_t *output);
void resize_bilinear_float32(const struct resize_bilinear_float32_params *params,
                             const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
