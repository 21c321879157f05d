// How deep the stack has been. Start-up paints it; what is no longer painted has been used.
#ifndef TINYML_MCU_STACK_H
#define TINYML_MCU_STACK_H

#include "interface.h"

#define STACK_PAINT 0xC5A5C5A5u

struct board_stack_use stack_mark(void);

// Ends in a fault report where the stack's last word has been used: what lies below it may have
// been overwritten.
void stack_check(void);

#endif
