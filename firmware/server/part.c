#include "part.h"

#include <string.h>

#include "interface.h"
#include "tensor.h"

static uint32_t element_bytes(const struct inference_tensor *tensor) {
    switch (tensor->type) {
    case INFERENCE_INT8:
    case INFERENCE_UINT8:
        return 1;
    case INFERENCE_INT16:
        return 2;
    default:
        return 4;
    }
}

static uint32_t bytes_of_element(const struct part *part, const struct inference_tensor *tensor) {
    return part->pixels ? 1 : element_bytes(tensor);
}

uint32_t part_elements(const struct part *part, const struct inference_tensor *tensor) {
    return part->bytes / bytes_of_element(part, tensor);
}

bool part_fits(const struct part *part, const struct inference_tensor *tensor) {
    const uint32_t elements = tensor_elements(tensor);
    return part->bytes % bytes_of_element(part, tensor) == 0 && part->first_element <= elements &&
           part_elements(part, tensor) <= elements - part->first_element;
}

void part_write(const struct part *part, const struct inference_tensor *tensor) {
    board_watchdog_feed(); // a message may have a thousand parts of the same bytes
    if (part->bytes == 0) {
        return; // there may be no data either
    }
    if (!part->pixels) {
        uint8_t *const bytes = tensor->data;
        memcpy(bytes + part->first_element * element_bytes(tensor), part->data, part->bytes);
        return;
    }
    for (uint32_t i = 0; i < part->bytes; ++i) {
        tensor_write(tensor, part->first_element + i, (float)part->data[i] / 255.0f);
    }
}
