// Runs the int8 kernels of cm7/ that move, pick or look up bytes, or quantize, and their
// references.
#include <math.h>

#include "concatenation.h"
#include "drawn.h"
#include "lookup.h"
#include "maximum.h"
#include "minimum.h"
#include "pad.h"
#include "quantize.h"
#include "reduce_max.h"
#include "slice.h"
#include "strided_slice.h"
#include "transpose.h"

void reference_concatenation_int8(const struct concatenation_part *part, const int8_t *input,
                                  int8_t *output);
void reference_lookup_int8(const struct lookup_int8_params *params, const int8_t *input,
                           int8_t *output);
void reference_maximum_int8(const struct broadcast_shape *shape, const int8_t *input_1,
                            const int8_t *input_2, int8_t *output);
void reference_minimum_int8(const struct broadcast_shape *shape, const int8_t *input_1,
                            const int8_t *input_2, int8_t *output);
void reference_pad_int8(const struct pad_int8_params *params, const int8_t *input, int8_t *output);
void reference_quantize_float32_int8(const struct quantize_float32_params *params,
                                     const float *input, int8_t *output);
void reference_quantize_float32_uint8(const struct quantize_float32_params *params,
                                      const float *input, uint8_t *output);
void reference_quantize_int8_int8(const struct quantize_int8_params *params, const int8_t *input,
                                  int8_t *output);
void reference_quantize_int8_uint8(const struct quantize_int8_params *params, const int8_t *input,
                                   uint8_t *output);
void reference_quantize_uint8_int8(const struct quantize_int8_params *params, const uint8_t *input,
                                   int8_t *output);
void reference_reduce_max_int8(const struct reduction_shape *shape, const int8_t *input,
                               int8_t *output);
void reference_slice_int8(const struct strided_view *view, const int8_t *input, int8_t *output);
void reference_strided_slice_int8(const struct strided_view *view, const int8_t *input,
                                  int8_t *output);
void reference_transpose_int8(const struct strided_view *view, const int8_t *input, int8_t *output);

static void concatenation(const int8_t *input, const int8_t *w, const int32_t *bias,
                          int32_t shift) {
    (void)w, (void)bias;
    struct concatenation_part part = {.rows = draw(1, 20), .input_row = draw(1, 60)};
    part.output_row = part.input_row + draw(0, 1) * draw(0, 20);
    part.output_start = draw(0, part.output_row - part.input_row);
    input = at_end(draw(0, 1), input, part.rows * part.input_row);
    reference_concatenation_int8(&part, input, wanted + shift);
    concatenation_int8(&part, input, got + shift);
}

static void lookup(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    const struct lookup_int8_params params = {draw(0, 700), w};
    input = at_end(draw(0, 1), input, params.count);
    reference_lookup_int8(&params, input, wanted + shift);
    lookup_int8(&params, input, got + shift);
}

// Four loops, in each of which an input advances or is repeated.
static struct broadcast_shape draw_broadcast(void) {
    struct broadcast_shape shape;
    int32_t next_1 = 1, next_2 = 1;
    for (int32_t i = BROADCAST_RANK - 1; i >= 0; --i) {
        const bool moves_1 = draw(0, 2), moves_2 = draw(0, 2);
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

static void maximum(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    const struct broadcast_shape shape = draw_broadcast();
    const bool which = draw(0, 1);
    input = at_end(which, input, elements(&shape, shape.strides_1));
    w = at_end(!which, w, elements(&shape, shape.strides_2));
    reference_maximum_int8(&shape, input, w, wanted + shift);
    maximum_int8(&shape, input, w, got + shift);
}

static void minimum(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    const struct broadcast_shape shape = draw_broadcast();
    const bool which = draw(0, 1);
    input = at_end(which, input, elements(&shape, shape.strides_1));
    w = at_end(!which, w, elements(&shape, shape.strides_2));
    reference_minimum_int8(&shape, input, w, wanted + shift);
    minimum_int8(&shape, input, w, got + shift);
}

static void pad(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)bias;
    struct pad_int8_params params = {.value = *w};
    int32_t count = 1;
    for (int32_t i = 0; i < PAD_RANK; ++i) {
        params.shape.extents[i] = draw(1, i == PAD_RANK - 1 ? 9 : 4);
        params.shape.before[i] = draw(0, 1) * draw(0, 3);
        params.shape.after[i] = draw(0, 1) * draw(0, 3);
        count *= params.shape.extents[i];
    }
    input = at_end(draw(0, 1), input, count);
    reference_pad_int8(&params, input, wanted + shift);
    pad_int8(&params, input, got + shift);
}

static struct quantize_int8_params draw_quantize(void) {
    return (struct quantize_int8_params){.count = draw(0, 1) ? draw(0, 100) : draw(390, 700),
                                         .input_offset = draw(-255, 128),
                                         .multiplier = multipliers[0],
                                         .shift = draw(-2, 3),
                                         .output_offset = draw(-128, 255)};
}

static void quantize(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)w, (void)bias;
    const struct quantize_int8_params params = draw_quantize();
    const int32_t kind = draw(0, 2);
    input = at_end(draw(0, 1), input, params.count);
    if (kind == 0) {
        reference_quantize_int8_int8(&params, input, wanted + shift);
        quantize_int8_int8(&params, input, got + shift);
    } else if (kind == 1) {
        reference_quantize_int8_uint8(&params, input, (uint8_t *)wanted + shift);
        quantize_int8_uint8(&params, input, (uint8_t *)got + shift);
    } else {
        reference_quantize_uint8_int8(&params, (const uint8_t *)input, wanted + shift);
        quantize_uint8_int8(&params, (const uint8_t *)input, got + shift);
    }
}

// Half steps, far too large numbers, and what is not a number.
static void quantize_float(const int8_t *input, const int8_t *w, const int32_t *bias,
                           int32_t shift) {
    (void)w, (void)bias;
    static float values[200];
    const float rare[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-40f, -0.0f};
    struct quantize_float32_params params = {draw(0, 200), (float)draw(1, 1000) / 64.0f,
                                             draw(-128, 127)};
    for (int32_t i = 0; i < params.count; ++i) {
        const int32_t pick = draw(0, 60);
        values[i] = pick < 7 ? rare[pick] : (float)input[i] * 0.5f * params.scale;
    }
    reference_quantize_float32_int8(&params, values, wanted + shift);
    quantize_float32_int8(&params, values, got + shift);
    params.zero_point += 128;
    reference_quantize_float32_uint8(&params, values, (uint8_t *)wanted + shift + 300);
    quantize_float32_uint8(&params, values, (uint8_t *)got + shift + 300);
}

static void reduce_max(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)w, (void)bias;
    const int32_t images = draw(1, 3), pixels = draw(1, 40), channels = draw(1, 40);
    const int32_t image = pixels * channels;
    struct reduction_shape shape = {{images, channels}, {image, 1}, {1, pixels}, {0, channels}};
    if (draw(0, 2) == 0) {
        shape =
            (struct reduction_shape){{1, pixels}, {0, channels}, {images, channels}, {image, 1}};
    }
    input = at_end(draw(0, 1), input, images * image);
    reference_reduce_max_int8(&shape, input, wanted + shift);
    reduce_max_int8(&shape, input, got + shift);
}

// Any strides, in any order of size, forwards or backwards.
static struct strided_view draw_view(int32_t *bytes) {
    struct strided_view view = {.start = 0};
    int32_t step = 1;
    *bytes = 1;
    for (int32_t n = 0, i = draw(0, STRIDED_RANK - 1); n < STRIDED_RANK; ++n) {
        const int32_t begin = draw(0, 2), stride = step * draw(1, 2);
        const bool backwards = draw(0, 3) == 0;
        view.extents[i] = draw(1, 5);
        view.strides[i] = backwards ? -stride : stride;
        view.start += step * begin + (backwards ? (view.extents[i] - 1) * stride : 0);
        *bytes += step * begin + (view.extents[i] - 1) * stride;
        step *= draw(1, 4);
        i = (i + 2) % STRIDED_RANK;
    }
    return view;
}

static void views(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)w, (void)bias;
    int32_t bytes;
    const struct strided_view view = draw_view(&bytes);
    const int32_t kind = draw(0, 2);
    input = at_end(draw(0, 1), input, bytes);
    if (kind == 0) {
        reference_slice_int8(&view, input, wanted + shift);
        slice_int8(&view, input, got + shift);
    } else if (kind == 1) {
        reference_strided_slice_int8(&view, input, wanted + shift);
        strided_slice_int8(&view, input, got + shift);
    } else {
        reference_transpose_int8(&view, input, wanted + shift);
        transpose_int8(&view, input, got + shift);
    }
}

int main(void) {
    static const struct compared_kernel kernels[] = {{"concatenation", concatenation},
                                                     {"lookup", lookup},
                                                     {"maximum", maximum},
                                                     {"minimum", minimum},
                                                     {"pad", pad},
                                                     {"quantize", quantize},
                                                     {"quantize_float", quantize_float},
                                                     {"reduce_max", reduce_max},
                                                     {"views", views}};
    compare(kernels, sizeof(kernels) / sizeof(*kernels));
}
