// What the board and the link port say of themselves, for a response.
#ifndef TINYML_SERVER_STATUS_H
#define TINYML_SERVER_STATUS_H

#include <stdint.h>

#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct status {
    uint32_t events[FRAME_EVENTS]; // as in struct frame_decoder
    uint32_t lost;                 // bytes that found no room
    uint32_t stack_used, stack_bytes;
    uint32_t clock_hz;
    const char *counter_unit;
    uint64_t uptime_ms;
};

// Returns the status; events and losses are those since they were cleared.
struct status status_read(void);
void status_clear(void);

#ifdef __cplusplus
}
#endif

#endif
