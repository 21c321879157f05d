// An image of another size, each pixel a copy of one of the input.
#ifndef TINYML_KERNELS_RESIZE_NEAREST_NEIGHBOR_H
#define TINYML_KERNELS_RESIZE_NEAREST_NEIGHBOR_H

#include <string.h>

#include "resize.h"

#ifdef __cplusplus
extern "C" {
#endif

// The input's row for each output row, and its column for each output column.
struct resize_nearest_neighbor_params {
    struct resize_image image;
    const int32_t *rows;
    const int32_t *columns;
};

// Copies pixels for all types; `item` is the size of an element in bytes.
static inline void resize_copy(const struct resize_nearest_neighbor_params *params, size_t item,
                               const void *input, void *output) {
    const struct resize_image *image = &params->image;
    const size_t bytes = (size_t)image->channels * item;
    const char *source = (const char *)input;
    char *target = (char *)output;
    for (int32_t batch = 0; batch < image->batches; ++batch) {
        for (int32_t y = 0; y < image->output_height; ++y) {
            const char *row = source + (size_t)(params->rows[y] * image->input_width) * bytes;
            for (int32_t x = 0; x < image->output_width; ++x) {
                memcpy(target, row + (size_t)params->columns[x] * bytes, bytes);
                target += bytes;
            }
        }
        source += (size_t)resize_input_elements(image) * item;
    }
}

void resize_nearest_neighbor_int8(const struct resize_nearest_neighbor_params *params,
                                  const int8_t *input, int8_t *output);
void resize_nearest_neighbor_int16(const struct resize_nearest_neighbor_params *params,
                                   const int16_t *input, int16_t *output);
void resize_nearest_neighbor_float32(const struct resize_nearest_neighbor_params *params,
                                     const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
