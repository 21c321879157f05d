// Core peripherals of the Cortex-M7: the registers that the firmware uses, nothing else.
// PM0253 = STM32F7 programming manual; ARMv7-M = Arm DDI 0403 (debug registers are only there).
#ifndef TINYML_MCU_CORE_REGISTERS_H
#define TINYML_MCU_CORE_REGISTERS_H

#include <stdint.h>

#define CORE_REGISTER(address) (*(volatile uint32_t *)(address))

// System control block: PM0253 section 4.3.
#define SCB_VTOR              CORE_REGISTER(0xE000ED08u)
#define SCB_CCR               CORE_REGISTER(0xE000ED14u)
#define SCB_CCR_IC            (1u << 17)
#define SCB_CCR_DC            (1u << 16)
#define SCB_SHCSR             CORE_REGISTER(0xE000ED24u)
#define SCB_SHCSR_USGFAULTENA (1u << 18)
#define SCB_SHCSR_BUSFAULTENA (1u << 17)
#define SCB_SHCSR_MEMFAULTENA (1u << 16)
#define SCB_CFSR              CORE_REGISTER(0xE000ED28u)
#define SCB_CFSR_STKERR       (1u << 12) // BusFault while the registers were being stacked
#define SCB_CFSR_MSTKERR      (1u << 4)  // the same, MemManage
#define SCB_CFSR_BFARVALID    (1u << 15)
#define SCB_CFSR_MMARVALID    (1u << 7)
#define SCB_HFSR              CORE_REGISTER(0xE000ED2Cu)
#define SCB_MMFAR             CORE_REGISTER(0xE000ED34u)
#define SCB_BFAR              CORE_REGISTER(0xE000ED38u)

// Access to the FPU: PM0253 section 4.7.1. Startup writes it from assembly.
#define SCB_CPACR_ADDRESS 0xE000ED88
#define SCB_CPACR_FPU     (0xF << 20) // CP10 and CP11, full access

// Cache identification and maintenance: PM0253 sections 4.5 and 4.8.
#define SCB_CCSIDR  CORE_REGISTER(0xE000ED80u)
#define SCB_CSSELR  CORE_REGISTER(0xE000ED84u)
#define SCB_ICIALLU CORE_REGISTER(0xE000EF50u)
#define SCB_DCISW   CORE_REGISTER(0xE000EF60u)

// SysTick: PM0253 section 4.4.
#define SYSTICK_CSR           CORE_REGISTER(0xE000E010u)
#define SYSTICK_CSR_CLKSOURCE (1u << 2) // the core's clock
#define SYSTICK_CSR_TICKINT   (1u << 1)
#define SYSTICK_CSR_ENABLE    (1u << 0)
#define SYSTICK_RVR           CORE_REGISTER(0xE000E014u)
#define SYSTICK_CVR           CORE_REGISTER(0xE000E018u)

// Debug: ARMv7-M sections C1.6 (DHCSR, DEMCR) and C1.8 (DWT). The Cortex-M7 keeps the DWT
// locked until its lock access register gets the CoreSight key (Arm IHI 0029, LAR).
#define DEBUG_DHCSR           CORE_REGISTER(0xE000EDF0u)
#define DEBUG_DHCSR_C_DEBUGEN (1u << 0)
#define DEBUG_DEMCR           CORE_REGISTER(0xE000EDFCu)
#define DEBUG_DEMCR_TRCENA    (1u << 24)
#define DWT_CTRL              CORE_REGISTER(0xE0001000u)
#define DWT_CTRL_CYCCNTENA    (1u << 0)
#define DWT_CYCCNT            CORE_REGISTER(0xE0001004u)
#define DWT_LAR               CORE_REGISTER(0xE0001FB0u)
#define DWT_LAR_KEY           0xC5ACCE55u

static inline void core_barrier(void) {
    __asm volatile("dsb\n isb" ::: "memory");
}

#endif
