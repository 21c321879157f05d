// STAND-IN for ST's device header.
#ifndef STANDIN_SYSTEM_STM32F7XX_H
#define STANDIN_SYSTEM_STM32F7XX_H

extern uint32_t SystemCoreClock;

#endif
