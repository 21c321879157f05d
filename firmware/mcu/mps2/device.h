// The AN500's processor as CMSIS-Core wants it described, then CMSIS-Core's access to it.
#ifndef TINYML_MCU_DEVICE_H
#define TINYML_MCU_DEVICE_H

#include "exceptions.h"

// AN500 section 3.8: interrupts of the FPGA's peripherals.
typedef enum { CORE_EXCEPTIONS, FIRST_IRQn = 0, LAST_IRQn = 31 } IRQn_Type;

// What QEMU models; our code is compiled for single precision all the same. Of the priority bits we
// use the three that every Cortex-M7 has.
#define __CM7_REV              0x0000u
#define __FPU_PRESENT          1u
#define __FPU_DP               1u
#define __MPU_PRESENT          1u
#define __ICACHE_PRESENT       1u
#define __DCACHE_PRESENT       1u
#define __DTCM_PRESENT         1u
#define __VTOR_PRESENT         1u
#define __NVIC_PRIO_BITS       3u
#define __Vendor_SysTickConfig 0u

#include "core_cm7.h"

#endif
