#include "response.h"

#include <new>

#include "session.h"

namespace server {

namespace {

// Beside the message the builder keeps where its fields and vtables are.
constexpr std::size_t kNotes = 256;
constexpr std::size_t kNoteMax = 256;

alignas(8) uint8_t response_memory[MESSAGE_MAX + kNotes];
alignas(8) uint8_t note_memory[kNoteMax + kNotes];

// Gives a builder all of some memory at once. There is never more: `Room` is asked before.
class FixedMemory final : public flatbuffers::Allocator {
  public:
    constexpr explicit FixedMemory(uint8_t *memory) : memory_(memory) {
    }

    uint8_t *allocate(std::size_t) override {
        return memory_;
    }

    void deallocate(uint8_t *, std::size_t) override {
    }

    uint8_t *reallocate_downward(uint8_t *, std::size_t, std::size_t, std::size_t,
                                 std::size_t) override {
        __builtin_trap();
    }

  private:
    uint8_t *memory_;
};

FixedMemory for_response(response_memory);
FixedMemory for_note(note_memory);

// Made anew for each message and never destroyed: the message stays in its memory.
alignas(flatbuffers::FlatBufferBuilder) uint8_t room[sizeof(flatbuffers::FlatBufferBuilder)];

} // namespace

flatbuffers::FlatBufferBuilder &builder() {
    return *reinterpret_cast<flatbuffers::FlatBufferBuilder *>(room);
}

void Begin() {
    ::new (room) flatbuffers::FlatBufferBuilder(sizeof response_memory, &for_response);
}

void BeginNote() {
    ::new (room) flatbuffers::FlatBufferBuilder(sizeof note_memory, &for_note);
}

std::size_t Room() {
    const std::size_t used = builder().GetSize() + kEnding;
    return used < MESSAGE_MAX ? MESSAGE_MAX - used : 0;
}

struct answer Finish(tinyml::link::Response type, Offset<void> response) {
    using namespace tinyml::link;
    FinishMessageBuffer(builder(), CreateMessage(builder(), Request_NONE, 0, type, response));
    return {builder().GetBufferPointer(), builder().GetSize()};
}

struct answer Error(tinyml::link::ErrorCode code, const char *text) {
    const auto error = CreateError(builder(), code, builder().CreateString(text));
    return Finish(tinyml::link::Response_Error, error.Union());
}

struct answer Refuse(tinyml::link::ErrorCode code, const char *text) {
    ++session.counters.errors;
    Begin();
    return Error(code, text);
}

} // namespace server
