#include "mps2_uart.h"

#include "device.h"
#include "mps2_registers.h"

// A receiver that is gone must not hang the firmware: a byte takes 87 us at 115200 baud.
#define WAIT_POLLS 1000000u

static void start(const struct uart *uart, uint32_t divider) {
    uart->registers->bauddiv = divider < MPS2_UART_BAUDDIV_MIN ? MPS2_UART_BAUDDIV_MIN : divider;
    uart->registers->ctrl = MPS2_UART_CTRL_TX;
}

static void wait_while_full(const struct uart *uart) {
    for (uint32_t polls = WAIT_POLLS;
         polls && (uart->registers->state & MPS2_UART_STATE_TX_FULL);) {
        --polls;
    }
}

void mps2_uart_write(const struct uart *uart, const uint8_t *bytes, size_t length,
                     uint32_t divider) {
    if (!(uart->registers->ctrl & MPS2_UART_CTRL_TX)) {
        start(uart, divider);
    }
    for (size_t i = 0; i < length; ++i) {
        uart->registers->data = bytes[i];
        wait_while_full(uart);
    }
}

// The lowest priority: a fault inside the handler then has its own, higher one.
void mps2_uart_receive(const struct uart *uart, uint32_t divider) {
    const IRQn_Type interrupt = (IRQn_Type)uart->interrupt;
    start(uart, divider);
    uart->registers->ctrl |= MPS2_UART_CTRL_RX | MPS2_UART_CTRL_RX_INTERRUPT;
    NVIC_SetPriority(interrupt, (1u << __NVIC_PRIO_BITS) - 1u);
    NVIC_EnableIRQ(interrupt);
}

void mps2_uart_interrupt(const struct uart *uart, struct ring *received) {
    struct mps2_uart *registers = uart->registers;
    if (ring_full(received)) {
        NVIC_DisableIRQ((IRQn_Type)uart->interrupt);
        return;
    }
    registers->intstatus = MPS2_UART_INTSTATUS_RX;
    if (registers->state & MPS2_UART_STATE_RX_OVERRUN) {
        registers->state = MPS2_UART_STATE_RX_OVERRUN;
        ring_lose(received);
    }
    if (registers->state & MPS2_UART_STATE_RX_FULL) {
        ring_put(received, (uint8_t)registers->data);
    }
}

bool mps2_uart_take(const struct uart *uart, struct ring *received, uint8_t *byte) {
    const bool taken = ring_take(received, byte);
    if (taken) {
        NVIC_EnableIRQ((IRQn_Type)uart->interrupt);
    }
    return taken;
}
