// Inputs in, a run, outputs out.
#include "answers.h"
#include "part.h"
#include "session.h"
#include "tensor.h"

using namespace tinyml::link;

namespace server {

namespace {

using Parts = Vector<Offset<Part>>;

uint32_t Count(const Parts *parts) {
    return parts ? parts->size() : 0;
}

struct part Read(const Part &part) {
    const auto *const data = part.data();
    return {data ? data->data() : nullptr, data ? data->size() : 0, part.first_element(),
            part.encoding() == Encoding_Pixels};
}

// Whether the parts can be written; `refusal` says why not. `elements` is how many there are.
bool Check(const inference_model &model, const Parts *parts, uint64_t *elements,
           struct answer *refusal) {
    *elements = 0;
    for (uint32_t i = 0; i < Count(parts); ++i) {
        const Part &part = *parts->Get(i);
        const struct part read = Read(part);
        if (part.input() >= model.input_count) {
            *refusal = Refuse(ErrorCode_NoSuchTensor, "the model has fewer inputs");
            return false;
        }
        if (part.encoding() > Encoding_MAX) {
            *refusal = Refuse(ErrorCode_UnknownRequest, "an encoding that is not known here");
            return false;
        }
        if (!part_fits(&read, &model.inputs[part.input()])) {
            *refusal = Refuse(ErrorCode_OutOfRange, "not a whole number of the input's elements");
            return false;
        }
        *elements += part_elements(&read, &model.inputs[part.input()]);
    }
    return true;
}

void Write(uint32_t index, const Parts *parts) {
    if (Count(parts) > 0) {
        session_write(index);
    }
    for (uint32_t i = 0; i < Count(parts); ++i) {
        const Part &part = *parts->Get(i);
        const struct part read = Read(part);
        part_write(&read, &session.models[index]->inputs[part.input()]);
    }
}

// Whether parts that were written before have been lost and are needed. It is said once.
bool Overridden(uint32_t index, uint64_t elements) {
    if (session.overridden != index) {
        return false;
    }
    session.overridden = SESSION_NO_MODEL;
    uint64_t all = 0;
    for (uint32_t i = 0; i < session.models[index]->input_count; ++i) {
        all += tensor_elements(&session.models[index]->inputs[i]);
    }
    return elements < all;
}

Offset<Vector<Offset<Output>>> Outputs(const inference_model &model) {
    Offset<Output> outputs[kMostTables];
    std::size_t bytes = 0;
    for (uint32_t i = 0; i < model.output_count; ++i) {
        bytes += model.outputs[i].bytes + 48; // with table, vtable, lengths and padding
    }
    const bool fit = bytes <= Room() && model.output_count <= kMostTables;
    const uint32_t count = fit ? model.output_count : 0;
    for (uint32_t i = 0; i < count; ++i) {
        const inference_tensor &output = model.outputs[i];
        const auto *const data = static_cast<const uint8_t *>(output.data);
        outputs[i] = CreateOutput(builder(), i, builder().CreateVector(data, output.bytes));
    }
    return builder().CreateVector(outputs, count);
}

} // namespace

struct answer Answer(const WriteInputs &request) {
    const inference_model *const model = Model(request.model());
    struct answer refusal;
    uint64_t elements;
    if (model == nullptr) {
        return RefuseModel();
    }
    if (!Check(*model, request.parts(), &elements, &refusal)) {
        return refusal;
    }
    Write(request.model(), request.parts());
    return Finish(Response_Done, CreateDone(builder()).Union());
}

struct answer Answer(const Infer &request) {
    const inference_model *const model = Model(request.model());
    struct answer refusal;
    uint64_t elements;
    uint32_t cost;
    if (model == nullptr) {
        return RefuseModel();
    }
    if (!Check(*model, request.parts(), &elements, &refusal)) {
        return refusal;
    }
    if (Overridden(request.model(), elements)) {
        return Refuse(ErrorCode_NotAvailable, "another inference has ended the parts: write again");
    }
    Write(request.model(), request.parts());
    if (request.reset()) {
        inference_reset(model);
    }
    if (session_invoke(request.model(), &cost)) {
        return Refuse(ErrorCode_InferenceFailed, "the model's invoke failed");
    }
    const auto outputs = Outputs(*model);
    return Finish(Response_Inference, CreateInference(builder(), outputs, cost).Union());
}

} // namespace server
