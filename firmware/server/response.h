// A response under construction, in memory that is set aside for it: nothing here has a heap.
#ifndef TINYML_SERVER_RESPONSE_H
#define TINYML_SERVER_RESPONSE_H

#include <cstddef>
#include <cstdint>

// An assertion would bring stdio into the firmware; the tests say what theirs is.
#ifndef FLATBUFFERS_ASSERT
#define FLATBUFFERS_ASSERT(condition) static_cast<void>(0)
#endif
#include "link_generated.h"

#include "answer.h"

namespace server {

using flatbuffers::Offset;
using flatbuffers::Vector;

// What is written last: a response's own table, the message, their vtables.
constexpr std::size_t kEnding = 192;

// Offsets of tables that go into one vector.
constexpr std::size_t kMostTables = 128;

// The only builder. A function that begins a response builds it to its end: none is half-built.
flatbuffers::FlatBufferBuilder &builder();

// Begins a response, over the one before.
void Begin();

// Begins a note, which says something of the firmware's own accord and leaves the last response.
void BeginNote();

// How many bytes may be added.
std::size_t Room();

// Ends the response: a Message with it.
struct answer Finish(tinyml::link::Response type, Offset<void> response);

// Ends the response as an Error.
struct answer Error(tinyml::link::ErrorCode code, const char *text);

// Refuses a request, whatever the response had been so far.
struct answer Refuse(tinyml::link::ErrorCode code, const char *text);

} // namespace server

#endif
