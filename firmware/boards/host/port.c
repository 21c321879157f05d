#define _POSIX_C_SOURCE 200809L // dprintf, MSG_NOSIGNAL

#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLEEP_MS 1000
// A pipe that is to bring commands may be a moment late; one that brings none must not stop us.
#define PROBE_MS 200
// A client that takes nothing for so long is let go: a serial line would not wait at all.
#define STALLED_MS 5000

static int wait_for(int file, short events, int milliseconds) {
    struct pollfd waiting = {.fd = file, .events = events};
    return poll(&waiting, 1, milliseconds);
}

static void announce(const struct port *port) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(port->listener, (struct sockaddr *)&address, &size);
    dprintf(STDERR_FILENO, "%s: socket://127.0.0.1:%u\n", port->name, ntohs(address.sin_port));
}

static int fail(struct port *port) {
    const int reason = errno;
    if (port->listener >= 0) {
        close(port->listener);
    }
    return reason;
}

int port_listen(struct port *port, const char *name, uint16_t number) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(number),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    port->kind = PORT_TCP;
    port->name = name;
    port->client = -1;
    port->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (port->listener < 0 ||
        setsockopt(port->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(port->listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(port->listener, 1) < 0) {
        return fail(port);
    }
    announce(port);
    return 0;
}

static void let_go(struct port *port) {
    close(port->client);
    port->client = -1;
    port->ended = false;
}

static bool send_to_client(struct port *port, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        const ssize_t sent = send(port->client, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_for(port->client, POLLOUT, STALLED_MS) == 0) {
                dprintf(STDERR_FILENO, "%s: the client takes nothing, so it is let go\n",
                        port->name);
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static void greet(struct port *port) {
    const int on = 1; // answers are short, and each is waited for
    setsockopt(port->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!port->greeted && !send_to_client(port, port->kept, port->kept_bytes)) {
        let_go(port);
    }
    port->greeted = true; // from now on nothing is kept
}

static void accept_waiting(struct port *port) {
    if (port->client < 0 && wait_for(port->listener, POLLIN, 0) > 0) {
        port->client = accept(port->listener, NULL, NULL);
        if (port->client >= 0) {
            greet(port);
        }
    }
}

static int input_of(const struct port *port) {
    return port->kind == PORT_STDIO ? STDIN_FILENO : port->client;
}

// Reads what is there without waiting. The end of a client's bytes is not yet its end: it may
// still read the answers.
static void fill(struct port *port) {
    if (port->kind == PORT_TCP) {
        accept_waiting(port);
    }
    const int input = input_of(port);
    if (input < 0 || port->ended || wait_for(input, POLLIN, 0) <= 0) {
        return;
    }
    const ssize_t length = read(input, port->received, sizeof port->received);
    if (length > 0) {
        port->next = 0;
        port->filled = (size_t)length;
    } else if (length == 0 || (errno != EINTR && errno != EAGAIN)) {
        port->ended = true;
    }
}

bool port_read(struct port *port, uint8_t *byte) {
    if (port->kind != PORT_STDIO && port->kind != PORT_TCP) {
        return false;
    }
    if (port->next == port->filled) {
        fill(port);
    }
    if (port->next == port->filled) {
        return false;
    }
    *byte = port->received[port->next++];
    return true;
}

// A terminal has somebody in front of it; a pipe or a file has if it brings bytes.
static void probe(struct port *port) {
    port->probed = true;
    if (isatty(STDIN_FILENO)) {
        port->attended = true;
        return;
    }
    if (wait_for(STDIN_FILENO, POLLIN, PROBE_MS) > 0 && port->next == port->filled) {
        fill(port);
    }
    port->attended = port->next != port->filled;
}

bool port_open(struct port *port) {
    if (port->kind != PORT_STDIO) {
        return port->kind == PORT_TCP;
    }
    if (!port->probed) {
        probe(port);
    }
    return port->attended && (!port->ended || port->next != port->filled);
}

static void keep(struct port *port, const uint8_t *bytes, size_t length) {
    const size_t room = sizeof port->kept - port->kept_bytes;
    const size_t kept = length < room ? length : room;
    memcpy(port->kept + port->kept_bytes, bytes, kept);
    port->kept_bytes += kept;
}

static void write_to_stdout(struct port *port, const uint8_t *bytes, size_t length) {
    while (length > 0 && !port->unheard) {
        const ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (written < 0 && errno != EINTR) {
            port->unheard = true;
        }
    }
}

void port_write(struct port *port, const uint8_t *bytes, size_t length) {
    if (port->kind == PORT_OUTPUT || port->kind == PORT_STDIO) {
        write_to_stdout(port, bytes, length);
    } else if (port->kind == PORT_TCP) {
        accept_waiting(port);
        if (port->client >= 0) {
            if (!send_to_client(port, bytes, length)) {
                let_go(port);
            }
        } else if (!port->greeted) {
            keep(port, bytes, length);
        }
    }
}

// What poll shall wait for; -1 is nothing.
static int waiting_for(struct port *port) {
    if (port->kind == PORT_TCP) {
        if (port->client >= 0 && port->ended) {
            let_go(port); // it has had its answers
        }
        return port->client >= 0 ? port->client : port->listener;
    }
    return port->kind == PORT_STDIO && !port->ended ? STDIN_FILENO : -1;
}

void port_sleep(struct port ports[BOARD_PORTS]) {
    struct pollfd waiting[BOARD_PORTS];
    bool any = false;
    for (size_t i = 0; i < BOARD_PORTS; ++i) {
        if (ports[i].next != ports[i].filled) {
            return;
        }
        waiting[i] = (struct pollfd){.fd = waiting_for(&ports[i]), .events = POLLIN};
        any = any || waiting[i].fd >= 0;
    }
    if (!any) {
        exit(EXIT_SUCCESS);
    }
    poll(waiting, BOARD_PORTS, SLEEP_MS);
}
