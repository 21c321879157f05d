// A USART or UART: 8 data bits, no parity, 1 stop bit. Received by interrupt, sent by polling, so
// that a fault handler can send too.
#ifndef TINYML_MCU_STM32F7_UART_H
#define TINYML_MCU_STM32F7_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "gpio.h"
#include "ring.h"

struct usart_registers;

struct uart {
    struct usart_registers *registers;
    enum clock_bus bus;
    uint32_t enable; // its bit in RCC_APB1ENR or RCC_APB2ENR
    uint8_t interrupt;
    struct gpio_pin tx, rx;
};

// Starts the UART at the bus clock of this moment; again after the clock changed.
void uart_start(const struct uart *uart, uint32_t baud);

bool uart_started(const struct uart *uart);

// Sends bytes; returns when the last is on its way.
void uart_write(const struct uart *uart, const uint8_t *bytes, size_t length);

// Returns when everything sent has left the pin.
void uart_drain(const struct uart *uart);

// Lets the UART interrupt for every byte received.
void uart_receive(const struct uart *uart);

// What the interrupt does: queues the byte. One that came damaged or too soon is counted as lost.
void uart_interrupt(const struct uart *uart, struct ring *received);

#endif
