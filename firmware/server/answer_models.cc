// What there is: models, their tensors and operators.
#include <algorithm>
#include <cstring>

#include "answers.h"
#include "profile.h"
#include "session.h"

using namespace tinyml::link;

namespace server {

namespace {

constexpr std::size_t kTensor = 112;  // a table Tensor with its vtable, without name and shape
constexpr std::size_t kOperator = 80; // a table Operator in the same way
constexpr std::size_t kModel = 128;

// The bytes of a string: its length, a zero, padding.
std::size_t Text(const char *text) {
    return std::strlen(text) + 12;
}

std::size_t Descriptions(const inference_tensor *tensors, uint32_t count) {
    std::size_t bytes = 0;
    for (uint32_t i = 0; i < count; ++i) {
        bytes += Description(tensors[i]) + sizeof(Offset<Tensor>);
    }
    return bytes;
}

bool Fits(const inference_model &model) {
    return model.input_count <= kMostTables && model.output_count <= kMostTables &&
           Text(model.name) + Descriptions(model.inputs, model.input_count) +
                   Descriptions(model.outputs, model.output_count) + kModel <=
               Room();
}

Offset<Vector<Offset<Tensor>>> DescribeAll(const inference_model &model,
                                           const inference_tensor *tensors, uint32_t count) {
    Offset<Tensor> described[kMostTables];
    for (uint32_t i = 0; i < count; ++i) {
        described[i] = Describe(model, tensors[i]);
    }
    return builder().CreateVector(described, count);
}

Offset<tinyml::link::Model> Describe(const inference_model &model) {
    const auto name = builder().CreateString(model.name);
    const auto inputs = DescribeAll(model, model.inputs, model.input_count);
    const auto outputs = DescribeAll(model, model.outputs, model.output_count);
    ModelBuilder described(builder());
    described.add_name(name);
    described.add_inputs(inputs);
    described.add_outputs(outputs);
    described.add_operator_count(model.operator_count);
    described.add_tensor_count(model.results ? model.operator_count : 0);
    described.add_arena_bytes(model.arena_bytes);
    described.add_weight_bytes(model.weight_bytes);
    described.add_state_bytes(model.state_bytes);
    return described.Finish();
}

Offset<Operator> Describe(const inference_operator &described, bool measured, uint32_t index) {
    const auto type = builder().CreateString(described.type);
    const auto name = builder().CreateString(described.name);
    OperatorBuilder table(builder());
    table.add_type(type);
    table.add_name(name);
    table.add_macs(described.macs);
    if (measured && index < PROFILE_MAX_OPERATORS) {
        table.add_cost(profile_count(index));
    }
    return table.Finish();
}

} // namespace

std::size_t Description(const inference_tensor &tensor) {
    return Text(tensor.name) + tensor.rank * sizeof(int32_t) + kTensor;
}

Offset<Tensor> Describe(const inference_model &model, const inference_tensor &tensor) {
    const auto name = builder().CreateString(tensor.name);
    const auto shape = builder().CreateVector(tensor.shape, tensor.rank);
    // What is not in the arena is one of the model's variables.
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(tensor.data) -
                               reinterpret_cast<std::uintptr_t>(model.arena);
    TensorBuilder described(builder());
    described.add_name(name);
    described.add_type(static_cast<TensorType>(tensor.type));
    described.add_shape(shape);
    described.add_bytes(tensor.bytes);
    described.add_scale(tensor.scale);
    described.add_zero_point(tensor.zero_point);
    if (offset < model.arena_bytes) {
        described.add_arena_offset(static_cast<uint32_t>(offset));
    }
    return described.Finish();
}

struct answer Answer(const GetModels &request) {
    const uint32_t first = request.first();
    if (first > session.model_count) {
        return RefuseModel();
    }
    Offset<tinyml::link::Model> models[kMostTables];
    uint32_t count = 0;
    while (count < std::min<std::size_t>(session.model_count - first, kMostTables) &&
           Fits(*session.models[first + count])) {
        models[count] = Describe(*session.models[first + count]);
        ++count;
    }
    if (count == 0 && first < session.model_count) {
        return Refuse(ErrorCode_TooLarge, "the model's description does not fit in a frame");
    }
    const auto list = builder().CreateVector(models, count);
    return Finish(Response_Models, CreateModels(builder(), list, first, session.model_count).Union());
}

struct answer Answer(const GetOperators &request) {
    const inference_model *const model = Model(request.model());
    const uint32_t first = request.first();
    if (model == nullptr) {
        return RefuseModel();
    }
    if (first > model->operator_count) {
        return Refuse(ErrorCode_OutOfRange, "the model has fewer operators");
    }
    const bool measured = PROFILE && session.measured == request.model();
    Offset<Operator> operators[kMostTables];
    uint32_t count = 0;
    while (count < std::min<std::size_t>(model->operator_count - first, kMostTables)) {
        const inference_operator &next = model->operators[first + count];
        if (Text(next.type) + Text(next.name) + kOperator > Room()) {
            break;
        }
        operators[count] = Describe(next, measured, first + count);
        ++count;
    }
    if (count == 0 && first < model->operator_count) {
        return Refuse(ErrorCode_TooLarge, "the operator's name does not fit in a frame");
    }
    const auto list = builder().CreateVector(operators, count);
    const auto table = CreateOperators(builder(), request.model(), first, list);
    return Finish(Response_Operators, table.Union());
}

} // namespace server
