// A response under construction, in memory that is set aside for it: nothing here has a heap.
#ifndef TINYML_SERVER_RESPONSE_H
#define TINYML_SERVER_RESPONSE_H

#include <cstddef>
#include <cstdint>

// An assertion would bring stdio into the firmware; the tests say what theirs is.
#ifndef FLATBUFFERS_ASSERT
#define FLATBUFFERS_ASSERT(condition) static_cast<void>(0)
#endif
#include "flatbuffers/base.h"
// The Verifier divides it by the size of elements: a number of 64 bits, as it comes, would take the
// library's division, which is larger than the Verifier.
#undef FLATBUFFERS_MAX_BUFFER_SIZE
#define FLATBUFFERS_MAX_BUFFER_SIZE UINT32_C(0x7FFFFFFF)
#include "link_generated.h"

#include "answer.h"

namespace server {

using flatbuffers::Offset;
using flatbuffers::uoffset_t;

// Tables in one vector, at most.
constexpr uint32_t kMostTables = 64;

// A value that may be absent.
struct Optional {
    bool there;
    uint32_t value;
};

// What a member of a struct is, and what becomes of it in a table.
enum Kind : uint8_t {
    kByte,         // uint8_t
    kWord,         // uint32_t
    kSigned,       // int32_t
    kLong,         // uint64_t
    kReal,         // float
    kOptional,     // Optional, as 32 bits
    kOptionalLong, // Optional, as 64 bits
    kText,         // const char *, as a string
    kMade,         // uoffset_t of what has been made before; 0 where there is nothing
};

// One field of a table: the generated header's VT_ number, and the member behind it.
struct Field {
    uint16_t id;
    Kind kind;
    uint8_t member;
};

// Begins a response, over the one before.
void Begin();

// Begins a note, which says something of the firmware's own accord and leaves the last response.
void BeginNote();

// How many bytes of data may be added beside the tables and the lists that end a response.
uint32_t Room();

// Something did not fit and was left out. A response that ends so is a refusal; what can do
// without it takes it back.
extern bool overflow;

// Makes a table of the members of a struct.
uoffset_t Table(const Field *fields, uint32_t count, const void *members);
template <uint32_t count> uoffset_t Table(const Field (&fields)[count], const void *members) {
    return Table(fields, count, members);
}

// Makes a vector of bytes or integers, or gives room for bytes.
uoffset_t Bytes(const void *bytes, uint32_t length);
uoffset_t Integers(const int32_t *integers, uint32_t count);
uoffset_t RoomForBytes(uint32_t length, uint8_t **bytes);

// Makes a vector of tables.
uoffset_t Tables(const uoffset_t *tables, uint32_t count);

// Ends the response: a Message with it.
struct answer Finish(tinyml::link::Response type, uoffset_t response);

// Ends the response as an Error.
struct answer Error(tinyml::link::ErrorCode code, const char *text);

// Refuses a request, whatever the response had been so far.
struct answer Refuse(tinyml::link::ErrorCode code, const char *text);

} // namespace server

#endif
