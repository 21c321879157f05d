// What the commands print about firmware, models and memory.
#ifndef TINYML_APPS_MNIST_REPORT_H
#define TINYML_APPS_MNIST_REPORT_H

#include <stdint.h>

#include "inference.h"

// A name and a number of bytes, in columns.
void report_bytes(const char *name, uint32_t bytes);

// How the firmware was built.
void report_build(void);

// A model's tensors and operators.
void report_model(const struct inference_model *model);

// How much of the stack and of the arena has been used, at most. Runs model number `index`, where
// that changes nothing for later inferences.
void report_memory(const struct inference_model *model, uint32_t index);

#endif
