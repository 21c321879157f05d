// A polled USART or UART: 8 data bits, no parity, 1 stop bit.
#ifndef TINYML_MCU_STM32F7_UART_H
#define TINYML_MCU_STM32F7_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "gpio.h"

struct usart_registers;

struct uart {
    struct usart_registers *registers;
    enum clock_bus bus;
    uint32_t enable; // its bit in RCC_APB1ENR or RCC_APB2ENR
    struct gpio_pin tx, rx;
};

// Starts the UART at the bus clock of this moment; again after the clock changed.
void uart_start(const struct uart *uart, uint32_t baud);

bool uart_started(const struct uart *uart);

// Sends bytes; returns when the last is on its way.
void uart_write(const struct uart *uart, const uint8_t *bytes, size_t length);

// Returns when everything sent has left the pin.
void uart_drain(const struct uart *uart);

// Returns the next byte received, or -1 where there is none.
int uart_read(const struct uart *uart);

#endif
