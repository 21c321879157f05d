// The commands on the console.
#ifndef TINYML_APPS_MNIST_COMMANDS_H
#define TINYML_APPS_MNIST_COMMANDS_H

#include <stdbool.h>

// Carries out what has come in, but no more than one command; returns whether there was anything.
bool commands_poll(void);

#endif
