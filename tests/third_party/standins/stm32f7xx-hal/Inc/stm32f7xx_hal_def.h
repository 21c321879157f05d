// STAND-IN for ST's HAL.
#ifndef STANDIN_STM32F7XX_HAL_DEF_H
#define STANDIN_STM32F7XX_HAL_DEF_H

#include "Legacy/stm32_hal_legacy.h"
#include "stm32f7xx.h"

#endif
