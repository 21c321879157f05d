#ifndef TINYML_TEST_MODELS_H
#define TINYML_TEST_MODELS_H

#include "inference.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WIDE_BYTES = 6000, STREAM_OPERATORS = 150 };

extern const struct inference_model *const test_models[];
extern const uint32_t test_model_count;

void test_models_start(void);

#ifdef __cplusplus
}
#endif

#endif
