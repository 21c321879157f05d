// What the server knows of its models from one request to the next.
#ifndef TINYML_SERVER_SESSION_H
#define TINYML_SERVER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "server.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SESSION_NO_MODEL UINT32_MAX

// A copy of the last inference's inputs is kept where they take no more.
#define SESSION_KEPT_BYTES 4096u

// Requests and inferences since the start, or since they were cleared.
struct session_counters {
    uint32_t errors;
    uint32_t inferences;
    uint32_t cost_min, cost_max;
    uint64_t cost_sum;
};

// Any inference may use all arenas, which models can share: it ends what others have waiting there.
struct session {
    const struct server_build *build;
    const struct inference_model *const *models;
    uint32_t model_count;
    uint32_t measured;   // the model of the last inference that counts
    uint32_t outputs;    // the model whose outputs are in the arena
    uint32_t written;    // the model with parts of inputs that wait for an inference
    uint32_t overridden; // the last model whose parts were lost to something else
    uint32_t kept;       // the model whose inputs are in the copy
    struct session_counters counters;
};

extern struct session session;

void session_start(const struct server_build *build, const struct inference_model *const *models,
                   uint32_t model_count);

// Takes note that inputs of `model` are being written.
void session_write(uint32_t model);

// Runs `model` on what is in its inputs; see server_invoke.
int session_invoke(uint32_t model, uint32_t *cost);

// Runs `model` again on the inputs that wait, or those of its last inference; what it costs is not
// counted. False where the inputs are gone: nothing was run.
bool session_repeat(uint32_t model, int *failure);

// An input as it waits, or as the last inference was given it; NULL where it is gone.
const void *session_input(uint32_t model, uint32_t input);

#ifdef __cplusplus
}
#endif

#endif
