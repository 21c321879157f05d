// What has come in on the link port.
#ifndef TINYML_SERVER_FRAMES_H
#define TINYML_SERVER_FRAMES_H

#include <stdint.h>

#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct server_frames {
    uint32_t events[FRAME_EVENTS]; // as in struct frame_decoder
    uint32_t lost;                 // bytes that found no room
};

// Counted since the start, or since it was cleared.
struct server_frames server_frames(void);
void server_frames_clear(void);

#ifdef __cplusplus
}
#endif

#endif
