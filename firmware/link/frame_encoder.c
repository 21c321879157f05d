#include "crc32.h"
#include "frame.h"

#define LONGEST_GROUP 254u

// COBS in groups: a byte that says where the next zero is, and the bytes up to there.
struct encoder {
    const struct frame_sink *sink;
    uint32_t crc;
    uint32_t length; // of the group, without its first byte
    bool after_full; // the group follows a full one, so nothing of it is owed
    uint8_t group[1 + LONGEST_GROUP];
};

static void send_group(struct encoder *encoder) {
    encoder->group[0] = (uint8_t)(encoder->length + 1);
    encoder->sink->write(encoder->sink->context, encoder->group, encoder->length + 1);
    encoder->after_full = encoder->length == LONGEST_GROUP;
    encoder->length = 0;
}

static void add(struct encoder *encoder, uint8_t byte) {
    if (byte == 0) {
        send_group(encoder);
        encoder->after_full = false;
        return;
    }
    encoder->group[++encoder->length] = byte;
    if (encoder->length == LONGEST_GROUP) {
        send_group(encoder);
    }
}

static void add_checked(struct encoder *encoder, uint8_t byte) {
    encoder->crc = crc32_add(encoder->crc, byte);
    add(encoder, byte);
}

static void send_delimiter(const struct frame_sink *sink) {
    const uint8_t zero = 0;
    sink->write(sink->context, &zero, 1);
}

void frame_send(const struct frame_sink *sink, uint16_t sequence, const uint8_t *payload,
                size_t length) {
    struct encoder encoder;
    encoder.sink = sink;
    encoder.crc = 0;
    encoder.length = 0;
    encoder.after_full = false;
    send_delimiter(sink);
    add_checked(&encoder, FRAME_VERSION);
    add_checked(&encoder, (uint8_t)(sequence & 0xFFu));
    add_checked(&encoder, (uint8_t)(sequence >> 8));
    for (size_t i = 0; i < length; ++i) {
        add_checked(&encoder, payload[i]);
    }
    const uint32_t crc = encoder.crc;
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        add(&encoder, (uint8_t)(crc >> shift & 0xFFu));
    }
    if (encoder.length > 0 || !encoder.after_full) {
        send_group(&encoder);
    }
    send_delimiter(sink);
}
