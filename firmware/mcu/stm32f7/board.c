// What a board of this family offers, whatever is wired to what: that comes from its board.toml.
#include "board_serial.h"
#include "clock.h"
#include "device.h"
#include "dwt.h"
#include "interface.h"
#include "reset_cause.h"
#include "ring.h"
#include "semihosting.h"
#include "stack.h"
#include "stm32f7_registers.h"
#include "timebase.h"
#include "uart.h"
#include "vectors.h"
#include "watchdog.h"

const char *const board_counter_unit = "cycles";

static const struct uart uarts[BOARD_PORTS] = {
    [BOARD_CONSOLE] = BOARD_CONSOLE_UART,
    [BOARD_LINK] = BOARD_LINK_UART,
};
static const uint32_t bauds[BOARD_PORTS] = {
    [BOARD_CONSOLE] = BOARD_CONSOLE_BAUD,
    [BOARD_LINK] = BOARD_LINK_BAUD,
};

// What comes in during an inference waits here: some command lines, and the longest frame.
static uint8_t console_queue[256];
static uint8_t link_queue[4608];
static struct ring received[BOARD_PORTS];
static const char *reset_cause;

void console_interrupt(void) {
    uart_interrupt(&uarts[BOARD_CONSOLE], &received[BOARD_CONSOLE]);
}

void link_interrupt(void) {
    uart_interrupt(&uarts[BOARD_LINK], &received[BOARD_LINK]);
}

static void start_port(enum board_port port, uint8_t *queue, uint32_t size) {
    ring_start(&received[port], queue, size);
    uart_start(&uarts[port], bauds[port]);
    uart_receive(&uarts[port]);
}

void board_init(void) {
    reset_cause = reset_cause_take();
    clock_start();
    timebase_start();
    start_port(BOARD_CONSOLE, console_queue, sizeof console_queue);
    start_port(BOARD_LINK, link_queue, sizeof link_queue);
    dwt_start();
}

uint32_t board_clock_hz(void) {
    return CLOCK_CORE_HZ;
}

const char *board_reset_cause(void) {
    return reset_cause ? reset_cause : "";
}

// A terminal wants CR LF at the end of a line.
void board_write(const char *bytes, size_t length) {
    const struct uart *console = &uarts[BOARD_CONSOLE];
    if (!uart_started(console)) {
        uart_start(console, BOARD_CONSOLE_BAUD);
    }
    for (size_t i = 0; i < length; ++i) {
        if (bytes[i] == '\n') {
            uart_write(console, (const uint8_t *)"\r", 1);
        }
        uart_write(console, (const uint8_t *)&bytes[i], 1);
    }
}

// Who is at the other end of the wire cannot be seen.
bool board_port_open(enum board_port port) {
    (void)port;
    return true;
}

bool board_port_read(enum board_port port, uint8_t *byte) {
    return ring_take(&received[port], byte);
}

uint32_t board_port_lost(enum board_port port) {
    return received[port].lost;
}

void board_port_write(enum board_port port, const uint8_t *bytes, size_t length) {
    uart_write(&uarts[port], bytes, length);
}

// A byte that comes in between the look and the wait is an interrupt that pends, and ends the wait.
void board_sleep(void) {
    stack_check();
    __disable_irq();
    if (ring_empty(&received[BOARD_CONSOLE]) && ring_empty(&received[BOARD_LINK])) {
        timebase_sleep();
    }
    __enable_irq();
    __ISB(); // what pends is taken here, before the caller looks
}

uint64_t board_milliseconds(void) {
    return timebase_milliseconds();
}

void board_watchdog_start(void) {
    watchdog_start();
}

void board_watchdog_feed(void) {
    stack_check();
    watchdog_feed();
}

struct board_stack_use board_stack(void) {
    return stack_mark();
}

uint32_t board_counter(void) {
    return dwt_cycles();
}

// A debugger or an emulator is told the status; otherwise the board stops here, or starts anew
// when its watchdog runs.
void board_exit(int status) {
    for (enum board_port port = 0; port < BOARD_PORTS; ++port) {
        if (uart_started(&uarts[port])) {
            uart_drain(&uarts[port]);
        }
    }
    if (CoreDebug->DHCSR & CoreDebug_DHCSR_C_DEBUGEN_Msk) {
        semihosting_exit(status);
    }
    __disable_irq();
    for (;;) {
        __WFI();
    }
}
