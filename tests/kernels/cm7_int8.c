// Runs the int8 kernels of cm7/ that slide windows or multiply matrices, and their references.
#include "conv_2d.h"
#include "depthwise_conv_2d.h"
#include "depthwise_conv_2d_dilated.h"
#include "drawn.h"
#include "fully_connected.h"
#include "max_pool_2d.h"

void reference_conv_2d_int8(const struct conv_2d_int8_params *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, int8_t *output);
void reference_depthwise_conv_2d_int8(const struct depthwise_conv_2d_int8_params *params,
                                      const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, int8_t *output);
void reference_fully_connected_int8(const struct fully_connected_int8_params *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    int8_t *output);
void reference_max_pool_2d_int8(const struct max_pool_2d_int8_params *params, const int8_t *input,
                                int8_t *output);

static void conv_2d(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    struct conv_2d_int8_params params = {.spatial = draw_spatial(),
                                         .input_offset = draw(-127, 128),
                                         .output_offset = draw(-128, 127),
                                         .multipliers = multipliers,
                                         .shifts = shifts};
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, image_bytes(&params.spatial));
    w = at_end(!which, w,
               params.spatial.output_channels * window_elements(&params.spatial) *
                   params.spatial.input_channels);
    reference_conv_2d_int8(&params, input, w, bias, wanted + shift);
    conv_2d_int8(&params, input, w, bias, got + shift);
}

static void depthwise_conv_2d(const int8_t *input, const int8_t *w, const int32_t *bias,
                              int32_t shift) {
    struct depthwise_conv_2d_int8_params params = {.spatial = draw_spatial(),
                                                   .depth_multiplier = draw(0, 1) ? 1 : draw(1, 3),
                                                   .input_offset = draw(-127, 128),
                                                   .output_offset = draw(-128, 127),
                                                   .multipliers = multipliers,
                                                   .shifts = shifts};
    params.spatial.input_channels = draw(1, CHANNELS / params.depth_multiplier);
    params.spatial.output_channels = params.spatial.input_channels * params.depth_multiplier;
    if (draw(0, 1)) {
        params.spatial.window_height = draw(1, 9);
        params.spatial.window_width = draw(1, 9);
        params.spatial.output_height = draw(1, 20);
    }
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, image_bytes(&params.spatial));
    w = at_end(!which, w, params.spatial.output_channels * window_elements(&params.spatial));
    reference_depthwise_conv_2d_int8(&params, input, w, bias, wanted + shift);
    if (draw(0, 2)) {
        depthwise_conv_2d_int8(&params, input, w, bias, got + shift);
    } else {
        depthwise_conv_2d_dilated_int8(&params, input, w, bias, got + shift);
    }
}

static void fully_connected(const int8_t *input, const int8_t *w, const int32_t *bias,
                            int32_t shift) {
    struct fully_connected_int8_params params = {.batches = draw(1, 3),
                                                 .input_depth = draw(1, 150),
                                                 .output_depth = draw(1, CHANNELS),
                                                 .input_offset = draw(-127, 128),
                                                 .weights_offset = draw(0, 1) * draw(-127, 128),
                                                 .output_offset = draw(-128, 127),
                                                 .per_channel = draw(0, 1),
                                                 .multipliers = multipliers,
                                                 .shifts = shifts};
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, params.batches * params.input_depth);
    w = at_end(!which, w, params.output_depth * params.input_depth);
    reference_fully_connected_int8(&params, input, w, bias, wanted + shift);
    fully_connected_int8(&params, input, w, bias, got + shift);
}

static void max_pool_2d(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)w, (void)bias;
    struct max_pool_2d_int8_params params = {.spatial = draw_spatial()};
    params.spatial.output_channels = params.spatial.input_channels;
    draw_range(&params.activation_min, &params.activation_max);
    input = at_end(draw(0, 1), input, image_bytes(&params.spatial));
    reference_max_pool_2d_int8(&params, input, wanted + shift);
    max_pool_2d_int8(&params, input, got + shift);
}

int main(void) {
    static const struct compared_kernel kernels[] = {{"conv_2d", conv_2d},
                                                     {"depthwise_conv_2d", depthwise_conv_2d},
                                                     {"fully_connected", fully_connected},
                                                     {"max_pool_2d", max_pool_2d}};
    compare(kernels, sizeof(kernels) / sizeof(*kernels));
}
