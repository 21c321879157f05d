// Fault handlers: every exception that nobody expects ends here.
#include "fault.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "device.h"
#include "vectors.h"

// What the processor stacks on exception entry: PM0253 section 2.4.7.
struct stacked_registers {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

// The report runs on a stack of its own: the interrupted one may be what overflowed.
static uint64_t fault_stack[128];

BOARD_NORETURN void fault_report(const struct stacked_registers *stacked, uint32_t exc_return);

__attribute__((naked)) void fault_entry(void) {
    __asm volatile("cpsid i                    \n"
                   "mov r1, lr                 \n"
                   "tst lr, #4                 \n" // which stack was in use: EXC_RETURN bit 2
                   "ite eq                     \n"
                   "mrseq r0, msp              \n"
                   "mrsne r0, psp              \n"
                   "ldr r2, =%c0               \n"
                   "msr msp, r2                \n"
                   "b fault_report             \n"
                   ".ltorg"
                   :
                   : "i"((uintptr_t)fault_stack + sizeof fault_stack));
}

// SysTick fires only in firmware that starts it, and that brings its own handler (systick.c).
__attribute__((weak, naked)) void systick_interrupt(void) {
    __asm volatile("b fault_entry");
}

static void print_name(uint32_t exception) {
    static const char *const names[] = {
        [2] = "NMI",      [3] = "HardFault",  [4] = "MemManage fault",
        [5] = "BusFault", [6] = "UsageFault",
    };
    const uint32_t count = sizeof names / sizeof names[0];
    console_text("\nfault: ");
    if (exception < count && names[exception]) {
        console_text(names[exception]);
    } else if (exception < 16) {
        console_text("unexpected exception ");
        console_u32(exception, 0);
    } else {
        console_text("unexpected interrupt ");
        console_u32(exception - 16, 0);
    }
    console_text("\n");
}

static void print_register(const char *name, uint32_t value) {
    console_text("  ");
    console_padded(name, 6);
    console_hex32(value);
    console_text("\n");
}

static void print_status(uint32_t cfsr) {
    print_register("CFSR", cfsr);
    print_register("HFSR", SCB->HFSR);
    if (cfsr & SCB_CFSR_MMARVALID_Msk) {
        print_register("MMFAR", SCB->MMFAR);
    }
    if (cfsr & SCB_CFSR_BFARVALID_Msk) {
        print_register("BFAR", SCB->BFAR);
    }
}

static void print_stacked(const struct stacked_registers *stacked) {
    print_register("PC", stacked->pc);
    print_register("LR", stacked->lr);
    print_register("R0", stacked->r0);
    print_register("R1", stacked->r1);
    print_register("R2", stacked->r2);
    print_register("R3", stacked->r3);
    print_register("R12", stacked->r12);
    print_register("xPSR", stacked->xpsr);
}

// Whether the fault happened inside the report itself. Variables may not be initialised yet, so
// the stack in use tells.
static bool in_report(const struct stacked_registers *stacked) {
    const uintptr_t offset = (uintptr_t)stacked - (uintptr_t)fault_stack;
    return offset < sizeof fault_stack;
}

// Memory below the stack may fault on access or ignore it, so look at the address as well.
static bool stack_exhausted(const struct stacked_registers *stacked, uint32_t cfsr) {
    return cfsr & (SCB_CFSR_STKERR_Msk | SCB_CFSR_MSTKERR_Msk) ||
           (uintptr_t)stacked < (uintptr_t)__stack_bottom;
}

void fault_report(const struct stacked_registers *stacked, uint32_t exc_return) {
    if (in_report(stacked)) {
        board_exit(FAULT_EXIT_STATUS);
    }
    const uint32_t cfsr = SCB->CFSR;
    print_name(__get_IPSR());
    print_status(cfsr);
    print_register("SP", (uint32_t)stacked);
    print_register("EXC", exc_return);
    if (stack_exhausted(stacked, cfsr)) {
        console_text("  the stack is exhausted: no registers were saved\n");
    } else {
        print_stacked(stacked);
    }
    board_exit(FAULT_EXIT_STATUS);
}

void fault_stop(const char *what) {
    console_text("\nfault: ");
    console_text(what);
    console_text("\n");
    board_exit(FAULT_EXIT_STATUS);
}
