#include "session.h"

#include <string.h>

#include "interface.h"

struct session session;

static uint8_t kept_inputs[SESSION_KEPT_BYTES];

void session_start(const struct server_build *build, const struct inference_model *const *models,
                   uint32_t model_count) {
    session = (struct session){
        .build = build,
        .models = models,
        .model_count = model_count,
        .measured = SESSION_NO_MODEL,
        .outputs = SESSION_NO_MODEL,
        .written = SESSION_NO_MODEL,
        .overridden = SESSION_NO_MODEL,
        .kept = SESSION_NO_MODEL,
    };
}

// What waits for an inference of another model than `model` is lost.
static void override(uint32_t model) {
    if (session.written != SESSION_NO_MODEL && session.written != model) {
        session.overridden = session.written;
    }
}

void session_write(uint32_t model) {
    override(model);
    session.written = model;
    session.outputs = SESSION_NO_MODEL; // they may share memory with inputs
}

static uint32_t input_bytes(const struct inference_model *model) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        bytes += model->inputs[i].bytes;
    }
    return bytes;
}

static void keep_inputs(uint32_t index) {
    const struct inference_model *const model = session.models[index];
    session.kept = SESSION_NO_MODEL;
    if (input_bytes(model) > sizeof kept_inputs) {
        return;
    }
    uint8_t *to = kept_inputs;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        memcpy(to, model->inputs[i].data, model->inputs[i].bytes);
        to += model->inputs[i].bytes;
    }
    session.kept = index;
}

static void restore_inputs(uint32_t index) {
    const struct inference_model *const model = session.models[index];
    const uint8_t *from = kept_inputs;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        memcpy(model->inputs[i].data, from, model->inputs[i].bytes);
        from += model->inputs[i].bytes;
    }
}

static void count(uint32_t cost) {
    struct session_counters *const counters = &session.counters;
    const bool first = counters->inferences++ == 0;
    counters->cost_min = first || cost < counters->cost_min ? cost : counters->cost_min;
    counters->cost_max = first || cost > counters->cost_max ? cost : counters->cost_max;
    counters->cost_sum += cost;
}

static int run(uint32_t index, uint32_t *cost) {
    const struct inference_model *const model = session.models[index];
    override(index);
    keep_inputs(index);
    board_watchdog_feed();
    const uint32_t start = board_counter();
    const int failure = model->invoke();
    *cost = board_counter() - start;
    board_watchdog_feed();
    session.written = SESSION_NO_MODEL;
    session.outputs = failure ? SESSION_NO_MODEL : index;
    return failure;
}

int session_invoke(uint32_t model, uint32_t *cost) {
    const int failure = run(model, cost);
    session.measured = session.outputs;
    if (!failure) {
        count(*cost);
    }
    return failure;
}

bool session_repeat(uint32_t model, int *failure) {
    // A model with variables would be a step further.
    const bool again = session.kept == model && session.models[model]->state_bytes == 0;
    if (session.written != model && !again) {
        return false;
    }
    if (session.written != model) {
        restore_inputs(model);
    }
    uint32_t cost;
    *failure = run(model, &cost);
    return true;
}

const void *session_input(uint32_t model, uint32_t input) {
    const struct inference_tensor *const inputs = session.models[model]->inputs;
    if (session.written == model) {
        return inputs[input].data;
    }
    if (session.kept != model) {
        return NULL;
    }
    const uint8_t *kept = kept_inputs;
    for (uint32_t i = 0; i < input; ++i) {
        kept += inputs[i].bytes;
    }
    return kept;
}
