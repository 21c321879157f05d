// Any function of one int8 number: a table of its 256 values.
#ifndef TINYML_KERNELS_LOOKUP_H
#define TINYML_KERNELS_LOOKUP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lookup_int8_params {
    int32_t count;
    const int8_t *table; // the output for each input, from -128 to 127
};

void lookup_int8(const struct lookup_int8_params *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
