// An image and the same image in another size, NHWC.
#ifndef TINYML_KERNELS_RESIZE_H
#define TINYML_KERNELS_RESIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct resize_image {
    int32_t batches;
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t channels;
};

// Elements of one image of the input.
static inline int32_t resize_input_elements(const struct resize_image *image) {
    return image->input_height * image->input_width * image->channels;
}

#ifdef __cplusplus
}
#endif

#endif
