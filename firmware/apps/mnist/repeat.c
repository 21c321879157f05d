#include "repeat.h"

#include "console.h"
#include "demonstration.h"
#include "interface.h"
#include "server.h"

_Static_assert(REPEAT_MAX < 65536, "mean() divides 16 bits at a time");

struct costs {
    uint32_t runs, least, largest;
    uint64_t sum;
};

static void add(struct costs *costs, uint32_t cost) {
    const bool first = costs->runs++ == 0;
    costs->least = first || cost < costs->least ? cost : costs->least;
    costs->largest = first || cost > costs->largest ? cost : costs->largest;
    costs->sum += cost;
}

// Without the library's division of 64 bits, which is long. No rest reaches 16 bits.
static uint32_t mean(const struct costs *costs) {
    uint32_t quotient = 0;
    uint32_t rest = 0;
    for (uint32_t shift = 64; shift > 0; shift -= 16) {
        const uint32_t part = rest << 16 | (uint32_t)(costs->sum >> (shift - 16) & 0xFFFFu);
        quotient = quotient << 16 | part / costs->runs;
        rest = part % costs->runs;
    }
    return quotient;
}

static void print_cost(const char *name, uint32_t cost) {
    console_padded(name, 8);
    console_u32(cost, 12);
    console_text(" ");
    console_text(board_counter_unit);
    console_text("\n");
}

static void print_costs(const struct costs *costs) {
    console_padded("runs", 8);
    console_u32(costs->runs, 12);
    console_text("\n");
    print_cost("min", costs->least);
    print_cost("mean", mean(costs));
    print_cost("max", costs->largest);
}

static bool run(uint32_t count, bool (*interrupted)(void), struct costs *costs) {
    uint32_t cost;
    do {
        if (demonstration_invoke(&cost) != STATUS_OK) {
            return false;
        }
        add(costs, cost);
        server_poll();
    } while (costs->runs < count && !interrupted());
    return true;
}

bool repeat_run(uint32_t count, bool (*interrupted)(void)) {
    struct costs costs = {0};
    if (count < 1 || count > REPEAT_MAX) {
        console_text("error: n of CMD=5,n is out of range\nexpected: 1 to ");
        console_u32(REPEAT_MAX, 0);
        console_text("\n");
        return false;
    }
    if (!run(count, interrupted, &costs)) {
        return false;
    }
    print_costs(&costs);
    return true;
}
