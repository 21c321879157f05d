#include "answer.h"

#include "answers.h"
#include "session.h"

using namespace tinyml::link;

namespace server {

namespace {

// What the server reads of a Message. A response is the other side's: it is not looked at.
struct RequestMessage : private flatbuffers::Table {
    bool Verify(flatbuffers::Verifier &verifier) const {
        return VerifyTableStart(verifier) &&
               VerifyField<uint8_t>(verifier, Message::VT_REQUEST_TYPE, 1) &&
               VerifyOffset(verifier, Message::VT_REQUEST) &&
               VerifyRequest(verifier, request(), type()) && verifier.EndTable();
    }

    Request type() const {
        return static_cast<Request>(GetField<uint8_t>(Message::VT_REQUEST_TYPE, 0));
    }

    const void *request() const {
        return GetPointer<const void *>(Message::VT_REQUEST);
    }
};

template <typename T> struct answer As(const void *request) {
    return Answer(*static_cast<const T *>(request));
}

struct answer Dispatch(Request type, const void *request) {
    if (request == nullptr) {
        type = Request_NONE;
    }
    switch (type) {
    case Request_Ping:
        return As<Ping>(request);
    case Request_GetModels:
        return As<GetModels>(request);
    case Request_GetOperators:
        return As<GetOperators>(request);
    case Request_WriteInputs:
        return As<WriteInputs>(request);
    case Request_Infer:
        return As<Infer>(request);
    case Request_ReadTensor:
        return As<ReadTensor>(request);
    case Request_GetStatistics:
        return As<GetStatistics>(request);
    default:
        return Refuse(ErrorCode_UnknownRequest, "not known here");
    }
}

} // namespace

const inference_model *Model(uint32_t index) {
    return index < session.model_count ? session.models[index] : nullptr;
}

struct answer RefuseModel() {
    return Refuse(ErrorCode_NoSuchModel, "there is no such model");
}

} // namespace server

struct answer answer_request(const uint8_t *message, size_t length) {
    server::Begin();
    flatbuffers::Verifier verifier(message, length);
    if (!verifier.VerifyBuffer<server::RequestMessage>(MessageIdentifier())) {
        return server::Refuse(ErrorCode_Malformed, "the frame holds no Message");
    }
    const auto &request = *flatbuffers::GetRoot<server::RequestMessage>(message);
    return server::Dispatch(request.type(), request.request());
}

static struct answer note(ErrorCode code, const char *text) {
    server::BeginNote();
    return server::Error(code, text);
}

struct answer answer_unknown_version() {
    return note(ErrorCode_UnknownVersion, "this firmware speaks version 1");
}

struct answer answer_no_sequence() {
    return note(ErrorCode_Malformed, "0 is no request's sequence number");
}

struct answer answer_overrun() {
    return note(ErrorCode_Overrun, "received bytes were lost");
}
