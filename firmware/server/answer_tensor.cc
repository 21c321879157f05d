// The bytes of a tensor: an input, an output, or an operator's result.
#include <algorithm>

#include "answers.h"
#include "profile.h"
#include "session.h"

using namespace tinyml::link;

namespace server {

namespace {

// A tensor, and where its bytes are: null where they are gone.
struct Found {
    const inference_tensor *tensor;
    const void *data;
};

const inference_tensor *At(const inference_tensor *tensors, uint32_t count, uint32_t index) {
    return tensors && index < count ? &tensors[index] : nullptr;
}

Found Find(const inference_model &model, const ReadTensor &request) {
    const uint32_t index = request.index();
    if (request.source() == TensorSource_Output) {
        const bool there = session.outputs == request.model();
        const inference_tensor *const output = At(model.outputs, model.output_count, index);
        return {output, output && there ? output->data : nullptr};
    }
    if (request.source() == TensorSource_Input) {
        const inference_tensor *const input = At(model.inputs, model.input_count, index);
        return {input, input ? session_input(request.model(), index) : nullptr};
    }
    const inference_tensor *const result = At(model.results, model.operator_count, index);
    return {result, result ? result->data : nullptr};
}

struct answer RefuseGone() {
    return Refuse(ErrorCode_NotAvailable, "it takes an inference before it");
}

// Copies part of an operator's result while the model runs once more.
bool CopyResult(const ReadTensor &request, const profile_copy &copy, struct answer *refusal) {
    int failure;
    profile_copy_begin(&copy);
    const bool ran = session_repeat(request.model(), &failure);
    const bool copied = profile_copy_end();
    if (!ran) {
        *refusal = Refuse(ErrorCode_NotAvailable, "the inputs are gone: write them again");
    } else if (failure) {
        *refusal = Refuse(ErrorCode_InferenceFailed, "the model's invoke failed");
    } else if (!copied) {
        *refusal = RefuseGone();
    }
    return ran && !failure && copied;
}

// The bytes that a request asks for: all that fit, where it does not say how many. More than fit
// are too many.
uint32_t Length(const ReadTensor &request, uint32_t rest) {
    return request.bytes() ? request.bytes() : std::min(rest, Room());
}

struct answer Copy(const inference_model &model, const ReadTensor &request, const Found &found) {
    struct Members {
        uoffset_t tensor;
        uint32_t first_byte;
        uoffset_t data;
    };
    static constexpr Field fields[] = {
        {TensorData::VT_TENSOR, kMade, offsetof(Members, tensor)},
        {TensorData::VT_FIRST_BYTE, kWord, offsetof(Members, first_byte)},
        {TensorData::VT_DATA, kMade, offsetof(Members, data)},
    };
    const uint32_t first = request.first_byte();
    const uint32_t rest = found.tensor->bytes - first;
    const auto *const from = static_cast<const uint8_t *>(found.data) + first;
    Members members = {Describe(model, *found.tensor), first, 0};
    const uint32_t length = Length(request, rest);
    if (length > Room() || (length == 0 && rest > 0)) {
        overflow = true;
    } else if (request.source() != TensorSource_Operator) {
        members.data = Bytes(from, length);
    } else {
        uint8_t *to;
        struct answer refusal;
        members.data = RoomForBytes(length, &to);
        if (!CopyResult(request, {request.index(), from, to, length}, &refusal)) {
            return refusal;
        }
    }
    return Finish(Response_TensorData, Table(fields, &members));
}

} // namespace

struct answer Answer(const ReadTensor &request) {
    const inference_model *const model = Model(request.model());
    if (model == nullptr) {
        return RefuseModel();
    }
    if (request.source() > TensorSource_MAX) {
        return Refuse(ErrorCode_UnknownRequest, "not known here");
    }
    if (request.source() == TensorSource_Operator && model->results == nullptr) {
        return Refuse(ErrorCode_NotAvailable, "it takes engine=aot and profile=1");
    }
    const Found found = Find(*model, request);
    if (found.tensor == nullptr) {
        return Refuse(ErrorCode_NoSuchTensor, "there are fewer");
    }
    if (found.data == nullptr) {
        return RefuseGone();
    }
    const uint32_t bytes = found.tensor->bytes;
    if (request.first_byte() > bytes || request.bytes() > bytes - request.first_byte()) {
        return Refuse(ErrorCode_OutOfRange, "not elements of the tensor");
    }
    return Copy(*model, request, found);
}

} // namespace server
