// The loops of operators that reduce some of a tensor's dimensions to one value.
#ifndef TINYML_KERNELS_REDUCTION_H
#define TINYML_KERNELS_REDUCTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REDUCTION_RANK 2

// Extents and strides, in elements of the input, of the dimensions that are kept and of those
// that are reduced; the output is dense.
struct reduction_shape {
    int32_t kept[REDUCTION_RANK], kept_strides[REDUCTION_RANK];
    int32_t reduced[REDUCTION_RANK], reduced_strides[REDUCTION_RANK];
};

#ifdef __cplusplus
}
#endif

#endif
