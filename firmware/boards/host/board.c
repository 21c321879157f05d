#define _POSIX_C_SOURCE 200809L // clock_gettime

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "arguments.h"
#include "interface.h"
#include "port.h"

const char *const board_counter_unit = "ns";

static struct port ports[BOARD_PORTS] = {
    [BOARD_CONSOLE] = {.kind = PORT_OUTPUT, .client = -1},
    [BOARD_LINK] = {.kind = PORT_OFF, .client = -1},
};
static uint64_t started_ns;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void board_init(void) {
    signal(SIGPIPE, SIG_IGN); // a reader who leaves is told by write, and is no reason to end
    arguments_open_ports(ports);
    started_ns = now_ns();
}

uint32_t board_clock_hz(void) {
    return 0;
}

const char *board_reset_cause(void) {
    return "";
}

static bool any_open(void) {
    return port_open(&ports[BOARD_CONSOLE]) || port_open(&ports[BOARD_LINK]);
}

// Text that nobody can read ends a program whose only purpose it is.
void board_write(const char *bytes, size_t length) {
    port_write(&ports[BOARD_CONSOLE], (const uint8_t *)bytes, length);
    if (ports[BOARD_CONSOLE].unheard && !any_open()) {
        exit(EXIT_FAILURE);
    }
}

bool board_port_open(enum board_port port) {
    return port_open(&ports[port]);
}

bool board_port_read(enum board_port port, uint8_t *byte) {
    return port_read(&ports[port], byte);
}

// TCP and pipes make the sender wait instead.
uint32_t board_port_lost(enum board_port port) {
    (void)port;
    return 0;
}

void board_port_write(enum board_port port, const uint8_t *bytes, size_t length) {
    port_write(&ports[port], bytes, length);
}

void board_sleep(void) {
    port_sleep(ports);
}

uint64_t board_milliseconds(void) {
    return (now_ns() - started_ns) / 1000000u;
}

// A program that hangs is ended by whoever started it.
void board_watchdog_start(void) {
}

void board_watchdog_feed(void) {
}

struct board_stack_use board_stack(void) {
    return (struct board_stack_use){0, 0};
}

uint32_t board_counter(void) {
    return (uint32_t)now_ns();
}

void board_exit(int status) {
    exit(status);
}
