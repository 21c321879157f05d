// What every board offers to the application and the runtime.
#ifndef TINYML_BOARDS_INTERFACE_H
#define TINYML_BOARDS_INTERFACE_H

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

// Sends bytes to the console and returns when they are on their way. Works before
// board_init and from a fault handler.
void board_write(const char *bytes, size_t length);

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
