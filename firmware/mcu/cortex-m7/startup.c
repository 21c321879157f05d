// From reset to main: stack, FPU, fault handlers, caches, variables, constructors.
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "interface.h"
#include "stack.h"
#include "vectors.h"

typedef void (*constructor)(void);

// What is stored in flash and used in RAM: variables, and code and weights placed there. Addresses
// and sizes are multiples of 4.
struct copied {
    const uint32_t *from;
    uint32_t *to;
    uint32_t bytes;
};

// Linker script.
extern const struct copied __copy_table_start[], __copy_table_end[];
extern uint32_t __bss_start[], __bss_end[];
extern constructor __init_array_start[], __init_array_end[];

#define CPACR_ADDRESS (SCB_BASE + offsetof(SCB_Type, CPACR))
#define CPACR_FPU     (0xFul << 20) // CP10 and CP11, full access: PM0253 section 4.7.1

int main(void);
BOARD_NORETURN void startup(void);

// The stack is painted before it is used. The compiler may use FPU registers anywhere, so the FPU
// is enabled before any C runs.
__attribute__((naked)) void reset(void) {
    __asm volatile("ldr r0, =__stack_top    \n"
                   "msr msp, r0             \n"
                   "ldr r1, =__stack_bottom \n"
                   "ldr r2, =%c2            \n"
                   "1: str r2, [r1], #4     \n"
                   "cmp r1, r0              \n"
                   "blo 1b                  \n"
                   "ldr r0, =%c0            \n"
                   "ldr r1, [r0]            \n"
                   "orr r1, r1, %1          \n"
                   "str r1, [r0]            \n"
                   "dsb                     \n"
                   "isb                     \n"
                   "b startup               \n"
                   ".ltorg"
                   :
                   : "i"(CPACR_ADDRESS), "i"(CPACR_FPU), "i"(STACK_PAINT));
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

static void copy(const struct copied *part) {
    for (uint32_t i = 0; i < part->bytes / 4; ++i) {
        part->to[i] = part->from[i];
    }
}

static void initialise_memory(void) {
    for (const struct copied *part = __copy_table_start; part < __copy_table_end; ++part) {
        copy(part);
    }
    for (uint32_t *to = __bss_start; to < __bss_end; ++to) {
        *to = 0;
    }
}

// Instructions that were just copied may be in the data cache alone; fetches do not look there.
static void publish_code(void) {
    SCB_CleanDCache();
    SCB_InvalidateICache();
}

void startup(void) {
    enable_fault_handlers();
    enable_caches();
    initialise_memory();
    publish_code();
    for (constructor *next = __init_array_start; next < __init_array_end; ++next) {
        (*next)();
    }
    board_exit(main());
}
