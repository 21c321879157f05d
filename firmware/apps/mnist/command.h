// What a line on the console asks for.
#ifndef TINYML_APPS_MNIST_COMMAND_H
#define TINYML_APPS_MNIST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

enum command_kind {
    COMMAND_HELP,
    COMMAND_MODEL,
    COMMAND_DIGIT,
    COMMAND_BUILD,
    COMMAND_MEMORY,
    COMMAND_REPEAT,
    COMMAND_KINDS,
    COMMAND_EMPTY,   // nothing but spaces
    COMMAND_UNKNOWN, // anything else
};

struct command {
    enum command_kind kind;
    bool has_count;
    uint32_t count; // of CMD=5,count; the largest there is where it is larger
};

// Reads `CMD=kind` or `CMD=kind,count`, in capitals or not, with spaces around it or not.
struct command command_parse(const char *text);

#endif
