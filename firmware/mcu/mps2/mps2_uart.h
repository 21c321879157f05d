// A CMSDK UART. Received by interrupt, sent by polling, so that a fault handler can send too.
#ifndef TINYML_MCU_MPS2_UART_H
#define TINYML_MCU_MPS2_UART_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"

struct mps2_uart;

struct uart {
    struct mps2_uart *registers;
    uint8_t interrupt; // the receiver's
};

// Sends bytes, starting the UART first where it is off; returns when the last has left.
void mps2_uart_write(const struct uart *uart, const uint8_t *bytes, size_t length,
                     uint32_t divider);

// Receives from now on.
void mps2_uart_receive(const struct uart *uart, uint32_t divider);

// What the interrupt does: queues the byte, and counts one that came too soon as lost. Where the
// queue is full the byte stays in the UART: an emulator then holds back the next one.
void mps2_uart_interrupt(const struct uart *uart, struct ring *received);

// Takes a byte out of the queue, and lets the UART go on where it was full.
bool mps2_uart_take(const struct uart *uart, struct ring *received, uint8_t *byte);

#endif
