// What must be quick: unicorn's callbacks, starting and stopping it, and an exception's frame.
// block_hook_enter is called before every block of instructions: it counts them exactly, and stops
// the core between two blocks, where nothing is executed twice. Compiled for the host by
// block_hook.py, which knows the layout of struct block_hook too.
#include <stddef.h>
#include <stdint.h>

#define REGIONS 8

// As unicorn numbers the registers (arm.h).
enum {
    REGISTER_FPSCR = 6,
    REGISTER_LR = 10,
    REGISTER_PC = 11,
    REGISTER_SP = 12,
    REGISTER_R0 = 66,
    REGISTER_R12 = 78,
    REGISTER_S0 = 79,
    REGISTER_MSP = 115,
    REGISTER_CONTROL = 117,
    REGISTER_XPSR = 120,
    REGISTER_PRIMASK = 123,
    REGISTER_BASEPRI = 124,
    REGISTER_FAULTMASK = 126,
};

#define XPSR_EXCEPTION 0x1FFu
#define XPSR_ALIGNED   (1u << 9)
#define XPSR_T         (1u << 24)
#define XPSR_IT_ICI    0x0600FC00u
#define CONTROL_NPRIV  (1u << 0)
#define CONTROL_SPSEL  (1u << 1)
#define CONTROL_FPCA   (1u << 2)
#define BASIC_WORDS    8u
#define FLOAT_WORDS    18u // S0 to S15, FPSCR and one reserved

// What is known of the block that starts at one halfword of a memory.
struct block {
    uint64_t instructions; // executed in it so far
    uint16_t size, count;
    uint8_t moves_sp, uses_fpu, divides, sets_control;
};

struct region {
    uint32_t origin, size;
    uint8_t *bytes;
    struct block *blocks; // one for each halfword
    uint32_t constant;    // flash: a block decoded once stays as it is
};

struct block_hook {
    int (*start)(void *core, uint64_t begin, uint64_t until, uint64_t timeout, size_t count);
    int (*stop)(void *core);
    int (*read_register)(void *core, int number, void *value);
    int (*write_register)(void *core, int number, const void *value);
    uint64_t executed, deadline;
    uint64_t bad_value;      // of the access that failed
    uint32_t running;        // the core is between core_run's beginning and end
    uint32_t count;          // instructions of the block that runs
    // The core as its last run or exception left it.
    uint32_t pc, xpsr, primask, basepri, faultmask;
    uint32_t hint; // WFI and the like, in its narrow form, where the core stands behind one
    // Why it stopped: how often each happened since it started, and the first of them.
    uint32_t interrupts, interrupt, interrupt_pc;
    uint32_t accesses, access, bad_address, bad_size;
    // The frame of the exception that core_push has stacked.
    uint32_t exc_return;
    uint32_t attention;      // the caller asks to stop, also from another thread
    uint32_t watch_masks;    // stop when a mask register differs from what is noted below
    uint32_t masks[3];       // PRIMASK, BASEPRI, FAULTMASK as noted
    uint32_t fpu_off;        // stop before a block that uses the FPU
    uint32_t stopped_for_fpu;
    uint32_t trap_divisions; // stop before a block that divides
    uint32_t stopped_for_division;
    uint32_t controls_set; // blocks that wrote CONTROL: stop after each
    uint32_t control_set;
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

// SDIV and UDIV: 0xFB9n and 0xFBBn.
static int divides(uint32_t first) {
    return (first & 0xFFD0) == 0xFB90;
}

// MSR CONTROL, Rn: 0xF38n 0x88 and the register's number, 20.
static int sets_control(const uint8_t *bytes) {
    return (halfword(bytes) & 0xFFF0) == 0xF380 && bytes[2] == 20;
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
    block->moves_sp = block->uses_fpu = block->divides = block->sets_control = 0;
    for (uint32_t at = 0; at < size; at += width(halfword(bytes + at))) {
        ++block->count;
        block->moves_sp |= (uint8_t)moves_sp(halfword(bytes + at));
        block->uses_fpu |= (uint8_t)uses_fpu(halfword(bytes + at));
        block->divides |= (uint8_t)divides(halfword(bytes + at));
        block->sets_control |= (uint8_t)sets_control(bytes + at);
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

static uint32_t get(const struct block_hook *hook, void *core, int number) {
    uint32_t value = 0;
    hook->read_register(core, number, &value);
    return value;
}

static void put(const struct block_hook *hook, void *core, int number, uint32_t value) {
    hook->write_register(core, number, &value);
}

static int masks_changed(void *core, const struct block_hook *hook) {
    return get(hook, core, REGISTER_PRIMASK) != hook->masks[0] ||
           get(hook, core, REGISTER_BASEPRI) != hook->masks[1] ||
           get(hook, core, REGISTER_FAULTMASK) != hook->masks[2];
}

static void note_stack(void *core, struct block_hook *hook) {
    if (get(hook, core, REGISTER_SP) < hook->lowest_msp) {
        const uint32_t sp = get(hook, core, REGISTER_MSP);
        hook->lowest_msp = sp < hook->lowest_msp ? sp : hook->lowest_msp;
    }
    hook->sp_moved = 0;
}

void block_hook_enter(void *core, uint64_t address, uint32_t size, struct block_hook *hook) {
    struct block *block = block_at(hook, (uint32_t)address, size);
    hook->stopped_for_fpu = hook->fpu_off && block && block->uses_fpu;
    hook->stopped_for_division = hook->trap_divisions && block && block->divides;
    if (hook->sp_moved) {
        note_stack(core, hook);
    }
    if (hook->control_set) {
        hook->control_set = 0;
        hook->attention = 1;
    }
    if (hook->attention || hook->executed >= hook->deadline || hook->stopped_for_fpu ||
        hook->stopped_for_division ||
        (hook->watch_masks && masks_changed(core, hook))) {
        hook->stop(core);
        return;
    }
    hook->address = (uint32_t)address;
    hook->size = size;
    hook->count = block ? block->count : 0;
    if (block) {
        hook->executed += block->count;
        block->instructions += block->count;
        hook->sp_moved = block->moves_sp;
        hook->control_set = block->sets_control;
        hook->controls_set += block->sets_control;
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

// Exceptions that unicorn leaves to us: SVC, BKPT, a branch to EXC_RETURN and the like.
void core_interrupted(void *core, uint32_t number, struct block_hook *hook) {
    if (hook->interrupts++ == 0) {
        hook->interrupt = number;
        hook->interrupt_pc = get(hook, core, REGISTER_PC);
    }
    hook->stop(core);
}

// Accesses to what is not there, or not allowed.
int core_access_failed(void *core, int access, uint64_t address, int size, int64_t value,
                       struct block_hook *hook) {
    (void)core;
    if (hook->accesses++ == 0) {
        hook->access = (uint32_t)access;
        hook->bad_address = (uint32_t)address;
        hook->bad_size = (uint32_t)size;
        hook->bad_value = (uint64_t)value;
    }
    return 0;
}

static void note_state(void *core, struct block_hook *hook) {
    hook->pc = get(hook, core, REGISTER_PC);
    hook->xpsr = get(hook, core, REGISTER_XPSR);
    hook->primask = get(hook, core, REGISTER_PRIMASK);
    hook->basepri = get(hook, core, REGISTER_BASEPRI);
    hook->faultmask = get(hook, core, REGISTER_FAULTMASK);
}

// Returns the narrow form (0xBFn0) of the hint that the block's last instruction is, or 0.
static uint32_t last_hint(struct block_hook *hook) {
    const struct region *region = region_of(hook, hook->address);
    if (!region || hook->pc != hook->address + hook->size) {
        return 0;
    }
    const uint8_t *bytes = region->bytes + (hook->address - region->origin);
    uint32_t last = 0;
    for (uint32_t at = 0; at < hook->size; at += width(halfword(bytes + at))) {
        last = at;
    }
    const uint32_t first = halfword(bytes + last);
    if (width(first) == 2) {
        return (first & 0xFF0F) == 0xBF00 ? first : 0;
    }
    const uint32_t second = halfword(bytes + last + 2); // 0xF3AF 0x80nn is 0xBFn0
    return first == 0xF3AF && (second & 0xFF00) == 0x8000 ? 0xBF00 | (second & 0xF) << 4 : 0;
}

// Runs from where the core is until something happens; returns unicorn's error.
int core_run(void *core, struct block_hook *hook, uint32_t until) {
    hook->interrupts = hook->accesses = 0;
    const uint32_t thumb = get(hook, core, REGISTER_XPSR) >> 24 & 1;
    hook->running = 1;
    const int error = hook->start(core, get(hook, core, REGISTER_PC) | thumb, until, 0, 0);
    hook->running = 0;
    note_state(core, hook);
    hook->hint = last_hint(hook);
    return error;
}

static uint8_t *byte_at(struct block_hook *hook, uint32_t address, int writes) {
    struct region *region = region_of(hook, address);
    return !region || (writes && region->constant) ? 0 : region->bytes + (address - region->origin);
}

static int store(struct block_hook *hook, uint32_t address, uint32_t value) {
    for (int i = 0; i < 4; ++i) {
        uint8_t *byte = byte_at(hook, address + (uint32_t)i, 1);
        if (!byte) {
            return 0;
        }
        *byte = (uint8_t)(value >> 8 * i);
    }
    return 1;
}

static int load(struct block_hook *hook, uint32_t address, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; ++i) {
        const uint8_t *byte = byte_at(hook, address + (uint32_t)i, 0);
        if (!byte) {
            return 0;
        }
        *value |= (uint32_t)*byte << 8 * i;
    }
    return 1;
}

// PushStack, ARMv7-M ARM section B1.5.6: a basic frame, or where the FPU is in use and `fpu` says so
// an extended one. Returns whether there was memory for all of it.
int core_push(void *core, struct block_hook *hook, uint32_t align, uint32_t fpu, uint32_t fpdscr) {
    const uint32_t control = get(hook, core, REGISTER_CONTROL);
    const uint32_t xpsr = get(hook, core, REGISTER_XPSR), sp = get(hook, core, REGISTER_SP);
    const uint32_t thread = (xpsr & XPSR_EXCEPTION) == 0;
    const uint32_t floats = fpu && (control & CONTROL_FPCA);
    uint32_t frame = sp - 4 * (floats ? BASIC_WORDS + FLOAT_WORDS : BASIC_WORDS);
    const uint32_t padded = align && (frame & 4);
    frame &= align ? ~4u : ~0u;
    uint32_t words[BASIC_WORDS + FLOAT_WORDS] = {0};
    for (int i = 0; i < 4; ++i) {
        words[i] = get(hook, core, REGISTER_R0 + i);
    }
    words[4] = get(hook, core, REGISTER_R12);
    words[5] = get(hook, core, REGISTER_LR);
    words[6] = get(hook, core, REGISTER_PC);
    words[7] = (xpsr & ~XPSR_ALIGNED) | (padded ? XPSR_ALIGNED : 0);
    for (int i = 0; floats && i < 16; ++i) {
        words[8 + i] = get(hook, core, REGISTER_S0 + i);
    }
    if (floats) {
        words[24] = get(hook, core, REGISTER_FPSCR);
        put(hook, core, REGISTER_FPSCR, fpdscr);
    }
    int pushed = 1;
    for (uint32_t i = 0; i < BASIC_WORDS + (floats ? FLOAT_WORDS : 0); ++i) {
        pushed &= store(hook, frame + 4 * i, words[i]);
    }
    const uint32_t process = thread && (control & CONTROL_SPSEL);
    put(hook, core, REGISTER_SP, frame);
    if (!process && frame < hook->lowest_msp) {
        hook->lowest_msp = frame;
    }
    put(hook, core, REGISTER_CONTROL, control & CONTROL_NPRIV);
    hook->exc_return = (0xFFFFFFF1u | thread << 3 | (process ? 4u : 0)) & ~(floats ? 16u : 0);
    return pushed;
}

// ExceptionTaken: the handler begins.
void core_enter(void *core, struct block_hook *hook, uint32_t number, uint32_t vector,
                uint32_t exc_return) {
    const uint32_t kept = get(hook, core, REGISTER_XPSR) & ~(XPSR_EXCEPTION | XPSR_IT_ICI | XPSR_T);
    put(hook, core, REGISTER_XPSR, kept | (vector & 1) << 24 | number);
    put(hook, core, REGISTER_LR, exc_return);
    put(hook, core, REGISTER_PC, vector);
    note_state(core, hook);
}

// PopStack, section B1.5.8. Returns 0; 1 where the frame is not in memory, -1 where it is not one
// that this return may use.
int core_pop(void *core, struct block_hook *hook, uint32_t exc_return, uint32_t align,
             uint32_t *frame) {
    const uint32_t thread = exc_return & 8, process = exc_return & 4, floats = !(exc_return & 16);
    const uint32_t count = BASIC_WORDS + (floats ? FLOAT_WORDS : 0);
    uint32_t words[BASIC_WORDS + FLOAT_WORDS];
    *frame = get(hook, core, process ? REGISTER_MSP + 1 : REGISTER_MSP);
    for (uint32_t i = 0; i < count; ++i) {
        if (!load(hook, *frame + 4 * i, &words[i])) {
            return 1;
        }
    }
    if (((words[7] & XPSR_EXCEPTION) != 0) == (thread != 0)) {
        return -1;
    }
    const uint32_t control = get(hook, core, REGISTER_CONTROL) & CONTROL_NPRIV;
    put(hook, core, REGISTER_XPSR, words[7] & ~XPSR_ALIGNED);
    put(hook, core, REGISTER_CONTROL,
        control | (process ? CONTROL_SPSEL : 0) | (floats ? CONTROL_FPCA : 0));
    // Bit 9 says that the frame was aligned with four bytes above it.
    put(hook, core, REGISTER_SP, *frame + 4 * count + (align && (words[7] & XPSR_ALIGNED) ? 4 : 0));
    for (int i = 0; i < 4; ++i) {
        put(hook, core, REGISTER_R0 + i, words[i]);
    }
    put(hook, core, REGISTER_R12, words[4]);
    put(hook, core, REGISTER_LR, words[5]);
    put(hook, core, REGISTER_PC, (words[6] & ~1u) | (words[7] >> 24 & 1));
    for (int i = 0; floats && i < 16; ++i) {
        put(hook, core, REGISTER_S0 + i, words[8 + i]);
    }
    if (floats) {
        put(hook, core, REGISTER_FPSCR, words[24]);
    }
    note_state(core, hook);
    return 0;
}
