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
    auto &b = builder();
    const auto *const echo = request.echo();
    const std::size_t length = echo ? echo->size() : 0;
    constexpr std::size_t kStrings = 320; // the build's, which are short
    if (length + kStrings > Room()) {
        return Refuse(ErrorCode_TooLarge, "the echo does not fit in a frame");
    }
    const struct status status = status_read();
    const auto echoed = echo ? b.CreateVector(echo->data(), length) : 0;
    const auto board = b.CreateString(session.build->board);
    const auto engine = b.CreateString(session.build->engine);
    const auto kernel = b.CreateString(session.build->kernel);
    const auto quantize = b.CreateString(session.build->quantize);
    const auto opt = b.CreateString(session.build->opt);
    PongBuilder pong(b);
    pong.add_echo(echoed);
    pong.add_max_message(MESSAGE_MAX);
    pong.add_board(board);
    pong.add_engine(engine);
    pong.add_kernel(kernel);
    pong.add_quantize(quantize);
    pong.add_opt(opt);
    pong.add_clock_hz(status.clock_hz);
    pong.add_profile(PROFILE);
    pong.add_unit(CostUnit(status.counter_unit));
    return Finish(Response_Pong, pong.Finish().Union());
}

struct answer Answer(const GetStatistics &request) {
    const struct status status = status_read();
    const struct session_counters &counters = session.counters;
    StatisticsBuilder statistics(builder());
    statistics.add_cost_sum(counters.cost_sum);
    statistics.add_uptime_ms(status.uptime_ms);
    if (counters.inferences > 0) {
        statistics.add_cost_min(counters.cost_min);
        statistics.add_cost_max(counters.cost_max);
    }
    statistics.add_frames(status.events[FRAME_COMPLETE]);
    statistics.add_truncated(status.events[FRAME_TRUNCATED]);
    statistics.add_too_short(status.events[FRAME_TOO_SHORT]);
    statistics.add_too_long(status.events[FRAME_TOO_LONG]);
    statistics.add_corrupted(status.events[FRAME_CORRUPTED]);
    statistics.add_other_version(status.events[FRAME_OTHER_VERSION]);
    statistics.add_lost_bytes(status.lost);
    statistics.add_errors(counters.errors);
    statistics.add_inferences(counters.inferences);
    statistics.add_stack_used(status.stack_used);
    statistics.add_stack_bytes(status.stack_bytes);
    const auto table = statistics.Finish();
    if (request.clear()) {
        status_clear();
        session.counters = {};
    }
    return Finish(Response_Statistics, table.Union());
}

} // namespace server
