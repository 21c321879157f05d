// Inputs in, a run, outputs out.
#include "answers.h"
#include "part.h"
#include "session.h"
#include "tensor.h"

using namespace tinyml::link;

namespace server {

namespace {

using Parts = flatbuffers::Vector<Offset<Part>>;

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
            *refusal = Refuse(ErrorCode_NoSuchTensor, "there are fewer");
            return false;
        }
        if (part.encoding() > Encoding_MAX) {
            *refusal = Refuse(ErrorCode_UnknownRequest, "not known here");
            return false;
        }
        if (!part_fits(&read, &model.inputs[part.input()])) {
            *refusal = Refuse(ErrorCode_OutOfRange, "not elements of the tensor");
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

uoffset_t DescribeOutput(uint32_t index, const inference_tensor &output) {
    struct Members {
        uint32_t index;
        uoffset_t data;
    };
    static constexpr Field fields[] = {
        {Output::VT_INDEX, kWord, offsetof(Members, index)},
        {Output::VT_DATA, kMade, offsetof(Members, data)},
    };
    const Members members = {index, Bytes(output.data, output.bytes)};
    return Table(fields, &members);
}

// All outputs, or none where they do not fit.
uoffset_t Outputs(const inference_model &model) {
    uoffset_t outputs[kMostTables];
    uint32_t count = 0;
    while (count < model.output_count && count < kMostTables && !overflow) {
        outputs[count] = DescribeOutput(count, model.outputs[count]);
        ++count;
    }
    if (overflow || count < model.output_count) {
        Begin();
        count = 0;
    }
    return Tables(outputs, count);
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
    return Finish(Response_Done, Table(nullptr, 0, nullptr));
}

struct answer Answer(const Infer &request) {
    struct Members {
        uoffset_t outputs;
        uint64_t cost;
    };
    static constexpr Field fields[] = {
        {Inference::VT_OUTPUTS, kMade, offsetof(Members, outputs)},
        {Inference::VT_COST, kLong, offsetof(Members, cost)},
    };
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
        return Refuse(ErrorCode_NotAvailable, "the inputs are gone: write them again");
    }
    Write(request.model(), request.parts());
    if (request.reset()) {
        inference_reset(model);
    }
    if (session_invoke(request.model(), &cost)) {
        return Refuse(ErrorCode_InferenceFailed, "the model's invoke failed");
    }
    const Members members = {Outputs(*model), cost};
    return Finish(Response_Inference, Table(fields, &members));
}

} // namespace server
