#include "uart.h"

#include "device.h"
#include "stm32f7_registers.h"

// A byte takes 87 us at 115200 baud, 19 k cycles at 216 MHz. A UART that never gets ready must
// not hang the firmware.
#define WAIT_POLLS 1000000u

static volatile uint32_t *enable_register(const struct uart *uart) {
    return uart->bus == CLOCK_APB1 ? &RCC_APB1ENR : &RCC_APB2ENR;
}

static bool clocked(const struct uart *uart) {
    return *enable_register(uart) & uart->enable;
}

bool uart_started(const struct uart *uart) {
    return clocked(uart) && (uart->registers->cr1 & USART_CR1_UE);
}

static void wait_for(const struct uart *uart, uint32_t flag) {
    for (uint32_t polls = WAIT_POLLS; polls && !(uart->registers->isr & flag);) {
        --polls;
    }
}

void uart_start(const struct uart *uart, uint32_t baud) {
    if (uart_started(uart)) {
        uart_drain(uart);
    }
    *enable_register(uart) |= uart->enable;
    (void)clocked(uart); // the clock runs two cycles after the write: section 5.2.12
    gpio_alternate(uart->tx);
    gpio_alternate(uart->rx);
    uart->registers->cr1 = 0; // BRR may only be written while the UART is off
    // Oversampling by 16: BRR = bus clock / baud (section 31.5.4), to the nearest.
    uart->registers->brr = (clock_bus_hz(uart->bus) + baud / 2u) / baud;
    uart->registers->cr1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

void uart_write(const struct uart *uart, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        wait_for(uart, USART_ISR_TXE);
        uart->registers->tdr = bytes[i];
    }
}

void uart_drain(const struct uart *uart) {
    wait_for(uart, USART_ISR_TC);
}

// The lowest priority: a fault inside the handler then has its own, higher one.
void uart_receive(const struct uart *uart) {
    const IRQn_Type interrupt = (IRQn_Type)uart->interrupt;
    uart->registers->cr1 |= USART_CR1_RXNEIE;
    NVIC_SetPriority(interrupt, (1u << __NVIC_PRIO_BITS) - 1u);
    NVIC_EnableIRQ(interrupt);
}

// An overrun blocks reception until it is cleared, and costs a byte that came after the one in
// RDR: section 31.5.3. A byte without its stop bit, as a cable that is plugged in makes it, is
// none; noise is outvoted by the other samples.
void uart_interrupt(const struct uart *uart, struct ring *received) {
    const uint32_t status = uart->registers->isr;
    uart->registers->icr = status & (USART_ISR_ORE | USART_ISR_NF | USART_ISR_FE | USART_ISR_PE);
    if (status & USART_ISR_RXNE) {
        const uint8_t byte = (uint8_t)uart->registers->rdr;
        if (status & USART_ISR_FE) {
            ring_lose(received);
        } else {
            ring_put(received, byte);
        }
    }
    if (status & USART_ISR_ORE) {
        ring_lose(received);
    }
}
