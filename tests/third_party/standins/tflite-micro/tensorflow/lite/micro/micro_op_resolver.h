// STAND-IN for tflite-micro, see README.md.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_MICRO_OP_RESOLVER_H
#define STANDIN_TENSORFLOW_LITE_MICRO_MICRO_OP_RESOLVER_H

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace tflite {

// Upstream returns the kernel's registration; the stand-in has no kernels.
struct TFLMRegistration {
    BuiltinOperator builtin_code;
    const char *name;
};

class MicroOpResolver {
  public:
    virtual const TFLMRegistration *FindOp(BuiltinOperator op) const = 0;
    virtual ~MicroOpResolver() {
    }
};

} // namespace tflite

#endif
