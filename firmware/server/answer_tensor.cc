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
    return Refuse(ErrorCode_NotAvailable, "it is not there: it takes an inference before it");
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

bool KnownSource(TensorSource source) {
    return source <= TensorSource_MAX;
}

} // namespace

struct answer Answer(const ReadTensor &request) {
    const inference_model *const model = Model(request.model());
    if (model == nullptr) {
        return RefuseModel();
    }
    if (!KnownSource(request.source())) {
        return Refuse(ErrorCode_UnknownRequest, "a source that is not known here");
    }
    const bool operators = request.source() == TensorSource_Operator;
    if (operators && model->results == nullptr) {
        return Refuse(ErrorCode_NotAvailable, "operators' results take engine=aot and profile=1");
    }
    const Found found = Find(*model, request);
    if (found.tensor == nullptr) {
        return Refuse(ErrorCode_NoSuchTensor, "the model has fewer of these");
    }
    if (found.data == nullptr) {
        return RefuseGone();
    }
    const uint32_t first = request.first_byte();
    if (first > found.tensor->bytes || request.bytes() > found.tensor->bytes - first) {
        return Refuse(ErrorCode_OutOfRange, "the tensor has fewer bytes");
    }
    const std::size_t room = Room();
    const std::size_t described = Description(*found.tensor);
    const std::size_t most = described < room ? room - described : 0;
    const uint32_t rest = found.tensor->bytes - first;
    const uint32_t bytes =
        request.bytes() ? request.bytes() : static_cast<uint32_t>(std::min<std::size_t>(rest, most));
    if (bytes > most || (bytes == 0 && rest > 0)) {
        return Refuse(ErrorCode_TooLarge, "it does not fit in a frame: ask for fewer bytes");
    }
    uint8_t *to;
    const auto data = builder().CreateUninitializedVector<uint8_t>(bytes, &to);
    const uint8_t *const from = static_cast<const uint8_t *>(found.data) + first;
    struct answer refusal;
    if (!operators) {
        std::copy_n(from, bytes, to);
    } else if (!CopyResult(request, {request.index(), from, to, bytes}, &refusal)) {
        return refusal;
    }
    const auto tensor = Describe(*model, *found.tensor);
    const auto table = CreateTensorData(builder(), tensor, first, data);
    return Finish(Response_TensorData, table.Union());
}

} // namespace server
