// Requests to the debugger or emulator: Arm's "Semihosting for AArch32 and AArch64".
// Without one attached the BKPT instruction is a HardFault.
#ifndef TINYML_MCU_SEMIHOSTING_H
#define TINYML_MCU_SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interface.h"

enum semihosting_mode { // fopen's "rb" and "wb"
    SEMIHOSTING_READ = 1,
    SEMIHOSTING_WRITE = 5,
};

// Returns a handle, or -1.
int32_t semihosting_open(const char *path, enum semihosting_mode mode);

// Returns how many bytes were read; fewer than `size` at the end of the file.
size_t semihosting_read(int32_t handle, void *bytes, size_t size);

// Returns whether all bytes were written.
bool semihosting_write(int32_t handle, const void *bytes, size_t size);

bool semihosting_close(int32_t handle);

// Copies the command line, words with spaces between them; false where it does not fit or there
// is none.
bool semihosting_command_line(char *line, size_t size);

BOARD_NORETURN void semihosting_exit(int status);

#endif
