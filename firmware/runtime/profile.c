#include "profile.h"

#include "interface.h"

#if PROFILE

static uint32_t counts[PROFILE_MAX_OPERATORS];
static uint32_t last;

void profile_begin(void) {
    last = board_counter();
}

void profile_operator(uint32_t index) {
    const uint32_t now = board_counter();
    if (index < PROFILE_MAX_OPERATORS) {
        counts[index] = now - last;
    }
    last = board_counter(); // not `now`: the bookkeeping is charged to nobody
}

uint32_t profile_count(uint32_t index) {
    return index < PROFILE_MAX_OPERATORS ? counts[index] : 0;
}

#endif
