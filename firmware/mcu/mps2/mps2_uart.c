#include "mps2_uart.h"

#include "mps2_registers.h"

// A receiver that is gone must not hang the firmware: a byte takes 87 us at 115200 baud.
#define WAIT_POLLS 1000000u

static void start(uint32_t divider) {
    MPS2_UART0->bauddiv = divider < MPS2_UART_BAUDDIV_MIN ? MPS2_UART_BAUDDIV_MIN : divider;
    MPS2_UART0->ctrl = MPS2_UART_CTRL_TX;
}

static void wait_while_full(void) {
    for (uint32_t polls = WAIT_POLLS; polls && (MPS2_UART0->state & MPS2_UART_STATE_TX_FULL);) {
        --polls;
    }
}

void mps2_uart_write(const char *bytes, size_t length, uint32_t clock_hz, uint32_t baud) {
    if (!(MPS2_UART0->ctrl & MPS2_UART_CTRL_TX)) {
        start(clock_hz / baud);
    }
    for (size_t i = 0; i < length; ++i) {
        MPS2_UART0->data = (uint8_t)bytes[i];
        wait_while_full();
    }
}
