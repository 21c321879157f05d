#include "resize_bilinear.h"

// Half of RESIZE_ONE squared, away from zero: the sum below is rounded to nearest.
#define HALF (RESIZE_ONE * RESIZE_ONE / 2)

// The rows above and below, from the left column on; `left` and `right` are element offsets.
static int8_t blended(const int8_t *above, const int8_t *below, int32_t left, int32_t right,
                      int32_t row_weight, int32_t column_weight) {
    const int32_t upper = above[left] * (RESIZE_ONE - column_weight) + above[right] * column_weight;
    const int32_t lower = below[left] * (RESIZE_ONE - column_weight) + below[right] * column_weight;
    const int32_t sum = upper * (RESIZE_ONE - row_weight) + lower * row_weight;
    return (int8_t)((sum + (sum > 0 ? HALF : -HALF)) / (RESIZE_ONE * RESIZE_ONE));
}

static void resize_row(const struct resize_bilinear_int8_params *params, const int8_t *above,
                       const int8_t *below, int32_t row_weight, int8_t *output) {
    const int32_t channels = params->image.channels;
    for (int32_t x = 0; x < params->image.output_width; ++x) {
        const struct resize_bilinear_int8_tap *tap = &params->columns[x];
        const int32_t left = tap->first * channels;
        const int32_t right = tap->second * channels;
        for (int32_t channel = 0; channel < channels; ++channel) {
            *output++ =
                blended(above + channel, below + channel, left, right, row_weight, tap->weight);
        }
    }
}

void resize_bilinear_int8(const struct resize_bilinear_int8_params *params, const int8_t *input,
                          int8_t *output) {
    const struct resize_image *image = &params->image;
    const int32_t row = image->input_width * image->channels;
    for (int32_t batch = 0; batch < image->batches; ++batch) {
        for (int32_t y = 0; y < image->output_height; ++y) {
            const struct resize_bilinear_int8_tap *tap = &params->rows[y];
            resize_row(params, input + tap->first * row, input + tap->second * row, tap->weight,
                       output);
            output += image->output_width * image->channels;
        }
        input += resize_input_elements(image);
    }
}
