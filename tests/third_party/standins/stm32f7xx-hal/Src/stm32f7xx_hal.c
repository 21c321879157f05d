// STAND-IN for ST's HAL.
#include "stm32f7xx_hal.h"

uint32_t HAL_GetREVID(void) {
    return DBGMCU->IDCODE >> 16;
}
