// A tensor's extents as a tensor: they are constants, so that this stores `count` of them.
#ifndef TINYML_KERNELS_SHAPE_H
#define TINYML_KERNELS_SHAPE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void shape_int32(const int32_t *extents, int32_t count, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
