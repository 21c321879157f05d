#include "profile.h"

#include <string.h>

#include "interface.h"

#if PROFILE

static uint32_t counts[PROFILE_MAX_OPERATORS];
static uint32_t last;

// Operators from here on are not counted: in an ordinary inference those that have no room.
static uint32_t counted = PROFILE_MAX_OPERATORS;
static struct profile_copy wanted;

void profile_begin(void) {
    last = board_counter();
}

void profile_operator(uint32_t index) {
    const uint32_t now = board_counter();
    if (index < counted) {
        counts[index] = now - last;
    } else if (index == wanted.operator_index && wanted.bytes > 0) {
        memcpy(wanted.to, wanted.from, wanted.bytes);
        wanted.bytes = 0;
    }
    last = board_counter(); // not `now`: the bookkeeping is charged to nobody
}

void profile_copy_begin(const struct profile_copy *copy) {
    wanted = *copy;
    counted = 0;
}

bool profile_copy_end(void) {
    const bool copied = wanted.bytes == 0;
    wanted.bytes = 0;
    counted = PROFILE_MAX_OPERATORS;
    return copied;
}

uint32_t profile_count(uint32_t index) {
    return index < PROFILE_MAX_OPERATORS ? counts[index] : 0;
}

#endif
