// Four outputs at a time. Accuracy: that of a sum of n = input_depth + 1 terms, rounded once a
// term: off by at most n * 2^-24 * (sum of |weight * input| + |bias|), in practice a few 2^-24.
#include "fully_connected.h"

#include "float_outputs.h"
#include "float_tile.h"

void fully_connected_float32(const struct fully_connected_float32_params *params,
                             const float *input, const float *weights, const float *bias,
                             float *output) {
    const int32_t depth = params->input_depth;
    const struct float_outputs outputs = {
        .weights = weights,
        .bias = bias,
        .terms = depth,
        .channels = params->output_depth,
        .minimum = params->activation_min,
        .maximum = params->activation_max,
    };
    struct float_tile tile = {.runs = 1, .length = depth};
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t channel = 0; channel < outputs.channels; channel += TILE_CHANNELS) {
            start_channels(&outputs, &tile, channel, 0);
            tile.inputs[0] = input + batch * depth;
            tile.outputs[0] = output + batch * outputs.channels + channel;
            write_tile(&tile, 1, outputs.channels - channel);
        }
    }
}
