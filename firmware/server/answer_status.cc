// Who answers, and how it has fared.
#include "answers.h"
#include "session.h"
#include "status.h"

using namespace tinyml::link;

namespace server {

namespace {

// A unit as the schema calls it, from its name.
Unit CostUnit(const char *name) {
    switch (name[0]) {
    case 'c':
        return Unit_Cycles;
    case 'i':
        return Unit_Instructions;
    case 'n':
        return Unit_Nanoseconds;
    default:
        return Unit_Nothing;
    }
}

} // namespace

struct answer Answer(const Ping &request) {
    struct Members {
        server_build build;
        uoffset_t echo;
        uint32_t max_message, clock_hz;
        uint8_t profile, unit;
    };
    static constexpr Field fields[] = {
        {Pong::VT_ECHO, kMade, offsetof(Members, echo)},
        {Pong::VT_MAX_MESSAGE, kWord, offsetof(Members, max_message)},
        {Pong::VT_BOARD, kText, offsetof(Members, build.board)},
        {Pong::VT_ENGINE, kText, offsetof(Members, build.engine)},
        {Pong::VT_KERNEL, kText, offsetof(Members, build.kernel)},
        {Pong::VT_QUANTIZE, kText, offsetof(Members, build.quantize)},
        {Pong::VT_OPT, kText, offsetof(Members, build.opt)},
        {Pong::VT_CLOCK_HZ, kWord, offsetof(Members, clock_hz)},
        {Pong::VT_PROFILE, kByte, offsetof(Members, profile)},
        {Pong::VT_UNIT, kByte, offsetof(Members, unit)},
    };
    const auto *const echo = request.echo();
    const struct status status = status_read();
    const Members members = {*session.build, echo ? Bytes(echo->data(), echo->size()) : 0,
                             MESSAGE_MAX,    status.clock_hz,
                             PROFILE,        CostUnit(status.counter_unit)};
    return Finish(Response_Pong, Table(fields, &members));
}

struct answer Answer(const GetStatistics &request) {
    struct Members {
        struct status status;
        struct session_counters counters;
        Optional cost_min, cost_max;
    };
    static constexpr Field fields[] = {
        {Statistics::VT_FRAMES, kWord, offsetof(Members, status.events[FRAME_COMPLETE])},
        {Statistics::VT_TRUNCATED, kWord, offsetof(Members, status.events[FRAME_TRUNCATED])},
        {Statistics::VT_TOO_SHORT, kWord, offsetof(Members, status.events[FRAME_TOO_SHORT])},
        {Statistics::VT_TOO_LONG, kWord, offsetof(Members, status.events[FRAME_TOO_LONG])},
        {Statistics::VT_CORRUPTED, kWord, offsetof(Members, status.events[FRAME_CORRUPTED])},
        {Statistics::VT_OTHER_VERSION, kWord,
         offsetof(Members, status.events[FRAME_OTHER_VERSION])},
        {Statistics::VT_LOST_BYTES, kWord, offsetof(Members, status.lost)},
        {Statistics::VT_ERRORS, kWord, offsetof(Members, counters.errors)},
        {Statistics::VT_INFERENCES, kWord, offsetof(Members, counters.inferences)},
        {Statistics::VT_COST_MIN, kOptionalLong, offsetof(Members, cost_min)},
        {Statistics::VT_COST_MAX, kOptionalLong, offsetof(Members, cost_max)},
        {Statistics::VT_COST_SUM, kLong, offsetof(Members, counters.cost_sum)},
        {Statistics::VT_STACK_USED, kWord, offsetof(Members, status.stack_used)},
        {Statistics::VT_STACK_BYTES, kWord, offsetof(Members, status.stack_bytes)},
        {Statistics::VT_UPTIME_MS, kLong, offsetof(Members, status.uptime_ms)},
    };
    const struct session_counters &counters = session.counters;
    const bool any = counters.inferences > 0;
    const Members members = {
        status_read(), counters, {any, counters.cost_min}, {any, counters.cost_max}};
    const uoffset_t table = Table(fields, &members);
    if (request.clear()) {
        status_clear();
        session.counters = {};
    }
    return Finish(Response_Statistics, table);
}

} // namespace server
