#include "crc32.h"
#include "frame.h"

#define FULL_GROUP 0xFFu // of 254 bytes, which no zero follows

static void restart(struct frame_decoder *decoder) {
    decoder->length = 0;
    decoder->crc = 0;
    decoder->code = 0;
    decoder->missing = 0;
    decoder->too_long = false;
}

void frame_decoder_start(struct frame_decoder *decoder, uint8_t *buffer, uint32_t capacity) {
    *decoder = (struct frame_decoder){.buffer = buffer, .capacity = capacity};
}

static void append(struct frame_decoder *decoder, uint8_t byte) {
    const uint32_t at = decoder->length;
    if (at < FRAME_HEADER_BYTES) {
        decoder->header[at] = byte;
    } else if (at - FRAME_HEADER_BYTES < decoder->capacity) {
        decoder->buffer[at - FRAME_HEADER_BYTES] = byte;
    } else {
        decoder->too_long = true; // until the frame's end
        return;
    }
    decoder->length = at + 1;
    decoder->crc = crc32_add(decoder->crc, byte);
}

// A group's first byte: between groups that are not full there was a zero.
static void open_group(struct frame_decoder *decoder, uint8_t code) {
    if (decoder->code != 0 && decoder->code != FULL_GROUP) {
        append(decoder, 0);
    }
    decoder->code = code;
    decoder->missing = (uint8_t)(code - 1);
}

static uint32_t check_of(const uint8_t *bytes) {
    uint32_t check = 0;
    for (uint32_t i = 0; i < FRAME_CHECK_BYTES; ++i) {
        check |= (uint32_t)bytes[i] << 8 * i;
    }
    return check;
}

static void describe(struct frame_decoder *decoder) {
    const uint32_t length = decoder->length - FRAME_HEADER_BYTES - FRAME_CHECK_BYTES;
    decoder->frame = (struct frame){
        .version = decoder->header[0],
        .sequence = (uint16_t)(decoder->header[1] | decoder->header[2] << 8),
        .payload = decoder->buffer,
        .length = length,
        .check = check_of(decoder->buffer + length),
    };
}

static enum frame_event close_frame(struct frame_decoder *decoder) {
    if (decoder->code == 0) {
        return FRAME_NONE; // two zeros in a row
    }
    if (decoder->too_long) {
        return FRAME_TOO_LONG;
    }
    if (decoder->missing > 0) {
        return FRAME_TRUNCATED;
    }
    if (decoder->length < FRAME_HEADER_BYTES + FRAME_CHECK_BYTES) {
        return FRAME_TOO_SHORT;
    }
    if (decoder->crc != CRC32_RESIDUE) {
        return FRAME_CORRUPTED;
    }
    describe(decoder);
    return decoder->frame.version == FRAME_VERSION ? FRAME_COMPLETE : FRAME_OTHER_VERSION;
}

enum frame_event frame_decode(struct frame_decoder *decoder, uint8_t byte) {
    if (byte == 0) {
        const enum frame_event event = close_frame(decoder);
        restart(decoder);
        decoder->counters[event] += event != FRAME_NONE;
        return event;
    }
    if (decoder->missing == 0) {
        open_group(decoder, byte);
    } else {
        --decoder->missing;
        append(decoder, byte);
    }
    return FRAME_NONE;
}

enum frame_event frame_receive(struct frame_decoder *decoder, struct ring *ring, uint32_t limit) {
    uint8_t byte;
    for (; limit > 0 && ring_take(ring, &byte); --limit) {
        const enum frame_event event = frame_decode(decoder, byte);
        if (event != FRAME_NONE) {
            return event;
        }
    }
    return FRAME_NONE;
}
