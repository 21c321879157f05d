// Arm MPS2 AN500.
#ifndef TINYML_BOARD_H
#define TINYML_BOARD_H

#include "interface.h"

#define BOARD_CLOCK_HZ (BOARD_CLOCK_MHZ * 1000000u)

#endif
