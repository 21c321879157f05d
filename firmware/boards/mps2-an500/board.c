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

uint32_t board_counter(void) {
    return instruction_counter_read();
}

void board_exit(int status) {
    semihosting_exit(status);
}
