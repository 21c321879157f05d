// STAND-IN for the configuration that a firmware is to copy and change.
#ifndef STANDIN_STM32F7XX_HAL_CONF_H
#define STANDIN_STM32F7XX_HAL_CONF_H

#define HSE_VALUE 25000000U

#include "stm32f7xx_hal_def.h"

#endif
