#include "cache.h"

#include "core_registers.h"

static void enable_instruction_cache(void) {
    SCB_ICIALLU = 0;
    core_barrier();
    SCB_CCR |= SCB_CCR_IC;
    core_barrier();
}

// CCSIDR holds the number of sets less one (bits 27:13), of ways less one (12:3), and log2 of
// the words in a line less two (2:0). DCISW takes the way left-aligned and the set above the
// line's offset: PM0253 sections 4.5.3 and 4.8, ARMv7-M B2.2.7.
static void invalidate_data_cache(void) {
    SCB_CSSELR = 0; // level 1, data
    core_barrier();
    const uint32_t ccsidr = SCB_CCSIDR;
    const uint32_t last_set = (ccsidr >> 13) & 0x7FFFu;
    const uint32_t last_way = (ccsidr >> 3) & 0x3FFu;
    const uint32_t set_shift = (ccsidr & 7u) + 4u;
    // A single way needs no bits, and shifting by 32 would be undefined.
    const uint32_t way_shift = last_way ? (uint32_t)__builtin_clz(last_way) : 0u;
    for (uint32_t set = 0; set <= last_set; ++set) {
        for (uint32_t way = 0; way <= last_way; ++way) {
            SCB_DCISW = (way << way_shift) | (set << set_shift);
        }
    }
    core_barrier();
}

void cache_enable(void) {
    enable_instruction_cache();
    // Invalidating a cache that is on would throw away what it has not written back.
    if (!(SCB_CCR & SCB_CCR_DC)) {
        invalidate_data_cache();
        SCB_CCR |= SCB_CCR_DC;
        core_barrier();
    }
}
