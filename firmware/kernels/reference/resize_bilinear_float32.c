#include "resize_bilinear.h"

// The rows above and below, from the left column on; `left` and `right` are element offsets. The
// order of products and sums decides the last bit.
static float blended(const float *above, const float *below, int32_t left, int32_t right,
                     float row_weight, float column_weight) {
    const float row_rest = 1.0f - row_weight;
    const float column_rest = 1.0f - column_weight;
    return above[left] * row_rest * column_rest + below[left] * row_weight * column_rest +
           above[right] * row_rest * column_weight + below[right] * row_weight * column_weight;
}

static void resize_row(const struct resize_bilinear_float32_params *params, const float *above,
                       const float *below, float row_weight, float *output) {
    const int32_t channels = params->image.channels;
    for (int32_t x = 0; x < params->image.output_width; ++x) {
        const struct resize_bilinear_float32_tap *tap = &params->columns[x];
        const int32_t left = tap->first * channels;
        const int32_t right = tap->second * channels;
        for (int32_t channel = 0; channel < channels; ++channel) {
            *output++ =
                blended(above + channel, below + channel, left, right, row_weight, tap->weight);
        }
    }
}

void resize_bilinear_float32(const struct resize_bilinear_float32_params *params,
                             const float *input, float *output) {
    const struct resize_image *image = &params->image;
    const int32_t row = image->input_width * image->channels;
    for (int32_t batch = 0; batch < image->batches; ++batch) {
        for (int32_t y = 0; y < image->output_height; ++y) {
            const struct resize_bilinear_float32_tap *tap = &params->rows[y];
            resize_row(params, input + tap->first * row, input + tap->second * row, tap->weight,
                       output);
            output += image->output_width * image->channels;
        }
        input += resize_input_elements(image);
    }
}
