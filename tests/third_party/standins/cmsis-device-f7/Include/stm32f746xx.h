// STAND-IN for ST's device header.
#ifndef STANDIN_STM32F746XX_H
#define STANDIN_STM32F746XX_H

typedef enum { SysTick_IRQn = -1, WWDG_IRQn = 0 } IRQn_Type;

#define __CM7_REV              0x0001U
#define __MPU_PRESENT          1U
#define __NVIC_PRIO_BITS       4U
#define __Vendor_SysTickConfig 0U
#define __FPU_PRESENT          1U
#define __ICACHE_PRESENT       1U
#define __DCACHE_PRESENT       1U

#include "core_cm7.h"
#include "system_stm32f7xx.h"

typedef struct {
    __IO uint32_t IDCODE;
} DBGMCU_TypeDef;

#define DBGMCU ((DBGMCU_TypeDef *)0xE0042000UL)

#endif
