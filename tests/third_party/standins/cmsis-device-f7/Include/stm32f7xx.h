// STAND-IN for ST's device header: it chooses the chip by its define, and the HAL if that is used.
#ifndef STANDIN_STM32F7XX_H
#define STANDIN_STM32F7XX_H

#if defined(STM32F746xx)
#include "stm32f746xx.h"
#else
#error "no chip"
#endif

#if defined(USE_HAL_DRIVER)
#include "stm32f7xx_hal.h"
#endif

#endif
