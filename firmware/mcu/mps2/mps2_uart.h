// CMSDK UART0, transmit only.
#ifndef TINYML_MCU_MPS2_UART_H
#define TINYML_MCU_MPS2_UART_H

#include <stddef.h>
#include <stdint.h>

// Sends bytes, starting the UART first where it is off; returns when the last has left.
void mps2_uart_write(const char *bytes, size_t length, uint32_t clock_hz, uint32_t baud);

#endif
