// STAND-IN for ST's HAL: how its headers include each other, no more.
#ifndef STANDIN_STM32F7XX_HAL_H
#define STANDIN_STM32F7XX_HAL_H

#include "stm32f7xx_hal_conf.h"

uint32_t HAL_GetREVID(void);

#endif
