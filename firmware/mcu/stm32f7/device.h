// The STM32F74x as CMSIS-Core wants it described, then CMSIS-Core's access to the processor.
#ifndef TINYML_MCU_DEVICE_H
#define TINYML_MCU_DEVICE_H

#include "exceptions.h"

// RM0385 section 10.1.2: positions 0 (WWDG) to 97 (SPDIF-RX) of the vector table.
typedef enum { CORE_EXCEPTIONS, FIRST_IRQn = 0, LAST_IRQn = 97 } IRQn_Type;

// The core is an r0p1 (errata sheet ES0290); its options are in PM0253 section 1.3.
#define __CM7_REV              0x0001u
#define __FPU_PRESENT          1u
#define __FPU_DP               0u
#define __MPU_PRESENT          1u
#define __ICACHE_PRESENT       1u
#define __DCACHE_PRESENT       1u
#define __DTCM_PRESENT         1u
#define __VTOR_PRESENT         1u
#define __NVIC_PRIO_BITS       4u
#define __Vendor_SysTickConfig 0u

#include "core_cm7.h"

#endif
