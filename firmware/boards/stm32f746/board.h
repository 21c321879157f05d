// STM32F746G-DISCO: what is wired to what. UM1907 = user manual of the kit.
#ifndef TINYML_BOARD_H
#define TINYML_BOARD_H

#include "interface.h"
#include "stm32f7_registers.h"
#include "uart.h"

// The ST-Link's virtual COM port: PA9 and PB7 (UM1907), function 7 (DS10916 table 12).
#define BOARD_CONSOLE_UART                                                                         \
    {                                                                                              \
        .registers = USART1,                                                                       \
        .bus = CLOCK_APB2,                                                                         \
        .enable = RCC_APB2ENR_USART1EN,                                                            \
        .tx = {.port = 0, .number = 9, .function = 7},                                             \
        .rx = {.port = 1, .number = 7, .function = 7},                                             \
    }

#endif
