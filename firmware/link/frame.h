// Frames on a serial line: where a message begins and ends, and whether it arrived whole.
//
//     00 | COBS(version, sequence low, sequence high, payload..., CRC-32 lowest byte first) | 00
//
// COBS leaves no zero in what it encodes, so a zero is a frame's end and nothing else: after any
// fault the receiver is in step again at the next one. Each frame has a zero on both sides, so that
// a zero that is lost costs no frame.
#ifndef TINYML_LINK_FRAME_H
#define TINYML_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FRAME_VERSION      1u
#define FRAME_HEADER_BYTES 3u
#define FRAME_CHECK_BYTES  4u

// What a byte brought about.
enum frame_event {
    FRAME_NONE, // the frame goes on, or has not begun
    FRAME_COMPLETE,
    FRAME_TRUNCATED, // it ended in the middle of a group of COBS
    FRAME_TOO_SHORT, // for header and check
    FRAME_TOO_LONG,  // for the buffer
    FRAME_CORRUPTED, // the check is wrong
    FRAME_OTHER_VERSION,
    FRAME_EVENTS,
};

// A frame that arrived whole; of another version, if the event says so.
struct frame {
    uint8_t version;
    uint16_t sequence;
    const uint8_t *payload; // in the decoder's buffer: read it before the next byte is decoded
    uint32_t length;
    uint32_t check; // the CRC-32 that came with it
};

struct frame_decoder {
    uint8_t *buffer;                 // the caller's; the payload begins at its first byte
    uint32_t capacity;               // of `buffer`: the longest payload and FRAME_CHECK_BYTES
    struct frame frame;              // the last one, after FRAME_COMPLETE and FRAME_OTHER_VERSION
    uint32_t counters[FRAME_EVENTS]; // how often each event came; not counted: FRAME_NONE
    // Of the frame that is being received:
    uint8_t header[FRAME_HEADER_BYTES];
    uint32_t length; // bytes decoded
    uint32_t crc;    // of these bytes
    uint8_t code;    // that opened the group; 0 before the first
    uint8_t missing; // bytes of the group that are to come
    bool too_long;
};

// Makes the decoder ready. Align `buffer` for what payloads hold.
void frame_decoder_start(struct frame_decoder *decoder, uint8_t *buffer, uint32_t capacity);

// Decodes one byte, in constant time.
enum frame_event frame_decode(struct frame_decoder *decoder, uint8_t byte);

// Decodes bytes of `ring` up to the first event, but no more than `limit` bytes.
enum frame_event frame_receive(struct frame_decoder *decoder, struct ring *ring, uint32_t limit);

// Where an encoded frame goes, in pieces of 1 to 255 bytes.
struct frame_sink {
    void (*write)(void *context, const uint8_t *bytes, size_t length);
    void *context;
};

// Sends a frame.
void frame_send(const struct frame_sink *sink, uint16_t sequence, const uint8_t *payload,
                size_t length);

#ifdef __cplusplus
}
#endif

#endif
