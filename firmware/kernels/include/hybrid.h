// Hybrid arithmetic: 8-bit weights, float32 inputs and outputs. A kernel quantizes its input as it
// runs, one image (or vector) at a time, each with the scale that its own values ask for.
//
// All of it in the order in which TensorFlow Lite's reference kernels round, so that the 8-bit
// inputs, and then the outputs, are the same to the last bit. One exception: an input of 0.49999997
// steps becomes 0 here, while TensorFlow Lite for x86 makes 1 of it, or 0, by where in the tensor
// it lies.
#ifndef TINYML_KERNELS_HYBRID_H
#define TINYML_KERNELS_HYBRID_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hybrid {
    int32_t asymmetric;  // 1: inputs get a zero point
    int32_t per_channel; // 1: one scale per output channel, 0: one for all
    const float *scales; // of the weights
};

// How the values of one image are held: value = scale * (q - zero_point).
struct quantized {
    float scale;
    int32_t zero_point;
};

// Rounds to nearest, ties away from zero. What is not a number becomes one, as C wants it of
// conversions to integers.
static inline int8_t to_int8(float steps, float zero_point, float low) {
    return (int8_t)fmaxf(fminf(roundf(steps) + zero_point, 127.0f), low);
}

static inline struct quantized quantize_symmetric(const float *input, int32_t count,
                                                  int8_t *output) {
    float largest = 0.0f;
    for (int32_t i = 0; i < count; ++i) {
        largest = fmaxf(largest, fabsf(input[i]));
    }
    const float factor = largest > 0.0f ? 127.0f / largest : 0.0f;
    for (int32_t i = 0; i < count; ++i) {
        output[i] = to_int8(input[i] * factor, 0.0f, -127.0f);
    }
    return (struct quantized){largest / 127.0f, 0};
}

// The zero point for values from `low` (0 or less) to `high` (0 or more), from whichever end
// rounding errors are less. In double, once an image: halfway between two integers the last bit
// decides.
static inline int32_t zero_point_of(float low, float high) {
    const double scale = (double)(high - low) / 255.0;
    const double below = -(double)low / scale, above = (double)high / scale;
    const double exact = 128.0 + below < 127.0 + above ? below - 128.0 : 127.0 - above;
    if (!(exact > -128.0)) { // nor if it is not a number
        return -128;
    }
    return exact < 127.0 ? (int32_t)(exact + (exact < 0.0 ? -0.5 : 0.5)) : 127;
}

static inline struct quantized quantize_asymmetric(const float *input, int32_t count,
                                                   int8_t *output) {
    float low = 0.0f, high = 0.0f; // 0 is always in the range: padding is
    for (int32_t i = 0; i < count; ++i) {
        low = fminf(low, input[i]);
        high = fmaxf(high, input[i]);
    }
    if (low == high) {
        memset(output, 0, (size_t)count);
        return (struct quantized){1.0f, 0};
    }
    const float scale = (high - low) / 255.0f, factor = 1.0f / scale;
    const int32_t zero_point = zero_point_of(low, high);
    for (int32_t i = 0; i < count; ++i) {
        output[i] = to_int8(input[i] * factor, (float)zero_point, -128.0f);
    }
    return (struct quantized){scale, zero_point};
}

// Writes `count` values as 8 bits, and returns how.
static inline struct quantized quantize_input(const struct hybrid *hybrid, const float *input,
                                              int32_t count, int8_t *output) {
    return hybrid->asymmetric ? quantize_asymmetric(input, count, output)
                              : quantize_symmetric(input, count, output);
}

static inline float weights_scale(const struct hybrid *hybrid, int32_t channel) {
    return hybrid->scales[channel * hybrid->per_channel];
}

#ifdef __cplusplus
}
#endif

#endif
