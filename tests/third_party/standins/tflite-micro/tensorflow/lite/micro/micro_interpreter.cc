// STAND-IN for tflite-micro, see README.md for what it computes.
#include "tensorflow/lite/micro/micro_interpreter.h"

#include "tensorflow/lite/micro/micro_log.h"

namespace tflite {

namespace {

constexpr uint32_t kSubgraphInputs = 1;
constexpr uint32_t kSubgraphOutputs = 2;
constexpr uint32_t kSubgraphOperators = 3;

// The schema's numbers are TfLiteType's, except for the first.
TfLiteType TypeOf(int8_t schema_type) {
    return schema_type == 0 ? kTfLiteFloat32 : static_cast<TfLiteType>(schema_type);
}

size_t ItemBytes(TfLiteType type) {
    return type == kTfLiteFloat32 || type == kTfLiteInt32 ? 4 : type == kTfLiteInt16 ? 2 : 1;
}

} // namespace

MicroInterpreter::MicroInterpreter(const Model *model, const MicroOpResolver &op_resolver,
                                   uint8_t *tensor_arena, size_t tensor_arena_size,
                                   MicroResourceVariables *, MicroProfilerInterface *profiler, bool)
    : model_(model->table()), subgraph_(model_.At(2, 0)), resolver_(op_resolver),
      arena_(tensor_arena), size_(tensor_arena_size), profiler_(profiler) {
}

MicroInterpreter::~MicroInterpreter() {
}

void *MicroInterpreter::Allocate(size_t bytes) {
    const size_t rounded = (bytes + 15) & ~static_cast<size_t>(15);
    if (rounded > size_ - used_) {
        MicroPrintf("stand-in: arena of %u bytes: %u more needed", static_cast<unsigned>(size_),
                    static_cast<unsigned>(rounded - (size_ - used_)));
        return nullptr;
    }
    used_ += rounded;
    return arena_ + used_ - rounded;
}

TfLiteTensor *MicroInterpreter::MakeTensor(uint32_t index) {
    const standin::Table table = subgraph_.At(0, index);
    TfLiteTensor *const tensor = static_cast<TfLiteTensor *>(Allocate(sizeof(TfLiteTensor)));
    TfLiteIntArray *const dims = static_cast<TfLiteIntArray *>(Allocate(sizeof(TfLiteIntArray)));
    if (tensor == nullptr || dims == nullptr) {
        return nullptr;
    }
    const standin::Vector shape = table.Items(0);
    const TfLiteType type = TypeOf(table.Scalar<int8_t>(1, 0));
    size_t bytes = ItemBytes(type);
    dims->size = static_cast<int>(shape.size());
    for (uint32_t i = 0; i < shape.size(); ++i) {
        dims->data[i] = standin::Load<int32_t>(shape.item(i, 4));
        bytes *= static_cast<size_t>(dims->data[i]);
    }
    *tensor = {{0.0f, 0}, {Allocate(bytes)}, dims, bytes, type};
    if (table.Field(4) != nullptr) {
        const standin::Table quantization = {standin::Follow(table.Field(4))};
        if (quantization.Items(2).size() > 0) {
            tensor->params.scale = standin::Load<float>(quantization.Items(2).item(0, 4));
            tensor->params.zero_point =
                static_cast<int32_t>(standin::Load<int64_t>(quantization.Items(3).item(0, 8)));
        }
    }
    return tensor->data.data != nullptr ? tensor : nullptr;
}

TfLiteTensor **MicroInterpreter::MakeTensors(uint32_t slot) {
    const standin::Vector indices = subgraph_.Items(slot);
    TfLiteTensor **const made =
        static_cast<TfLiteTensor **>(Allocate(indices.size() * sizeof(TfLiteTensor *)));
    for (uint32_t i = 0; made != nullptr && i < indices.size(); ++i) {
        made[i] = MakeTensor(standin::Load<uint32_t>(indices.item(i, 4)));
        if (made[i] == nullptr) {
            return nullptr;
        }
    }
    return made;
}

const TFLMRegistration *MicroInterpreter::FindOperator(uint32_t index) const {
    const uint32_t code = subgraph_.At(kSubgraphOperators, index).Scalar<uint32_t>(0, 0);
    const standin::Table table = model_.At(1, code);
    const int32_t small = table.Scalar<int8_t>(0, 0);
    const int32_t large = table.Scalar<int32_t>(3, 0);
    const int32_t number = small > large ? small : large;
    const TFLMRegistration *const found = resolver_.FindOp(static_cast<BuiltinOperator>(number));
    if (found == nullptr) {
        MicroPrintf("stand-in: no operator %d in the resolver", static_cast<int>(number));
    }
    return found;
}

TfLiteStatus MicroInterpreter::AllocateTensors() {
    for (uint32_t i = 0; i < subgraph_.Items(kSubgraphOperators).size(); ++i) {
        if (FindOperator(i) == nullptr) {
            return kTfLiteError;
        }
    }
    inputs_ = MakeTensors(kSubgraphInputs);
    outputs_ = MakeTensors(kSubgraphOutputs);
    return inputs_ != nullptr && outputs_ != nullptr ? kTfLiteOk : kTfLiteError;
}

void MicroInterpreter::Fill(const TfLiteTensor &output) const {
    const uint32_t operators = subgraph_.Items(kSubgraphOperators).size();
    memset(output.data.data, static_cast<int>(7 * operators), output.bytes);
    for (uint32_t i = 0; i < inputs_size(); ++i) {
        for (size_t k = 0; k < inputs_[i]->bytes; ++k) {
            uint8_t &sum = output.data.uint8[k % output.bytes];
            sum = static_cast<uint8_t>(sum + inputs_[i]->data.uint8[k]);
        }
    }
}

TfLiteStatus MicroInterpreter::Invoke() {
    for (uint32_t i = 0; i < subgraph_.Items(kSubgraphOperators).size(); ++i) {
        const uint32_t event =
            profiler_ != nullptr ? profiler_->BeginEvent(FindOperator(i)->name) : 0;
        const uint32_t inner = profiler_ != nullptr ? profiler_->BeginEvent("inside") : 0;
        for (uint32_t output = 0; output < outputs_size(); ++output) {
            Fill(*outputs_[output]);
        }
        if (profiler_ != nullptr) {
            profiler_->EndEvent(inner);
            profiler_->EndEvent(event);
        }
    }
    return kTfLiteOk;
}

TfLiteTensor *MicroInterpreter::input(size_t index) {
    return inputs_[index];
}

TfLiteTensor *MicroInterpreter::output(size_t index) {
    return outputs_[index];
}

} // namespace tflite
