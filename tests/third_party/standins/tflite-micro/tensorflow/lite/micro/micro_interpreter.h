// STAND-IN for tflite-micro, see README.md.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H
#define STANDIN_TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"

#define TFLITE_SCHEMA_VERSION (3)

namespace tflite {

class MicroResourceVariables;

class MicroInterpreter {
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &op_resolver, uint8_t *tensor_arena,
                     size_t tensor_arena_size, MicroResourceVariables *resource_variables = nullptr,
                     MicroProfilerInterface *profiler = nullptr, bool preserve_all_tensors = false);
    ~MicroInterpreter();

    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteTensor *input(size_t index);
    TfLiteTensor *output(size_t index);
    size_t inputs_size() const {
        return subgraph_.Items(1).size();
    }
    size_t outputs_size() const {
        return subgraph_.Items(2).size();
    }
    size_t arena_used_bytes() const {
        return used_;
    }

  private:
    void *Allocate(size_t bytes);
    TfLiteTensor *MakeTensor(uint32_t index);
    TfLiteTensor **MakeTensors(uint32_t slot);
    const TFLMRegistration *FindOperator(uint32_t index) const;
    void Fill(const TfLiteTensor &output) const;

    standin::Table model_;
    standin::Table subgraph_;
    const MicroOpResolver &resolver_;
    uint8_t *arena_;
    size_t size_;
    size_t used_ = 0;
    MicroProfilerInterface *profiler_;
    TfLiteTensor **inputs_ = nullptr;
    TfLiteTensor **outputs_ = nullptr;
};

} // namespace tflite

#endif
