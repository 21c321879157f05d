// The program's arguments: what the serial ports are.
#ifndef TINYML_BOARDS_HOST_ARGUMENTS_H
#define TINYML_BOARDS_HOST_ARGUMENTS_H

#include "interface.h"
#include "port.h"

// Opens the ports that the arguments ask for; a mistake ends the program with status 2.
void arguments_open_ports(struct port ports[BOARD_PORTS]);

#endif
