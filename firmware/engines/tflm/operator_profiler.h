// tflite-micro's profiling events as the counts of profile.h: one count an operator.
#ifndef TINYML_ENGINES_TFLM_OPERATOR_PROFILER_H
#define TINYML_ENGINES_TFLM_OPERATOR_PROFILER_H

#include <cstdint>

#include "profile.h"
#include "tensorflow/lite/micro/compatibility.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"

// The interpreter opens an event before each operator, in the model's order, and closes it after
// it. Kernels may open events inside; those belong to their operator. A library compiled with
// TF_LITE_STRIP_ERROR_STRINGS has no events: all counts stay 0.
class OperatorProfiler : public tflite::MicroProfilerInterface {
  public:
    // Call before each inference.
    void Restart() {
        depth_ = 0;
        next_ = 0;
        profile_begin();
    }

    uint32_t BeginEvent(const char *) override {
        ++depth_;
        return 0;
    }

    void EndEvent(uint32_t) override {
        if (--depth_ == 0) {
            profile_operator(next_++);
        }
    }

  private:
    TF_LITE_REMOVE_VIRTUAL_DELETE

    uint32_t depth_ = 0;
    uint32_t next_ = 0; // the operator whose event ends next
};

#endif
