// From reset to main: FPU, fault handlers, caches, variables, constructors.
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "interface.h"
#include "vectors.h"

typedef void (*constructor)(void);

// Linker script.
extern uint32_t __data_start[], __data_end[];
extern const uint32_t __data_load[];
extern uint32_t __bss_start[], __bss_end[];
extern constructor __init_array_start[], __init_array_end[];

#define CPACR_ADDRESS (SCB_BASE + offsetof(SCB_Type, CPACR))
#define CPACR_FPU     (0xFul << 20) // CP10 and CP11, full access: PM0253 section 4.7.1

int main(void);
BOARD_NORETURN void startup(void);

// The compiler may use FPU registers anywhere, so the FPU is enabled before any C runs.
__attribute__((naked)) void reset(void) {
    __asm volatile("ldr r0, =__stack_top \n"
                   "msr msp, r0          \n"
                   "ldr r0, =%c0         \n"
                   "ldr r1, [r0]         \n"
                   "orr r1, r1, %1       \n"
                   "str r1, [r0]         \n"
                   "dsb                  \n"
                   "isb                  \n"
                   "b startup            \n"
                   ".ltorg"
                   :
                   : "i"(CPACR_ADDRESS), "i"(CPACR_FPU));
}

// Without this MemManage, BusFault and UsageFault all arrive as HardFault.
static void enable_fault_handlers(void) {
    SCB->VTOR = (uint32_t)&vectors;
    SCB->SHCSR |= SCB_SHCSR_USGFAULTENA_Msk | SCB_SHCSR_BUSFAULTENA_Msk | SCB_SHCSR_MEMFAULTENA_Msk;
    __DSB();
    __ISB();
}

// A loader that ran before may have left its own instructions in a cache that is on.
static void enable_caches(void) {
    SCB_InvalidateICache();
    SCB_EnableICache();
    SCB_EnableDCache();
}

static void initialise_variables(void) {
    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end; ++to) {
        *to = *from++;
    }
    for (uint32_t *to = __bss_start; to < __bss_end; ++to) {
        *to = 0;
    }
}

void startup(void) {
    enable_fault_handlers();
    enable_caches();
    initialise_variables();
    for (constructor *next = __init_array_start; next < __init_array_end; ++next) {
        (*next)();
    }
    board_exit(main());
}
