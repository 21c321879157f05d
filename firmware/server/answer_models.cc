// What there is: models, their tensors and operators.
#include "answers.h"
#include "profile.h"
#include "session.h"

using namespace tinyml::link;

namespace server {

namespace {

// Makes a vector of the tables that `describe` makes of the elements from `first` up to `end`.
// Those that do not fit are left out; where the first does not, it is an overflow.
template <typename Describe>
uoffset_t List(uint32_t first, uint32_t end, const Describe &describe) {
    uoffset_t tables[kMostTables];
    uint32_t count = 0;
    for (; first + count < end && count < kMostTables; ++count) {
        tables[count] = describe(first + count);
        if (overflow) {
            overflow = count == 0;
            break;
        }
    }
    return Tables(tables, count);
}

// Makes a vector of all tensors, or overflows.
uoffset_t DescribeAll(const inference_model &model, const inference_tensor *tensors,
                      uint32_t count) {
    uoffset_t described[kMostTables];
    if (count > kMostTables) {
        overflow = true;
        return 0;
    }
    for (uint32_t i = 0; i < count; ++i) {
        described[i] = Describe(model, tensors[i]);
    }
    return Tables(described, count);
}

uoffset_t DescribeModel(const inference_model &model) {
    struct Members {
        const char *name;
        uoffset_t inputs, outputs;
        uint32_t operators, tensors, arena, weights, state;
    };
    static constexpr Field fields[] = {
        {tinyml::link::Model::VT_NAME, kText, offsetof(Members, name)},
        {tinyml::link::Model::VT_INPUTS, kMade, offsetof(Members, inputs)},
        {tinyml::link::Model::VT_OUTPUTS, kMade, offsetof(Members, outputs)},
        {tinyml::link::Model::VT_OPERATOR_COUNT, kWord, offsetof(Members, operators)},
        {tinyml::link::Model::VT_TENSOR_COUNT, kWord, offsetof(Members, tensors)},
        {tinyml::link::Model::VT_ARENA_BYTES, kWord, offsetof(Members, arena)},
        {tinyml::link::Model::VT_WEIGHT_BYTES, kWord, offsetof(Members, weights)},
        {tinyml::link::Model::VT_STATE_BYTES, kWord, offsetof(Members, state)},
    };
    const Members members = {
        model.name,
        DescribeAll(model, model.inputs, model.input_count),
        DescribeAll(model, model.outputs, model.output_count),
        model.operator_count,
        model.results ? model.operator_count : 0,
        model.arena_bytes,
        model.weight_bytes,
        model.state_bytes,
    };
    return Table(fields, &members);
}

uoffset_t DescribeOperator(const inference_operator &described, Optional cost) {
    struct Members {
        inference_operator described;
        Optional cost;
    };
    static constexpr Field fields[] = {
        {Operator::VT_TYPE, kText, offsetof(Members, described.type)},
        {Operator::VT_NAME, kText, offsetof(Members, described.name)},
        {Operator::VT_MACS, kWord, offsetof(Members, described.macs)},
        {Operator::VT_COST, kOptional, offsetof(Members, cost)},
    };
    const Members members = {described, cost};
    return Table(fields, &members);
}

// What an operator took in the last inference, if the hooks have counted it.
Optional Cost(bool measured, uint32_t index) {
    return {PROFILE && measured && index < PROFILE_MAX_OPERATORS, profile_count(index)};
}

} // namespace

uoffset_t Describe(const inference_model &model, const inference_tensor &tensor) {
    struct Members {
        inference_tensor tensor;
        uint8_t type;
        uoffset_t shape;
        Optional offset;
    };
    static constexpr Field fields[] = {
        {Tensor::VT_NAME, kText, offsetof(Members, tensor.name)},
        {Tensor::VT_TYPE, kByte, offsetof(Members, type)},
        {Tensor::VT_SHAPE, kMade, offsetof(Members, shape)},
        {Tensor::VT_BYTES, kWord, offsetof(Members, tensor.bytes)},
        {Tensor::VT_SCALE, kReal, offsetof(Members, tensor.scale)},
        {Tensor::VT_ZERO_POINT, kSigned, offsetof(Members, tensor.zero_point)},
        {Tensor::VT_ARENA_OFFSET, kOptional, offsetof(Members, offset)},
    };
    // What is not in the arena is one of the model's variables.
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(tensor.data) -
                                  reinterpret_cast<std::uintptr_t>(model.arena);
    const Members members = {tensor,
                             static_cast<uint8_t>(tensor.type),
                             Integers(tensor.shape, tensor.rank),
                             {offset < model.arena_bytes, static_cast<uint32_t>(offset)}};
    return Table(fields, &members);
}

struct answer Answer(const GetModels &request) {
    struct Members {
        uoffset_t models;
        uint32_t first, count;
    };
    static constexpr Field fields[] = {
        {Models::VT_MODELS, kMade, offsetof(Members, models)},
        {Models::VT_FIRST, kWord, offsetof(Members, first)},
        {Models::VT_COUNT, kWord, offsetof(Members, count)},
    };
    const uint32_t first = request.first();
    if (first > session.model_count) {
        return RefuseModel();
    }
    const auto describe = [](uint32_t i) { return DescribeModel(*session.models[i]); };
    const Members members = {List(first, session.model_count, describe), first,
                             session.model_count};
    return Finish(Response_Models, Table(fields, &members));
}

struct answer Answer(const GetOperators &request) {
    struct Members {
        uint32_t model, first;
        uoffset_t operators;
    };
    static constexpr Field fields[] = {
        {Operators::VT_MODEL, kWord, offsetof(Members, model)},
        {Operators::VT_FIRST, kWord, offsetof(Members, first)},
        {Operators::VT_OPERATORS, kMade, offsetof(Members, operators)},
    };
    const inference_model *const model = Model(request.model());
    const uint32_t first = request.first();
    if (model == nullptr) {
        return RefuseModel();
    }
    if (first > model->operator_count) {
        return Refuse(ErrorCode_OutOfRange, "there are fewer");
    }
    const bool measured = session.measured == request.model();
    const auto describe = [=](uint32_t i) {
        return DescribeOperator(model->operators[i], Cost(measured, i));
    };
    const Members members = {request.model(), first, List(first, model->operator_count, describe)};
    return Finish(Response_Operators, Table(fields, &members));
}

} // namespace server
