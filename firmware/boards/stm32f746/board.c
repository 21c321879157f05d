#include "board.h"

#include "clock.h"
#include "device.h"
#include "dwt.h"
#include "semihosting.h"

const char *const board_counter_unit = "cycles";

static const struct uart console = BOARD_CONSOLE;

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
