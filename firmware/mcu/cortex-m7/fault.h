// What happens when the firmware cannot go on: a report on the console, then board_exit.
#ifndef TINYML_MCU_FAULT_H
#define TINYML_MCU_FAULT_H

#include "interface.h"

// Exit status of a program that ended in a fault (EX_SOFTWARE of sysexits.h).
#define FAULT_EXIT_STATUS 70

// Reports a failure that is not a processor fault, e.g. a clock that did not start.
BOARD_NORETURN void fault_stop(const char *what);

#endif
