// The bytes of a variable: READ_VARIABLE and ASSIGN_VARIABLE.
#ifndef TINYML_KERNELS_COPY_VARIABLE_H
#define TINYML_KERNELS_COPY_VARIABLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct copy_variable_params {
    uint32_t bytes;
};

// The two do not overlap.
void copy_variable(const struct copy_variable_params *params, const void *source, void *target);

#ifdef __cplusplus
}
#endif

#endif
