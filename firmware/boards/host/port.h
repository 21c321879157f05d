// A serial port as a program has one: a TCP server on this computer, or standard input and output.
// One client at a time; the next one is served when the one before has left.
#ifndef TINYML_BOARDS_HOST_PORT_H
#define TINYML_BOARDS_HOST_PORT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interface.h"

#define PORT_RECEIVED_BYTES 4096u
#define PORT_KEPT_BYTES     65536u

enum port_kind {
    PORT_OUTPUT, // standard output, nothing is read: what a program without arguments has
    PORT_OFF,
    PORT_STDIO,
    PORT_TCP,
};

struct port {
    enum port_kind kind;
    const char *name;
    int listener;  // of a TCP port
    int client;    // -1 while there is none
    bool ended;    // the other side sends no more
    bool greeted;  // PORT_TCP: a first client has come
    bool unheard;  // standard output is closed
    bool probed;   // PORT_STDIO: whether somebody is there has been looked at
    bool attended; // PORT_STDIO: somebody is
    size_t next, filled;
    uint8_t received[PORT_RECEIVED_BYTES];
    size_t kept_bytes; // sent before the first client came; kept for it
    uint8_t kept[PORT_KEPT_BYTES];
};

// Serves `port` on `number` of this computer alone (0: a free one) and announces it on stderr.
// Returns 0 or errno.
int port_listen(struct port *port, const char *name, uint16_t number);

bool port_open(struct port *port);
bool port_read(struct port *port, uint8_t *byte);
void port_write(struct port *port, const uint8_t *bytes, size_t length);

// Waits until one of the ports has something to do, or a second has passed. Ends the program where
// nothing can come any more.
void port_sleep(struct port ports[BOARD_PORTS]);

#endif
