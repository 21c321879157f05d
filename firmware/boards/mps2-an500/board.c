#include <string.h>

#include "board_serial.h"
#include "device.h"
#include "instruction_counter.h"
#include "interface.h"
#include "mps2_sleep.h"
#include "mps2_uart.h"
#include "mps2_watchdog.h"
#include "semihosting.h"
#include "stack.h"
#include "vectors.h"

#define CLOCK_HZ (BOARD_CLOCK_MHZ * 1000000u)

const char *const board_counter_unit = "instructions";

static const struct uart uarts[BOARD_PORTS] = {
    [BOARD_CONSOLE] = BOARD_CONSOLE_UART,
    [BOARD_LINK] = BOARD_LINK_UART,
};
static const uint32_t dividers[BOARD_PORTS] = {
    [BOARD_CONSOLE] = CLOCK_HZ / BOARD_CONSOLE_BAUD,
    [BOARD_LINK] = CLOCK_HZ / BOARD_LINK_BAUD,
};
static const char *const port_names[BOARD_PORTS] = {
    [BOARD_CONSOLE] = "console",
    [BOARD_LINK] = "link",
};

static uint8_t queues[BOARD_PORTS][4608];
static struct ring received[BOARD_PORTS];
static bool opened[BOARD_PORTS];

void console_interrupt(void) {
    mps2_uart_interrupt(&uarts[BOARD_CONSOLE], &received[BOARD_CONSOLE]);
}

void link_interrupt(void) {
    mps2_uart_interrupt(&uarts[BOARD_LINK], &received[BOARD_LINK]);
}

static bool has_word(const char *line, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = strstr(line, word); at; at = strstr(at + 1, word)) {
        const bool begins = at == line || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void open_port(enum board_port port) {
    opened[port] = true;
    mps2_uart_receive(&uarts[port], dividers[port]);
}

// The emulator's command line names the ports that somebody is at; a machine without one has none.
static void open_ports(void) {
    char line[256];
    const bool told = semihosting_command_line(line, sizeof line);
    for (enum board_port port = 0; port < BOARD_PORTS; ++port) {
        ring_start(&received[port], queues[port], sizeof queues[port]);
        if (told && has_word(line, port_names[port])) {
            open_port(port);
        }
    }
}

void board_init(void) {
    open_ports();
    instruction_counter_start();
}

uint32_t board_clock_hz(void) {
    return CLOCK_HZ;
}

const char *board_reset_cause(void) {
    return "";
}

void board_write(const char *bytes, size_t length) {
    board_port_write(BOARD_CONSOLE, (const uint8_t *)bytes, length);
}

bool board_port_open(enum board_port port) {
    return opened[port];
}

bool board_port_read(enum board_port port, uint8_t *byte) {
    return opened[port] && mps2_uart_take(&uarts[port], &received[port], byte);
}

uint32_t board_port_lost(enum board_port port) {
    return received[port].lost;
}

void board_port_write(enum board_port port, const uint8_t *bytes, size_t length) {
    mps2_uart_write(&uarts[port], bytes, length, dividers[port]);
}

// A byte that comes in between the look and the wait is an interrupt that pends, and ends the wait.
void board_sleep(void) {
    stack_check();
    __disable_irq();
    if (ring_empty(&received[BOARD_CONSOLE]) && ring_empty(&received[BOARD_LINK])) {
        mps2_sleep(CLOCK_HZ);
    }
    __enable_irq();
    __ISB(); // what pends is taken here, before the caller looks
}

uint64_t board_milliseconds(void) {
    return instruction_counter_ns() / 1000000u;
}

void board_watchdog_start(void) {
    mps2_watchdog_start(CLOCK_HZ);
}

void board_watchdog_feed(void) {
    stack_check();
    mps2_watchdog_feed();
}

struct board_stack_use board_stack(void) {
    return stack_mark();
}

uint32_t board_counter(void) {
    return instruction_counter_read();
}

void board_exit(int status) {
    semihosting_exit(status);
}
