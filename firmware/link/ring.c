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
    const uint32_t head = ring->head;
    const uint32_t next = following(ring, head);
    if (next == ring->tail) {
        ring->lost = ring->lost + 1;
        return;
    }
    ring->bytes[head] = byte;
    ring->head = next;
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
