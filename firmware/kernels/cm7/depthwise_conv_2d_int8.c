// Windows up to about 7 x 7 in tiles; what is larger or dilated pixel by pixel.
#include "depthwise_conv_2d.h"

#include "depthwise_conv_2d_dilated.h"
#include "depthwise_windows.h"

void depthwise_conv_2d_int8(const struct depthwise_conv_2d_int8_params *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, int8_t *output) {
    const struct spatial *s = &params->spatial;
    const int32_t outputs = s->batches * s->output_height * s->output_width * s->output_channels;
    if (convolve_windows(params, input, weights, bias, output)) {
        clamp_bytes(output, outputs, params->activation_min, params->activation_max);
    } else {
        depthwise_conv_2d_dilated_int8(params, input, weights, bias, output);
    }
}
