// Called by unicorn before every block of instructions: counts them exactly, and stops the core
// between two blocks, where nothing is executed twice. Compiled for the host by block_hook.py,
// which knows the layout of struct block_hook too.
#include <stdint.h>

#define REGIONS      8
#define REGISTER_SP  12  // UC_ARM_REG_SP
#define REGISTER_MSP 115 // UC_ARM_REG_MSP

// What is known of the block that starts at one halfword of a memory.
struct block {
    uint64_t instructions; // executed in it so far
    uint16_t size, count;
    uint8_t moves_sp, uses_fpu;
};

struct region {
    uint32_t origin, size;
    const uint8_t *bytes;
    struct block *blocks; // one for each halfword
    uint32_t constant;    // flash: a block decoded once stays as it is
};

struct block_hook {
    int (*stop)(void *core);
    int (*read_register)(void *core, int number, void *value);
    uint64_t executed, deadline;
    uint32_t attention;      // the caller asks to stop, also from another thread
    uint32_t watch_masks;    // stop when a mask register differs from what is noted below
    uint32_t masks[3];       // the values noted
    int32_t mask_numbers[3]; // PRIMASK, BASEPRI, FAULTMASK as unicorn numbers them
    uint32_t fpu_off;        // stop before a block that uses the FPU
    uint32_t stopped_for_fpu;
    uint32_t address, size; // the block that runs
    uint32_t sp_moved;
    uint32_t lowest_msp;
    struct region regions[REGIONS];
};

static uint32_t halfword(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

// ARMv7-M ARM section A5.1: 0b11101, 0b11110 and 0b11111 begin an instruction of two halfwords.
static uint32_t width(uint32_t first) {
    return first >> 11 >= 0x1d ? 4 : 2;
}

// PUSH, SUB SP, MOV SP; STMDB SP!, SUB.W SP, STR/STRD with write-back, VPUSH, MSR.
static int moves_sp(uint32_t first) {
    return (first & 0xFE00) == 0xB400 || (first & 0xFF80) == 0xB080 || (first & 0xFF87) == 0x4685 ||
           first == 0xE92D || (first & 0xFBEF) == 0xF1AD || (first & 0xFBFF) == 0xF2AD ||
           first == 0xEBAD || first == 0xF84D || first == 0xE96D || (first & 0xFFBF) == 0xED2D ||
           (first & 0xFFF0) == 0xF380;
}

// The coprocessor space, 0b111x11xx: on this core nothing but the FPU.
static int uses_fpu(uint32_t first) {
    return (first & 0xEC00) == 0xEC00;
}

static struct region *region_of(struct block_hook *hook, uint32_t address) {
    for (int i = 0; i < REGIONS; ++i) {
        if (address - hook->regions[i].origin < hook->regions[i].size) {
            return &hook->regions[i];
        }
    }
    return 0;
}

static void decode(struct block *block, const uint8_t *bytes, uint32_t size) {
    block->size = (uint16_t)size;
    block->count = 0;
    block->moves_sp = block->uses_fpu = 0;
    for (uint32_t at = 0; at < size; at += width(halfword(bytes + at))) {
        ++block->count;
        block->moves_sp |= (uint8_t)moves_sp(halfword(bytes + at));
        block->uses_fpu |= (uint8_t)uses_fpu(halfword(bytes + at));
    }
}

static struct block *block_at(struct block_hook *hook, uint32_t address, uint32_t size) {
    struct region *region = region_of(hook, address);
    if (!region) {
        return 0;
    }
    const uint32_t offset = address - region->origin;
    struct block *block = &region->blocks[offset / 2];
    if (!region->constant || block->size != size) {
        decode(block, region->bytes + offset, size);
    }
    return block;
}

static int masks_changed(void *core, const struct block_hook *hook) {
    for (int i = 0; i < 3; ++i) {
        uint32_t value = 0;
        hook->read_register(core, hook->mask_numbers[i], &value);
        if (value != hook->masks[i]) {
            return 1;
        }
    }
    return 0;
}

static void note_stack(void *core, struct block_hook *hook) {
    uint32_t sp = 0;
    hook->read_register(core, REGISTER_SP, &sp);
    if (sp < hook->lowest_msp) {
        hook->read_register(core, REGISTER_MSP, &sp);
        hook->lowest_msp = sp < hook->lowest_msp ? sp : hook->lowest_msp;
    }
    hook->sp_moved = 0;
}

void block_hook_enter(void *core, uint64_t address, uint32_t size, struct block_hook *hook) {
    struct block *block = block_at(hook, (uint32_t)address, size);
    hook->stopped_for_fpu = hook->fpu_off && block && block->uses_fpu;
    if (hook->sp_moved) {
        note_stack(core, hook);
    }
    if (hook->attention || hook->executed >= hook->deadline || hook->stopped_for_fpu ||
        (hook->watch_masks && masks_changed(core, hook))) {
        hook->stop(core);
        return;
    }
    hook->address = (uint32_t)address;
    hook->size = size;
    if (block) {
        hook->executed += block->count;
        block->instructions += block->count;
        hook->sp_moved = block->moves_sp;
    }
}

// Takes back what was counted from `pc` to the end of the block, which is not going to run.
void block_hook_leave(struct block_hook *hook, uint32_t pc) {
    struct region *region = region_of(hook, hook->address);
    if (!region || pc - hook->address > hook->size) {
        return;
    }
    struct block rest;
    decode(&rest, region->bytes + (pc - region->origin), hook->size - (pc - hook->address));
    region->blocks[(hook->address - region->origin) / 2].instructions -= rest.count;
    hook->executed -= rest.count;
    hook->size = pc - hook->address;
}
