#include "server.h"

#include <string.h>

#include "answer.h"
#include "interface.h"
#include "session.h"
#include "status.h"

// Bytes that are decoded before the rest of the program has its turn.
#define BYTES_AT_ONCE 256u

// The last request that was carried out, and its answer, should it come again.
struct exchange {
    bool done;
    uint16_t sequence;
    uint32_t check;
    struct answer answer;
};

_Alignas(8) static uint8_t received[MESSAGE_MAX + FRAME_CHECK_BYTES];
static struct frame_decoder decoder;
static struct exchange last;
static uint32_t lost;         // bytes of which the host has been told
static uint32_t lost_cleared; // those that are not counted any more

void server_start(const struct server_build *build, const struct inference_model *const *models,
                  uint32_t model_count) {
    session_start(build, models, model_count);
    frame_decoder_start(&decoder, received, sizeof received);
    last.done = false;
}

int server_invoke(uint32_t model, uint32_t *cost) {
    return session_invoke(model, cost);
}

struct status status_read(void) {
    const struct board_stack_use stack = board_stack();
    struct status status = {
        .lost = board_port_lost(BOARD_LINK) - lost_cleared,
        .stack_used = stack.used,
        .stack_bytes = stack.bytes,
        .clock_hz = board_clock_hz(),
        .counter_unit = board_counter_unit,
        .uptime_ms = board_milliseconds(),
    };
    memcpy(status.events, decoder.counters, sizeof status.events);
    return status;
}

void status_clear(void) {
    memset(decoder.counters, 0, sizeof decoder.counters);
    lost_cleared = board_port_lost(BOARD_LINK);
}

static void write_link(void *context, const uint8_t *bytes, size_t length) {
    (void)context;
    board_watchdog_feed(); // a message of 4 KB takes a third of a second
    board_port_write(BOARD_LINK, bytes, length);
}

static void send(uint16_t sequence, struct answer answer) {
    const struct frame_sink sink = {write_link, NULL};
    frame_send(&sink, sequence, answer.bytes, answer.length);
}

static void report_lost(void) {
    const uint32_t now = board_port_lost(BOARD_LINK);
    if (now != lost) {
        lost = now;
        send(0, answer_overrun());
    }
}

// Answers a request. One that was answered last comes again where the answer was lost: it is not
// carried out again.
static void answer_frame(const struct frame *frame) {
    if (frame->sequence == 0) {
        send(0, answer_no_sequence());
        return;
    }
    if (!last.done || last.sequence != frame->sequence || last.check != frame->check) {
        last.answer = answer_request(frame->payload, frame->length);
        last.sequence = frame->sequence;
        last.check = frame->check;
        last.done = true;
    }
    send(frame->sequence, last.answer);
}

bool server_poll(void) {
    uint8_t byte;
    report_lost();
    for (uint32_t taken = 0; taken < BYTES_AT_ONCE; ++taken) {
        if (!board_port_read(BOARD_LINK, &byte)) {
            return taken > 0;
        }
        const enum frame_event event = frame_decode(&decoder, byte);
        if (event == FRAME_COMPLETE) {
            answer_frame(&decoder.frame);
            return true;
        }
        if (event == FRAME_OTHER_VERSION) {
            send(decoder.frame.sequence, answer_unknown_version());
            return true;
        }
    }
    return true;
}
