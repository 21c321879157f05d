// Reading and writing a tensor's elements as real numbers, whatever type it has.
#ifndef TINYML_RUNTIME_TENSOR_H
#define TINYML_RUNTIME_TENSOR_H

#include <stdint.h>

#include "inference.h"

#ifdef __cplusplus
extern "C" {
#endif

// How many elements the tensor has.
uint32_t tensor_elements(const struct inference_tensor *tensor);

// Stores `value` as element `index`: quantized (halves away from zero) and saturated where the
// tensor is quantized; NaN becomes the zero point.
void tensor_write(const struct inference_tensor *tensor, uint32_t index, float value);

// Returns element `index` as a real number.
float tensor_read(const struct inference_tensor *tensor, uint32_t index);

#ifdef __cplusplus
}
#endif

#endif
