// What every board offers to the application and the runtime.
#ifndef TINYML_BOARDS_INTERFACE_H
#define TINYML_BOARDS_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define BOARD_NORETURN [[noreturn]]
#else
#define BOARD_NORETURN _Noreturn
#endif

// Brings up clocks, caches and the console. Called once, first thing in main.
void board_init(void);

// Core clock in Hz, as configured; 0 where the board does not set one.
uint32_t board_clock_hz(void);

// Why the board was started, in a few words ("power on", "watchdog"); "" where unknown.
const char *board_reset_cause(void);

// Sends text to the console and returns when it is on its way; a terminal gets the line ends it
// wants. Works before board_init and from a fault handler.
void board_write(const char *bytes, size_t length);

// The serial ports: the console is for people, the link for programs.
enum board_port { BOARD_CONSOLE, BOARD_LINK, BOARD_PORTS };

// Whether the port has, or may get, somebody at its other end.
bool board_port_open(enum board_port port);

// Takes the next byte received, which an interrupt has queued; false where there is none.
bool board_port_read(enum board_port port, uint8_t *byte);

// Received bytes that found no room, since the start.
uint32_t board_port_lost(enum board_port port);

// Sends bytes as they are and returns when they are on their way; bytes that come in meanwhile
// are received. A port with nobody at its other end swallows them.
void board_port_write(enum board_port port, const uint8_t *bytes, size_t length);

// Returns when a byte may have come in, or after about a second. A byte that came in since
// board_port_read found none is not slept over.
void board_sleep(void);

// Time since board_init. No periodic interrupt is behind it, so instruction counts repeat.
uint64_t board_milliseconds(void);

// Starts the watchdog, which resets a board that does not feed it for some seconds (each board
// says how many), and cannot be stopped. Nothing where there is none.
void board_watchdog_start(void);
void board_watchdog_feed(void);

// How deep the stack has been since the start and how large it is; 0 and 0 where unknown.
struct board_stack_use {
    uint32_t used, bytes;
};
struct board_stack_use board_stack(void);

// A free-running counter that wraps at 2^32, and the name of its unit: "cycles" (DWT),
// "instructions" (QEMU's -icount) or "ns" (host).
uint32_t board_counter(void);
extern const char *const board_counter_unit;

// Ends the program. An emulator exits with `status`; a real board stops here.
BOARD_NORETURN void board_exit(int status);

#ifdef __cplusplus
}
#endif

#endif
