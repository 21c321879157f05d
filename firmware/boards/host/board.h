// A native program on a POSIX system.
#ifndef TINYML_BOARD_H
#define TINYML_BOARD_H

#include "interface.h"

#endif
