// The server with a line that is a pipe: takes pieces of input from standard input, each after its
// length, and answers each with the length and the bytes of what was sent.
//
// Every frame that is sent must be one, with a message that FlatBuffers' own Verifier accepts.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "frame.h"
#include "interface.h"
#include "link_generated.h"
#include "models.h"
#include "server.h"

static std::vector<uint8_t> input, output;
static std::size_t taken;
static uint32_t lost, fed, counter;

const char *const board_counter_unit = "instructions";

extern "C" {
void board_init() {
}
uint32_t board_clock_hz() {
    return 1000000;
}
void board_write(const char *, std::size_t) {
}
bool board_port_open(enum board_port) {
    return true;
}
bool board_port_read(enum board_port port, uint8_t *byte) {
    if (port != BOARD_LINK || taken == input.size()) {
        return false;
    }
    *byte = input[taken++];
    return true;
}
uint32_t board_port_lost(enum board_port) {
    return lost;
}
void board_port_write(enum board_port port, const uint8_t *bytes, std::size_t length) {
    if (port == BOARD_LINK) {
        output.insert(output.end(), bytes, bytes + length);
    }
}
uint64_t board_milliseconds() {
    return 123456789012;
}
void board_watchdog_start() {
}
void board_watchdog_feed() {
    ++fed;
}
struct board_stack_use board_stack() {
    return {100, 8192};
}
uint32_t board_counter() {
    return counter += 7;
}
}

static void check_output() {
    alignas(8) static uint8_t buffer[4096 + FRAME_CHECK_BYTES];
    struct frame_decoder decoder;
    frame_decoder_start(&decoder, buffer, sizeof buffer);
    for (const uint8_t byte : output) {
        const enum frame_event event = frame_decode(&decoder, byte);
        if (event == FRAME_NONE) {
            continue;
        }
        flatbuffers::Verifier verifier(decoder.frame.payload, decoder.frame.length);
        if (event != FRAME_COMPLETE || !tinyml::link::VerifyMessageBuffer(verifier)) {
            std::abort();
        }
    }
}

static bool read_all(void *to, std::size_t length) {
    return std::fread(to, 1, length, stdin) == length;
}

int main() {
    static const struct server_build build = {"test", "by hand", "none", "all", "debug"};
    uint32_t header[2]; // bytes, and how many are lost before them
    test_models_start();
    server_start(&build, test_models, test_model_count);
    while (read_all(header, sizeof header)) {
        input.resize(header[0]);
        output.clear();
        taken = 0;
        lost += header[1];
        if (!read_all(input.data(), header[0])) {
            return 1;
        }
        while (server_poll()) {
        }
        check_output();
        const uint32_t length = static_cast<uint32_t>(output.size());
        std::fwrite(&length, sizeof length, 1, stdout);
        std::fwrite(output.data(), 1, length, stdout);
        std::fflush(stdout);
    }
    return 0;
}
