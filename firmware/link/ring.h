// A queue of bytes from an interrupt to the program: one side puts, the other takes.
#ifndef TINYML_LINK_RING_H
#define TINYML_LINK_RING_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// All is volatile, the bytes too: the compiler keeps such accesses in order, and a single core sees
// its own in order. Each index is written by one side only.
struct ring {
    volatile uint8_t *bytes; // the caller's
    uint32_t size;           // of `bytes`; at least 2, as one stays free
    volatile uint32_t head;  // where the next byte is put
    volatile uint32_t tail;  // where the next byte is taken
    volatile uint32_t lost;  // bytes that found no room; written by the putting side
};

void ring_start(struct ring *ring, uint8_t *bytes, uint32_t size);

// Puts a byte, or counts it as lost where there is no room.
void ring_put(struct ring *ring, uint8_t byte);

// Counts a byte as lost that never came to the putting side.
void ring_lose(struct ring *ring);

// Takes the oldest byte; false where there is none.
bool ring_take(struct ring *ring, uint8_t *byte);

bool ring_empty(const struct ring *ring);
bool ring_full(const struct ring *ring);

#ifdef __cplusplus
}
#endif

#endif
