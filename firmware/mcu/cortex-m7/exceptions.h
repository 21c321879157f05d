// The exceptions that every Cortex-M7 has, as CMSIS-Core numbers them: PM0253 section 2.4.2.
// An interrupt's number starts at 0.
#ifndef TINYML_MCU_EXCEPTIONS_H
#define TINYML_MCU_EXCEPTIONS_H

#define CORE_EXCEPTIONS                                                                            \
    NonMaskableInt_IRQn = -14, HardFault_IRQn = -13, MemoryManagement_IRQn = -12,                  \
    BusFault_IRQn = -11, UsageFault_IRQn = -10, SVCall_IRQn = -5, DebugMonitor_IRQn = -4,          \
    PendSV_IRQn = -2, SysTick_IRQn = -1

#endif
