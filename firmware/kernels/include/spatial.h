// The geometry that convolutions and pools share: a window sliding over an NHWC image.
#ifndef TINYML_KERNELS_SPATIAL_H
#define TINYML_KERNELS_SPATIAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct spatial {
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t window_height, window_width;
    int32_t output_height, output_width, output_channels;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t padding_top, padding_left;
};

// The rows (or columns) `begin` to `end` - 1 of a window that lie inside the image.
struct span {
    int32_t begin, end;
};

// For a window whose first row lies at `origin` (negative in the padding) and whose rows are
// `dilation` apart, in an image of `extent` rows.
static inline struct span visible(int32_t origin, int32_t window, int32_t dilation,
                                  int32_t extent) {
    struct span span = {0, window};
    while (span.begin < span.end && origin + span.begin * dilation < 0) {
        ++span.begin;
    }
    while (span.end > span.begin && origin + (span.end - 1) * dilation >= extent) {
        --span.end;
    }
    return span;
}

// Element offset of the first channel of a pixel.
static inline int32_t pixel(int32_t batch, int32_t height, int32_t width, int32_t channels,
                            int32_t y, int32_t x) {
    return ((batch * height + y) * width + x) * channels;
}

#ifdef __cplusplus
}
#endif

#endif
