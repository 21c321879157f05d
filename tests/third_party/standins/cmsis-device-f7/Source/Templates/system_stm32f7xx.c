// STAND-IN for ST's template.
#include "stm32f7xx.h"

uint32_t SystemCoreClock = 16000000;
