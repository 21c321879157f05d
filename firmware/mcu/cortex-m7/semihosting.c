#include "semihosting.h"

#include <string.h>

// Operation numbers: sections 7 (SYS_*) of the specification.
enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
};

// The reason that makes SYS_EXIT_EXTENDED pass its subcode on as the exit status.
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

static int32_t request(uint32_t operation, const void *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

int32_t semihosting_open(const char *path, enum semihosting_mode mode) {
    const uint32_t arguments[] = {(uint32_t)path, (uint32_t)mode, (uint32_t)strlen(path)};
    return request(SYS_OPEN, arguments);
}

// SYS_READ and SYS_WRITE return how many bytes they did NOT move.
size_t semihosting_read(int32_t handle, void *bytes, size_t size) {
    const uint32_t arguments[] = {(uint32_t)handle, (uint32_t)bytes, (uint32_t)size};
    const uint32_t missing = (uint32_t)request(SYS_READ, arguments);
    return missing <= size ? size - missing : 0;
}

bool semihosting_write(int32_t handle, const void *bytes, size_t size) {
    const uint32_t arguments[] = {(uint32_t)handle, (uint32_t)bytes, (uint32_t)size};
    return request(SYS_WRITE, arguments) == 0;
}

bool semihosting_close(int32_t handle) {
    const uint32_t arguments[] = {(uint32_t)handle};
    return request(SYS_CLOSE, arguments) == 0;
}

bool semihosting_command_line(char *line, size_t size) {
    const uint32_t arguments[] = {(uint32_t)line, (uint32_t)size};
    return request(SYS_GET_CMDLINE, arguments) == 0;
}

void semihosting_exit(int status) {
    const uint32_t arguments[] = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)status};
    for (;;) {
        request(SYS_EXIT_EXTENDED, arguments);
    }
}
