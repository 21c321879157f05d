#include "ring.h"

static uint32_t following(const struct ring *ring, uint32_t index) {
    return index + 1 < ring->size ? index + 1 : 0;
}

void ring_start(struct ring *ring, uint8_t *bytes, uint32_t size) {
    ring->bytes = bytes;
    ring->size = size;
    ring->head = 0;
    ring->tail = 0;
    ring->lost = 0;
}

void ring_put(struct ring *ring, uint8_t byte) {
    if (ring_full(ring)) {
        ring_lose(ring);
        return;
    }
    const uint32_t head = ring->head;
    ring->bytes[head] = byte;
    ring->head = following(ring, head);
}

void ring_lose(struct ring *ring) {
    ring->lost = ring->lost + 1;
}

bool ring_take(struct ring *ring, uint8_t *byte) {
    const uint32_t tail = ring->tail;
    if (tail == ring->head) {
        return false;
    }
    *byte = ring->bytes[tail];
    ring->tail = following(ring, tail);
    return true;
}

bool ring_empty(const struct ring *ring) {
    return ring->tail == ring->head;
}

bool ring_full(const struct ring *ring) {
    return following(ring, ring->head) == ring->tail;
}
