// Runs the depthwise kernels of cm7/ whose weights come packed, and the reference.
#include "depthwise_conv_2d.h"
#include "depthwise_conv_2d_packed.h"
#include "drawn.h"

enum { WINDOW = 3, LONGEST = 32, WIDEST = 6, SHIFT = 12 };

void reference_depthwise_conv_2d_int8(const struct depthwise_conv_2d_int8_params *params,
                                      const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, int8_t *output);

static struct depthwise_channel channels[CHANNELS];

// The outputs of a tile that the inputs allow, and now and then fewer.
static int32_t draw_tile(const struct depthwise_axis *axis, int32_t inputs, bool along) {
    const int32_t whole = (axis->outputs - 1) * axis->stride + WINDOW;
    const bool edges = axis->padding > 0 && axis->inputs + axis->padding < whole;
    const int32_t most = !along && edges && whole == inputs + 1 ? whole : inputs;
    const int32_t largest = most < WINDOW ? 1 : (most - WINDOW) / axis->stride + 1;
    return largest < 2 || draw(0, 1) ? largest : draw(1, largest);
}

static struct depthwise_axis axis_of(const int32_t line[4], const int32_t steps[2], bool along) {
    struct depthwise_axis axis = {line[0], line[1],  line[2],  line[3],
                                  WINDOW,  steps[0], steps[1], 0};
    axis.tile = draw_tile(&axis, along ? LONGEST : WIDEST, along);
    return axis;
}

// The same layer, with one dimension of the image or the other as the one walked along.
static struct depthwise_conv_2d_packed_int8_params
packed(const struct depthwise_conv_2d_int8_params *p, bool turned) {
    const struct spatial *s = &p->spatial;
    const int32_t vertical[] = {s->input_height, s->output_height, s->stride_height,
                                s->padding_top};
    const int32_t horizontal[] = {s->input_width, s->output_width, s->stride_width,
                                  s->padding_left};
    const int32_t lines[] = {s->input_width * s->input_channels,
                             s->output_width * s->output_channels};
    const int32_t pixels[] = {s->input_channels, s->output_channels};
    return (struct depthwise_conv_2d_packed_int8_params){
        .batches = s->batches,
        .input_batch = s->input_height * lines[0],
        .output_batch = s->output_height * lines[1],
        .input_channels = s->input_channels,
        .depth_multiplier = p->depth_multiplier,
        .along = turned ? axis_of(horizontal, pixels, true) : axis_of(vertical, lines, true),
        .across = turned ? axis_of(vertical, lines, false) : axis_of(horizontal, pixels, false),
        .input_offset = p->input_offset,
        .output_offset = p->output_offset,
        .activation_min = p->activation_min,
        .activation_max = p->activation_max};
}

// The weight of a tap, 0 where the window is smaller.
static int32_t tap(const struct spatial *s, const int8_t *w, bool turned, int32_t along,
                   int32_t across, int32_t channel) {
    const int32_t row = turned ? across : along, column = turned ? along : across;
    const bool there = row < s->window_height && column < s->window_width;
    return there ? w[(row * s->window_width + column) * s->output_channels + channel] : 0;
}

static uint32_t halves(int32_t low, int32_t high) {
    return (uint32_t)(uint16_t)low | (uint32_t)(uint16_t)high << 16;
}

static void pack(const struct depthwise_conv_2d_int8_params *p, const int8_t *w,
                 const int32_t *bias, bool turned, bool rectified) {
    const struct spatial *s = &p->spatial;
    for (int32_t i = 0; i < s->output_channels; ++i) {
        const int32_t shift = -shifts[i], more = rectified ? SHIFT - shift : 0;
        const int32_t factor = rectified ? 2 << more : 1;
        struct depthwise_channel *const channel = &channels[i];
        for (int32_t column = 0; column < WINDOW; ++column) {
            const int32_t w0 = factor * tap(s, w, turned, 0, column, i);
            const int32_t w1 = factor * tap(s, w, turned, 1, column, i);
            const int32_t w2 = factor * tap(s, w, turned, 2, column, i);
            channel->weights[2 * column] = halves(w0, w1);
            channel->weights[2 * column + 1] = halves(w1, w2);
        }
        channel->bias = factor * (bias ? bias[i] : 0);
        channel->multiplier = (int32_t)((uint32_t)multipliers[i] << !rectified);
        channel->addend =
            rectified ? (1 << more) / 2 + (1 << (SHIFT - 1)) + p->output_offset * (1 << SHIFT)
                      : (int32_t)(UINT32_C(1) << (32 - shift));
    }
}

static void draw_layer(struct depthwise_conv_2d_int8_params *p, bool turned, bool rectified) {
    struct spatial *const s = &p->spatial;
    *p = (struct depthwise_conv_2d_int8_params){.spatial = draw_spatial(),
                                                .depth_multiplier = draw(0, 1) ? 1 : draw(1, 3),
                                                .input_offset = draw(-127, 128),
                                                .output_offset = draw(-128, 127),
                                                .multipliers = multipliers,
                                                .shifts = shifts};
    draw_range(&p->activation_min, &p->activation_max);
    if (rectified && p->activation_min < p->output_offset) {
        p->output_offset = p->activation_min;
    }
    s->input_channels = draw(1, CHANNELS / p->depth_multiplier);
    s->output_channels = s->input_channels * p->depth_multiplier;
    s->window_height = draw(1, WINDOW);
    s->window_width = draw(1, WINDOW);
    s->dilation_height = s->dilation_width = 1;
    *(turned ? &s->stride_width : &s->stride_height) = draw(1, 2);
    s->padding_top = draw(0, WINDOW - 1);
    s->padding_left = draw(0, WINDOW - 1);
    if (draw(0, 2) == 0) { // one long side, of several tiles
        *(turned ? &s->input_width : &s->input_height) = draw(20, 45);
        *(turned ? &s->output_width : &s->output_height) = draw(20, 45);
        s->batches = 1;
    }
    for (int32_t i = 0; i < CHANNELS; ++i) {
        multipliers[i] = draw(0, 7) ? draw(1 << 30, INT32_MAX) : draw(0, 1) ? 1 << 30 : INT32_MAX;
        shifts[i] = rectified ? draw(-11, -5) : draw(0, 3) ? draw(-11, -6) : draw(-31, -2);
    }
}

static void packed_kernel(const int8_t *input, const int8_t *w, const int32_t *bias,
                          int32_t shift) {
    struct depthwise_conv_2d_int8_params reference;
    const bool turned = draw(0, 1), which = draw(0, 1);
    draw_layer(&reference, turned, false);
    pack(&reference, w, bias, turned, false);
    const struct depthwise_conv_2d_packed_int8_params params = packed(&reference, turned);
    input = at_end(which, input, image_bytes(&reference.spatial));
    reference_depthwise_conv_2d_int8(&reference, input, w, bias, wanted + shift);
    depthwise_conv_2d_packed_int8(&params, input, channels, got + shift);
}

static void rectified_kernel(const int8_t *input, const int8_t *w, const int32_t *bias,
                             int32_t shift) {
    struct depthwise_conv_2d_int8_params reference;
    const bool turned = draw(0, 1), which = draw(0, 1);
    draw_layer(&reference, turned, true);
    pack(&reference, w, bias, turned, true);
    const struct depthwise_conv_2d_packed_int8_params params = packed(&reference, turned);
    input = at_end(which, input, image_bytes(&reference.spatial));
    reference_depthwise_conv_2d_int8(&reference, input, w, bias, wanted + shift);
    depthwise_conv_2d_rectified_int8(&params, input, channels, got + shift);
}

int main(void) {
    static const struct compared_kernel kernels[] = {{"packed", packed_kernel},
                                                     {"rectified", rectified_kernel}};
    compare(kernels, sizeof(kernels) / sizeof(*kernels));
}
