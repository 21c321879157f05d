#include "stack.h"

#include "fault.h"
#include "vectors.h"

// Code that handles bytes from outside is compiled with -fstack-protector-strong: the compiler puts
// this value between a function's arrays and its return address, and looks at it before it returns.
// A constant finds mistakes; it would not stop an attacker who knows it. The zero ends a string.
const uintptr_t __stack_chk_guard = 0x00A5C3F1u;

BOARD_NORETURN void __stack_chk_fail(void);

void __stack_chk_fail(void) {
    fault_stop("a function has written beyond its variables on the stack");
}

struct board_stack_use stack_mark(void) {
    const uint32_t *deepest = __stack_bottom;
    while (deepest < __stack_top && *deepest == STACK_PAINT) {
        ++deepest;
    }
    return (struct board_stack_use){
        .used = (uint32_t)((uintptr_t)__stack_top - (uintptr_t)deepest),
        .bytes = (uint32_t)((uintptr_t)__stack_top - (uintptr_t)__stack_bottom),
    };
}

void stack_check(void) {
    if (__stack_bottom[0] != STACK_PAINT) {
        fault_stop("the stack is exhausted");
    }
}
