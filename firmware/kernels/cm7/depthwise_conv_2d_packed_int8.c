// Any activation: each sum is rounded twice, as the reference does.
#include "depthwise_conv_2d_packed.h"

#include "depthwise_tile.h"

static __attribute__((naked, noinline)) void loop_1(__attribute__((unused))
                                                    const struct depthwise_walk *walk,
                                                    __attribute__((unused))
                                                    const struct depthwise_channel *channel) {
    DEPTHWISE_STRIDE_1(WALK_SCALE, WALK_SCALE_TWICE);
}

static __attribute__((naked, noinline)) void loop_2(__attribute__((unused))
                                                    const struct depthwise_walk *walk,
                                                    __attribute__((unused))
                                                    const struct depthwise_channel *channel) {
    DEPTHWISE_STRIDE_2(WALK_SCALE);
}

void depthwise_conv_2d_packed_int8(const struct depthwise_conv_2d_packed_int8_params *params,
                                   const int8_t *input, const struct depthwise_channel *channels,
                                   int8_t *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        depthwise_tiles(params, loop_1, loop_2, input, channels, output);
        input += params->input_batch;
        output += params->output_batch;
    }
}
