#define _POSIX_C_SOURCE 200809L // dprintf

#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USAGE_STATUS 2
#define LAST_PORT    65535l

struct option {
    const char *name;
    const char *allowed;
    bool stdio;
};

static const struct option options[BOARD_PORTS] = {
    [BOARD_CONSOLE] = {"console", "stdio, tcp:PORT (0 to 65535, 0 is a free one) or off", true},
    [BOARD_LINK] = {"link", "tcp:PORT (0 to 65535, 0 is a free one) or off", false},
};

static int argument_count;
static char **argument_values;

// main has no parameters, on a board there are none. The C libraries of Linux and macOS hand
// them to constructors as well.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

static _Noreturn void refuse(const char *what, const char *value, const char *why,
                             const char *expected) {
    dprintf(STDERR_FILENO,
            "error: %s%s%s\n       expected: %s\n       try: %s --console stdio --link tcp:0\n",
            what, value, why, expected, argument_values[0]);
    exit(USAGE_STATUS);
}

// Returns the number after "tcp:", or -1.
static long port_number(const char *value) {
    if (strncmp(value, "tcp:", 4) != 0 || value[4] < '0' || value[4] > '9') {
        return -1;
    }
    char *end;
    const long number = strtol(value + 4, &end, 10);
    return *end == '\0' && number <= LAST_PORT ? number : -1;
}

static void serve(struct port *port, const struct option *option, const char *value) {
    const long number = port_number(value);
    if (number < 0) {
        char what[64];
        snprintf(what, sizeof what, "--%s is '", option->name);
        refuse(what, value, "'", option->allowed);
    }
    const int reason = port_listen(port, option->name, (uint16_t)number);
    if (reason) {
        char why[128];
        snprintf(why, sizeof why, " cannot be served: %s", strerror(reason));
        refuse("", value, why, "a port that no other program serves");
    }
}

static void open_port(struct port *port, const struct option *option, const char *value) {
    if (strcmp(value, "off") == 0) {
        port->kind = PORT_OFF;
    } else if (option->stdio && strcmp(value, "stdio") == 0) {
        port->kind = PORT_STDIO;
    } else {
        serve(port, option, value);
    }
}

// Returns which port `argument` is about, or BOARD_PORTS.
static enum board_port named(const char *argument) {
    enum board_port port = 0;
    while (port < BOARD_PORTS &&
           (strncmp(argument, "--", 2) != 0 || strcmp(argument + 2, options[port].name) != 0)) {
        ++port;
    }
    return port;
}

void arguments_open_ports(struct port ports[BOARD_PORTS]) {
    bool given[BOARD_PORTS] = {false};
    for (int i = 1; i < argument_count; i += 2) {
        const enum board_port port = named(argument_values[i]);
        if (port == BOARD_PORTS) {
            refuse("the argument '", argument_values[i], "' is unknown",
                   "--console PORT and --link PORT, or nothing");
        }
        if (i + 1 == argument_count) {
            refuse("", argument_values[i], " has no value", options[port].allowed);
        }
        if (given[port]) {
            refuse("", argument_values[i], " is given twice", "each port once");
        }
        given[port] = true;
        open_port(&ports[port], &options[port], argument_values[i + 1]);
    }
}
