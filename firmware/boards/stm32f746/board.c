#include "board.h"

#include "clock.h"
#include "device.h"
#include "dwt.h"
#include "semihosting.h"

const char *const board_counter_unit = "cycles";

static const struct uart console = BOARD_CONSOLE_UART;

void board_init(void) {
    clock_start();
    uart_start(&console, BOARD_CONSOLE_BAUD);
    dwt_start();
}

uint32_t board_clock_hz(void) {
    return CLOCK_CORE_HZ;
}

// A terminal wants CR LF at the end of a line.
void board_write(const char *bytes, size_t length) {
    if (!uart_started(&console)) {
        uart_start(&console, BOARD_CONSOLE_BAUD);
    }
    for (size_t i = 0; i < length; ++i) {
        if (bytes[i] == '\n') {
            uart_write(&console, (const uint8_t *)"\r", 1);
        }
        uart_write(&console, (const uint8_t *)&bytes[i], 1);
    }
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
        uart_write(&console, bytes, length);
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
    return dwt_cycles();
}

// A debugger or an emulator is told the status; otherwise the board stops here.
void board_exit(int status) {
    uart_drain(&console);
    if (CoreDebug->DHCSR & CoreDebug_DHCSR_C_DEBUGEN_Msk) {
        semihosting_exit(status);
    }
    __disable_irq();
    for (;;) {
        __WFI();
    }
}
