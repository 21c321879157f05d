// What the tests call of firmware/link: whole streams in, whole streams out.
#include <string.h>

#include "crc32.h"
#include "frame.h"

enum { BUFFER = 8192, GUARD = 16, RING = 64 };

struct output {
    uint8_t *bytes;
    size_t size, length;
};

static void write_output(void *context, const uint8_t *bytes, size_t length) {
    struct output *output = context;
    if (length == 0 || length > 255 || output->length + length > output->size) {
        __builtin_trap();
    }
    memcpy(output->bytes + output->length, bytes, length);
    output->length += length;
}

size_t encode(uint16_t sequence, const uint8_t *payload, size_t length, uint8_t *bytes,
              size_t size) {
    struct output output = {bytes, size, 0};
    const struct frame_sink sink = {write_output, &output};
    frame_send(&sink, sequence, payload, length);
    return output.length;
}

// Each frame as: sequence number (2 bytes), length (4 bytes), payload.
static void record(const struct frame *frame, struct output *output) {
    write_output(output, (const uint8_t *)&frame->sequence, 2);
    write_output(output, (const uint8_t *)&frame->length, 4);
    for (uint32_t i = 0; i < frame->length; ++i) {
        write_output(output, frame->payload + i, 1);
    }
}

static void take_all(struct frame_decoder *decoder, struct ring *ring, struct output *output) {
    // Fewer bytes at a time than the ring holds: it runs around.
    while (ring->head != ring->tail) {
        if (frame_receive(decoder, ring, 5) == FRAME_COMPLETE) {
            record(&decoder->frame, output);
        }
    }
}

// Decodes `bytes` through a ring and returns the length of the records; stops the program where
// something wrote
// behind the buffer.
size_t decode(const uint8_t *bytes, size_t length, uint32_t max_payload, uint8_t *records,
              size_t size, uint32_t *counters) {
    static uint8_t buffer[BUFFER], queue[RING];
    struct output output = {records, size, 0};
    struct frame_decoder decoder;
    struct ring ring;
    memset(buffer, 0xA5, sizeof buffer);
    frame_decoder_start(&decoder, buffer, max_payload + FRAME_CHECK_BYTES);
    ring_start(&ring, queue, sizeof queue);
    for (size_t i = 0; i < length; ++i) {
        ring_put(&ring, bytes[i]);
        if (i % 37 == 36) {
            take_all(&decoder, &ring, &output);
        }
    }
    take_all(&decoder, &ring, &output);
    for (size_t i = 0; i < GUARD; ++i) {
        if (buffer[max_payload + FRAME_CHECK_BYTES + i] != 0xA5) {
            __builtin_trap();
        }
    }
    memcpy(counters, decoder.counters, sizeof decoder.counters);
    return output.length;
}

uint32_t crc32_of(const uint8_t *bytes, size_t length) {
    uint32_t crc = 0;
    for (size_t i = 0; i < length; ++i) {
        crc = crc32_add(crc, bytes[i]);
    }
    return crc;
}

// Puts `length` bytes into a ring of `size`, takes all out again; returns how many came out.
size_t through_ring(const uint8_t *bytes, size_t length, uint8_t *queue, uint32_t size,
                    uint8_t *taken, uint32_t *lost) {
    struct ring ring;
    size_t count = 0;
    ring_start(&ring, queue, size);
    for (size_t i = 0; i < length; ++i) {
        ring_put(&ring, bytes[i]);
    }
    while (ring_take(&ring, taken + count)) {
        ++count;
    }
    *lost = ring.lost;
    return count;
}
