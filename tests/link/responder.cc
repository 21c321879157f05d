// A firmware in small: answers one message from standard input on standard output.
#include <cstdio>

#include "link_generated.h"

using namespace tinyml::link;

// The sum of all bytes of all parts. What the host leaves out is a null pointer here.
static uint8_t sum_of(const Infer &infer) {
    uint8_t sum = 0;
    for (flatbuffers::uoffset_t i = 0; infer.parts() && i < infer.parts()->size(); ++i) {
        const auto *data = infer.parts()->Get(i)->data();
        for (flatbuffers::uoffset_t j = 0; data && j < data->size(); ++j) {
            sum = static_cast<uint8_t>(sum + data->Get(j));
        }
    }
    return sum;
}

static flatbuffers::Offset<void> answer(flatbuffers::FlatBufferBuilder &builder,
                                        const Message &message, Response &type) {
    if (const Infer *infer = message.request_as_Infer()) {
        const uint8_t sum = sum_of(*infer);
        const auto output = CreateOutput(builder, 0, builder.CreateVector(&sum, 1));
        type = Response_Inference;
        return CreateInference(builder, builder.CreateVector(&output, 1), 1ull << 40).Union();
    }
    type = Response_Error;
    const bool known = message.request_type() <= Request_MAX;
    const ErrorCode code = known ? ErrorCode_Failed : ErrorCode_UnknownRequest;
    return CreateErrorDirect(builder, code, "no answer").Union();
}

int main() {
    alignas(8) static uint8_t bytes[4096];
    const size_t length = fread(bytes, 1, sizeof bytes, stdin);
    flatbuffers::Verifier verifier(bytes, length);
    if (length < 8 || !VerifyMessageBuffer(verifier)) {
        return 3;
    }
    flatbuffers::FlatBufferBuilder builder;
    Response type = Response_NONE;
    const auto response = answer(builder, *GetMessage(bytes), type);
    FinishMessageBuffer(builder, CreateMessage(builder, Request_NONE, 0, type, response));
    fwrite(builder.GetBufferPointer(), 1, builder.GetSize(), stdout);
    return 0;
}
