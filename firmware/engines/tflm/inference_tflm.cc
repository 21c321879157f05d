// engine=tflm: the model in tflite-micro's interpreter, seen through inference.h.
//
// Nothing is constructed before main and nothing is ever destroyed: the interpreter and what it
// refers to are made by `Initialise`, in memory that is set aside here.
#include <cstddef>
#include <cstdint>
#include <new>

#include "arena_size.h"
#include "console.h"
#include "inference.h"
#include "model.h"
#include "op_resolver.h"
#include "operator_profiler.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tflm_model.h"

#ifndef TF_LITE_STATIC_MEMORY
#error "TF_LITE_STATIC_MEMORY changes tflite-micro's structs: the library is compiled with it"
#endif

namespace {

constexpr uint32_t kInputs = sizeof kInputNames / sizeof kInputNames[0];
constexpr uint32_t kOutputs = sizeof kOutputNames / sizeof kOutputNames[0];
constexpr uint32_t kOperatorCount = sizeof kOperators / sizeof kOperators[0];

enum Status {
    kOk = 0,
    kSchemaVersion,
    kResolver,
    kAllocation,
    kInterface,
    kInvocation,
    kNotInitialised,
};

// Memory for one object.
template <typename T> struct Room {
    alignas(T) uint8_t bytes[sizeof(T)];
};

alignas(16) __attribute__((section(".bss.arena"))) uint8_t arena[TFLM_ARENA_BYTES];

Room<OpResolver> resolver_room;
Room<OperatorProfiler> profiler_room;
Room<tflite::MicroInterpreter> interpreter_room;

OperatorProfiler *profiler;
tflite::MicroInterpreter *interpreter; // null until the model is initialised

// What the application sees of the tensors; filled in by `Initialise`.
inference_tensor inputs[kInputs];
inference_tensor outputs[kOutputs];
int32_t input_shapes[kInputs][TFLM_MAX_RANK];
int32_t output_shapes[kOutputs][TFLM_MAX_RANK];

Status Refuse(Status status, const char *what) {
    console_text("error: engine tflm, model " TFLM_MODEL_NAME ": ");
    console_text(what);
    console_text("\n");
    return status;
}

bool TypeOf(const TfLiteTensor &tensor, inference_type *type) {
    switch (tensor.type) {
    case kTfLiteFloat32:
        *type = INFERENCE_FLOAT32;
        return true;
    case kTfLiteInt8:
        *type = INFERENCE_INT8;
        return true;
    case kTfLiteUInt8:
        *type = INFERENCE_UINT8;
        return true;
    case kTfLiteInt16:
        *type = INFERENCE_INT16;
        return true;
    case kTfLiteInt32:
        *type = INFERENCE_INT32;
        return true;
    default:
        return false;
    }
}

// Fills in `described`; false where inference.h has no words for the tensor.
bool Describe(const TfLiteTensor *tensor, const char *name, int32_t *shape,
              inference_tensor *described) {
    inference_type type;
    if (tensor == nullptr || tensor->dims->size > TFLM_MAX_RANK || !TypeOf(*tensor, &type)) {
        return false;
    }
    const uint32_t rank = static_cast<uint32_t>(tensor->dims->size);
    for (uint32_t i = 0; i < rank; ++i) {
        shape[i] = tensor->dims->data[i];
    }
    const bool real = type == INFERENCE_FLOAT32;
    *described = {name,
                  type,
                  rank,
                  shape,
                  static_cast<uint32_t>(tensor->bytes),
                  real ? 0.0f : tensor->params.scale,
                  real ? 0 : static_cast<int32_t>(tensor->params.zero_point),
                  tensor->data.data};
    return true;
}

bool DescribeAll(tflite::MicroInterpreter &made) {
    bool described = made.inputs_size() == kInputs && made.outputs_size() == kOutputs;
    for (uint32_t i = 0; described && i < kInputs; ++i) {
        described = Describe(made.input(i), kInputNames[i], input_shapes[i], &inputs[i]);
    }
    for (uint32_t i = 0; described && i < kOutputs; ++i) {
        described = Describe(made.output(i), kOutputNames[i], output_shapes[i], &outputs[i]);
    }
    return described;
}

int Initialise() {
    const tflite::Model *const model = tflite::GetModel(TFLM_MODEL_DATA);
    if (model->version() != TFLITE_SCHEMA_VERSION) {
        return Refuse(kSchemaVersion, "its schema is not of the version that tflite-micro reads");
    }
    OpResolver *const resolver = ::new (resolver_room.bytes) OpResolver;
    if (AddOperators(*resolver) != kTfLiteOk) {
        return Refuse(kResolver, "tflite-micro did not take an operator");
    }
    profiler = ::new (profiler_room.bytes) OperatorProfiler;
    tflite::MicroInterpreter *const made = ::new (interpreter_room.bytes) tflite::MicroInterpreter(
        model, *resolver, arena, sizeof arena, nullptr, PROFILE ? profiler : nullptr);
    if (made->AllocateTensors() != kTfLiteOk) {
        return Refuse(kAllocation, "tflite-micro does not run it, for the reason above");
    }
    if (!DescribeAll(*made)) {
        return Refuse(kInterface, "its inputs and outputs are not those it was built with");
    }
    interpreter = made;
    return kOk;
}

int Invoke() {
    if (interpreter == nullptr) {
        return kNotInitialised;
    }
    profiler->Restart();
    return interpreter->Invoke() == kTfLiteOk ? kOk : kInvocation;
}

} // namespace

const inference_model INFERENCE_MODEL = {
    TFLM_MODEL_NAME, inputs,           outputs,           kOperators, kInputs, kOutputs,
    kOperatorCount,  TFLM_ARENA_BYTES, TFLM_WEIGHT_BYTES, 0,          Invoke,  Initialise,
    nullptr, // models with variables are refused when they are built
    nullptr, // the interpreter keeps its own structures in the arena
    nullptr, // and does not say where an operator's result is
};
