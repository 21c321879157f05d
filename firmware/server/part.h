// Part of an input, as a message brings it.
#ifndef TINYML_SERVER_PART_H
#define TINYML_SERVER_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "inference.h"

#ifdef __cplusplus
extern "C" {
#endif

struct part {
    const uint8_t *data;
    uint32_t bytes;
    uint32_t first_element;
    bool pixels; // a byte an element, 0 for 0.0 to 255 for 1.0; otherwise the tensor's own bytes
};

// Whether the part is a whole number of elements that the tensor has.
bool part_fits(const struct part *part, const struct inference_tensor *tensor);

// How many elements there are in a part that fits.
uint32_t part_elements(const struct part *part, const struct inference_tensor *tensor);

// Writes a part that fits.
void part_write(const struct part *part, const struct inference_tensor *tensor);

#ifdef __cplusplus
}
#endif

#endif
