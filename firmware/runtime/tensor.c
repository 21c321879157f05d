#include "tensor.h"

#include <math.h>

struct range {
    int32_t low, high;
};

static struct range range_of(enum inference_type type) {
    switch (type) {
    case INFERENCE_INT8:
        return (struct range){INT8_MIN, INT8_MAX};
    case INFERENCE_UINT8:
        return (struct range){0, UINT8_MAX};
    case INFERENCE_INT16:
        return (struct range){INT16_MIN, INT16_MAX};
    default:
        return (struct range){INT32_MIN, INT32_MAX};
    }
}

uint32_t tensor_elements(const struct inference_tensor *tensor) {
    uint32_t elements = 1;
    for (uint32_t i = 0; i < tensor->rank; ++i) {
        elements *= (uint32_t)tensor->shape[i];
    }
    return elements;
}

// Integers that are not quantized have scale 0: the element is the value itself.
static float scale_of(const struct inference_tensor *tensor) {
    return tensor->scale > 0.0f ? tensor->scale : 1.0f;
}

static int32_t quantize(const struct inference_tensor *tensor, float value) {
    const struct range range = range_of(tensor->type);
    const float steps = roundf(value / scale_of(tensor));
    // A float below 2^31 in magnitude fits; adding the zero point cannot wrap in 64 bits.
    const int64_t limited = isnan(steps)              ? 0
                            : steps >= 2147483648.0f  ? INT32_MAX
                            : steps <= -2147483648.0f ? INT32_MIN
                                                      : (int32_t)steps;
    const int64_t shifted = limited + tensor->zero_point;
    return (int32_t)(shifted < range.low ? range.low : shifted > range.high ? range.high : shifted);
}

void tensor_write(const struct inference_tensor *tensor, uint32_t index, float value) {
    switch (tensor->type) {
    case INFERENCE_FLOAT32:
        ((float *)tensor->data)[index] = value;
        break;
    case INFERENCE_INT8:
        ((int8_t *)tensor->data)[index] = (int8_t)quantize(tensor, value);
        break;
    case INFERENCE_UINT8:
        ((uint8_t *)tensor->data)[index] = (uint8_t)quantize(tensor, value);
        break;
    case INFERENCE_INT16:
        ((int16_t *)tensor->data)[index] = (int16_t)quantize(tensor, value);
        break;
    case INFERENCE_INT32:
        ((int32_t *)tensor->data)[index] = quantize(tensor, value);
        break;
    }
}

static int32_t stored(const struct inference_tensor *tensor, uint32_t index) {
    switch (tensor->type) {
    case INFERENCE_INT8:
        return ((const int8_t *)tensor->data)[index];
    case INFERENCE_UINT8:
        return ((const uint8_t *)tensor->data)[index];
    case INFERENCE_INT16:
        return ((const int16_t *)tensor->data)[index];
    default:
        return ((const int32_t *)tensor->data)[index];
    }
}

// Rounds once, as a conversion does. That of 64 bits is the library's, and long: here a value of
// up to 34 bits has two shifted out, whose one trace keeps it off a tie that it is not.
static float to_float(int64_t value) {
    if (value == (int32_t)value) {
        return (float)(int32_t)value;
    }
    return 4.0f * (float)(int32_t)((value >> 2) | ((value & 3) != 0));
}

float tensor_read(const struct inference_tensor *tensor, uint32_t index) {
    if (tensor->type == INFERENCE_FLOAT32) {
        return ((const float *)tensor->data)[index];
    }
    const int64_t steps = (int64_t)stored(tensor, index) - tensor->zero_point;
    return scale_of(tensor) * to_float(steps);
}
