// Runs the int8 kernels of cm7/ that go element by element or average, and their references.
#include "add.h"
#include "average_pool_2d.h"
#include "drawn.h"
#include "mean.h"
#include "mul.h"
#include "sub.h"

void reference_add_int8(const struct add_int8_params *params, const int8_t *input_1,
                        const int8_t *input_2, int8_t *output);
void reference_sub_int8(const struct sub_int8_params *params, const int8_t *input_1,
                        const int8_t *input_2, int8_t *output);
void reference_mul_int8(const struct mul_int8_params *params, const int8_t *input_1,
                        const int8_t *input_2, int8_t *output);
void reference_average_pool_2d_int8(const struct average_pool_2d_int8_params *params,
                                    const int8_t *input, int8_t *output);
void reference_mean_int8(const struct mean_int8_params *params, const int8_t *input,
                         int8_t *output);

// Up to four loops, in each of which an input advances or is repeated.
static struct broadcast_shape draw_broadcast(void) {
    struct broadcast_shape shape;
    int32_t next_1 = 1, next_2 = 1;
    const int32_t repeats = draw(0, 3);
    for (int32_t i = BROADCAST_RANK - 1; i >= 0; --i) {
        const bool moves_1 = repeats == 0 || draw(0, 2), moves_2 = repeats == 0 || draw(0, 2);
        shape.extents[i] = i == BROADCAST_RANK - 1 ? draw(1, 100) : draw(1, 4);
        shape.strides_1[i] = moves_1 ? next_1 : 0;
        shape.strides_2[i] = moves_2 ? next_2 : 0;
        next_1 *= moves_1 ? shape.extents[i] : 1;
        next_2 *= moves_2 ? shape.extents[i] : 1;
    }
    return shape;
}

static int32_t elements(const struct broadcast_shape *shape, const int32_t *strides) {
    int32_t count = 1;
    for (int32_t i = 0; i < BROADCAST_RANK; ++i) {
        count *= strides[i] ? shape->extents[i] : 1;
    }
    return count;
}

// Mostly as prepare makes them: one of both is a half.
static struct add_int8_params draw_sum(void) {
    struct add_int8_params params = {.shape = draw_broadcast(),
                                     .left_shift = 20,
                                     .offset_1 = draw(-127, 128),
                                     .multiplier_1 = 1 << 30,
                                     .offset_2 = draw(-127, 128),
                                     .multiplier_2 = 1 << 30,
                                     .output_offset = draw(-128, 127),
                                     .output_multiplier = multipliers[0],
                                     .output_shift = draw(0, 7) ? draw(-19, -16) : draw(-31, 0)};
    const int32_t scaled = draw(0, 4); // none, the first, the second, rarely both
    if (scaled == 1 || scaled == 4) {
        params.multiplier_1 = multipliers[1];
        params.shift_1 = draw(-8, 0);
    }
    if (scaled >= 2) {
        params.multiplier_2 = multipliers[2];
        params.shift_2 = draw(-8, 0);
    }
    draw_range(&params.activation_min, &params.activation_max);
    return params;
}

static void add(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    const struct add_int8_params params = draw_sum();
    const bool which = draw(0, 1);
    input = at_end(which, input, elements(&params.shape, params.shape.strides_1));
    w = at_end(!which, w, elements(&params.shape, params.shape.strides_2));
    reference_add_int8(&params, input, w, wanted + shift);
    add_int8(&params, input, w, got + shift);
}

static void sub(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    const struct add_int8_params sum = draw_sum();
    struct sub_int8_params params;
    _Static_assert(sizeof(params) == sizeof(sum), "both hold the same");
    memcpy(&params, &sum, sizeof(params));
    const bool which = draw(0, 1);
    input = at_end(which, input, elements(&params.shape, params.shape.strides_1));
    w = at_end(!which, w, elements(&params.shape, params.shape.strides_2));
    reference_sub_int8(&params, input, w, wanted + shift);
    sub_int8(&params, input, w, got + shift);
}

static void mul(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    struct mul_int8_params params = {.shape = draw_broadcast(),
                                     .offset_1 = draw(-127, 128),
                                     .offset_2 = draw(-127, 128),
                                     .output_offset = draw(-128, 127),
                                     .output_multiplier = multipliers[0],
                                     .output_shift = draw(0, 7) ? draw(-9, -5) : draw(-31, 2)};
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, elements(&params.shape, params.shape.strides_1));
    w = at_end(!which, w, elements(&params.shape, params.shape.strides_2));
    reference_mul_int8(&params, input, w, wanted + shift);
    mul_int8(&params, input, w, got + shift);
}

// Every window sees a part of the image. Now and then one is so large that sums of its bytes do
// not fit a halfword.
static void average_pool_2d(const int8_t *input, const int8_t *w, const int32_t *bias,
                            int32_t shift) {
    (void)w, (void)bias;
    struct average_pool_2d_int8_params params = {.spatial = draw_spatial()};
    struct spatial *const s = &params.spatial;
    if (draw(0, 4) == 0) {
        s->input_channels = draw(1, 13);
        s->input_height = s->window_height = draw(15, 30);
        s->input_width = s->window_width = draw(15, 30);
    }
    s->output_channels = s->input_channels;
    s->padding_top = draw(0, s->window_height - 1);
    s->padding_left = draw(0, s->window_width - 1);
    s->output_height = (s->input_height - 1 + s->padding_top) / s->stride_height + 1;
    s->output_width = (s->input_width - 1 + s->padding_left) / s->stride_width + 1;
    s->output_height = s->output_height > 4 ? 4 : s->output_height;
    s->output_width = s->output_width > 4 ? 4 : s->output_width;
    draw_range(&params.activation_min, &params.activation_max);
    input = at_end(draw(0, 1), input, image_bytes(s));
    reference_average_pool_2d_int8(&params, input, wanted + shift);
    average_pool_2d_int8(&params, input, got + shift);
}

// Reduced are the inner dimensions but the last, or the first and the last.
static void mean(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)w, (void)bias;
    const int32_t images = draw(1, 3), pixels = draw(0, 2) ? draw(1, 40) : draw(257, 600);
    const int32_t channels = pixels > 40 ? draw(1, 20) : draw(1, 40), image = pixels * channels;
    struct mean_int8_params params = {
        .shape = {{images, channels}, {image, 1}, {1, pixels}, {0, channels}},
        .sum_offset = draw(-40000, 40000),
        .multiplier = multipliers[0],
        .shift = pixels > 40 ? draw(-11, -8) : draw(-9, 0),
        .output_offset = draw(-128, 127)};
    if (draw(0, 2) == 0) {
        params.shape =
            (struct reduction_shape){{1, pixels}, {0, channels}, {images, channels}, {image, 1}};
    }
    input = at_end(draw(0, 1), input, images * image);
    reference_mean_int8(&params, input, wanted + shift);
    mean_int8(&params, input, got + shift);
}

int main(void) {
    static const struct compared_kernel kernels[] = {{"add", add},
                                                     {"sub", sub},
                                                     {"mul", mul},
                                                     {"average_pool_2d", average_pool_2d},
                                                     {"mean", mean}};
    compare(kernels, sizeof(kernels) / sizeof(*kernels));
}
