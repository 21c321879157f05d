#include "board.h"

#include "instruction_counter.h"
#include "mps2_uart.h"
#include "semihosting.h"

const char *const board_counter_unit = "instructions";

void board_init(void) {
    instruction_counter_start();
}

uint32_t board_clock_hz(void) {
    return BOARD_CLOCK_HZ;
}

void board_write(const char *bytes, size_t length) {
    mps2_uart_write(bytes, length, BOARD_CLOCK_HZ, BOARD_CONSOLE_BAUD);
}

bool board_port_open(enum board_port port) {
    (void)port;
    return false;
}

bool board_port_read(enum board_port port, uint8_t *byte) {
    (void)port;
    (void)byte;
    return false;
}

uint32_t board_port_lost(enum board_port port) {
    (void)port;
    return 0;
}

void board_port_write(enum board_port port, const uint8_t *bytes, size_t length) {
    if (port == BOARD_CONSOLE) {
        board_write((const char *)bytes, length);
    }
}

void board_sleep(void) {
}

uint64_t board_milliseconds(void) {
    return 0;
}

void board_watchdog_start(void) {
}

void board_watchdog_feed(void) {
}

struct board_stack board_stack(void) {
    return (struct board_stack){0, 0};
}

uint32_t board_counter(void) {
    return instruction_counter_read();
}

void board_exit(int status) {
    semihosting_exit(status);
}
