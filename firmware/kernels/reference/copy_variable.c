#include "copy_variable.h"

#include <string.h>

void copy_variable(const struct copy_variable_params *params, const void *source, void *target) {
    memcpy(target, source, params->bytes);
}
