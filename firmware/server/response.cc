#include "response.h"

#include <cstring>
#include <new>

#include "session.h"

using namespace tinyml::link;

namespace server {

bool overflow;

namespace {

// Beside the message the builder keeps where its fields and vtables are.
constexpr uint32_t kNotes = 256;
constexpr uint32_t kNoteMax = 256;

// What is written last, whatever there is: a vector of tables, a response's own table, the
// message, with their vtables. And what one more table takes before that.
constexpr uint32_t kEnding = 4 * kMostTables + 192;
constexpr uint32_t kTable = 128;

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

flatbuffers::FlatBufferBuilder &Builder() {
    return *reinterpret_cast<flatbuffers::FlatBufferBuilder *>(room);
}

template <typename T> T Read(const uint8_t *member) {
    T value;
    std::memcpy(&value, member, sizeof value);
    return value;
}

uoffset_t String(const char *text) {
    const std::size_t length = std::strlen(text);
    if (length > Room()) {
        overflow = true;
        return 0;
    }
    return Builder().CreateString(text, length).o;
}

void Add(const Field &field, const uint8_t *member, uoffset_t made) {
    auto &builder = Builder();
    switch (field.kind) {
    case kByte:
        builder.AddElement<uint8_t>(field.id, *member, 0);
        break;
    case kWord:
    case kSigned: // its bits, and those of a float: 0 is the same
    case kReal:
        builder.AddElement<uint32_t>(field.id, Read<uint32_t>(member), 0);
        break;
    case kLong:
        builder.AddElement<uint64_t>(field.id, Read<uint64_t>(member), 0);
        break;
    case kOptional:
        if (const auto optional = Read<Optional>(member); optional.there) {
            builder.AddElement<uint32_t>(field.id, optional.value);
        }
        break;
    case kOptionalLong:
        if (const auto optional = Read<Optional>(member); optional.there) {
            builder.AddElement<uint64_t>(field.id, optional.value);
        }
        break;
    case kText:
    case kMade:
        builder.AddOffset(field.id, Offset<void>(made));
        break;
    }
}

} // namespace

void Begin() {
    overflow = false;
    ::new (room) flatbuffers::FlatBufferBuilder(sizeof response_memory, &for_response);
}

void BeginNote() {
    overflow = false;
    ::new (room) flatbuffers::FlatBufferBuilder(sizeof note_memory, &for_note);
}

uint32_t Room() {
    const uint32_t used = Builder().GetSize() + kEnding + kTable;
    return used < MESSAGE_MAX ? MESSAGE_MAX - used : 0;
}

uoffset_t Table(const Field *fields, uint32_t count, const void *members) {
    constexpr uint32_t kMostFields = 24;
    const auto *const bytes = static_cast<const uint8_t *>(members);
    uoffset_t made[kMostFields];
    for (uint32_t i = 0; i < count; ++i) {
        const uint8_t *const member = bytes + fields[i].member;
        made[i] = fields[i].kind == kText   ? String(Read<const char *>(member))
                  : fields[i].kind == kMade ? Read<uoffset_t>(member)
                                            : 0;
    }
    const uoffset_t start = Builder().StartTable();
    for (uint32_t i = 0; i < count; ++i) {
        Add(fields[i], bytes + fields[i].member, made[i]);
    }
    return Builder().EndTable(start);
}

uoffset_t RoomForBytes(uint32_t length, uint8_t **bytes) {
    return Builder().CreateUninitializedVector<uint8_t>(length, bytes).o;
}

uoffset_t Bytes(const void *bytes, uint32_t length) {
    uint8_t *to;
    if (length > Room()) {
        overflow = true;
        return 0;
    }
    const uoffset_t vector = RoomForBytes(length, &to);
    std::memcpy(to, bytes, length);
    return vector;
}

uoffset_t Integers(const int32_t *integers, uint32_t count) {
    if (count > Room() / sizeof *integers) {
        overflow = true;
        return 0;
    }
    return Builder().CreateVector(integers, count).o;
}

uoffset_t Tables(const uoffset_t *tables, uint32_t count) {
    Builder().StartVector(count, sizeof *tables);
    for (uint32_t i = count; i > 0; --i) {
        Builder().PushElement(Offset<void>(tables[i - 1]));
    }
    return Builder().EndVector(count);
}

struct answer Finish(Response type, uoffset_t response) {
    if (overflow) {
        return Refuse(ErrorCode_TooLarge, "it does not fit in a frame");
    }
    FinishMessageBuffer(Builder(), CreateMessage(Builder(), Request_NONE, 0, type, response));
    return {Builder().GetBufferPointer(), Builder().GetSize()};
}

struct answer Error(ErrorCode code, const char *text) {
    const auto string = Builder().CreateString(text);
    return Finish(Response_Error, CreateError(Builder(), code, string).o);
}

struct answer Refuse(ErrorCode code, const char *text) {
    ++session.counters.errors;
    Begin();
    return Error(code, text);
}

} // namespace server
