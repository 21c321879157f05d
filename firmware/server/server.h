// The device's side of the serial protocol: answers requests about models on the link port.
//
// docs/serial-protocol.md says what it answers, firmware/schema/link.fbs what is in the messages.
#ifndef TINYML_SERVER_H
#define TINYML_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "inference.h"

#ifdef __cplusplus
extern "C" {
#endif

// What the firmware says of itself: BUILD_BOARD and the others of build_info.h.
struct server_build {
    const char *board;
    const char *engine;
    const char *kernel;
    const char *quantize;
    const char *opt;
};

// Makes the server ready. The models are initialised; requests name them by their index. All that
// is given must stay.
void server_start(const struct server_build *build, const struct inference_model *const *models,
                  uint32_t model_count);

// Answers what has come in, but no more than one request; returns whether there was anything.
bool server_poll(void);

// Runs a model with the inputs that the application has written, and the watchdog fed. Returns what
// `invoke` returns, and in `cost` what it took. An application that serves runs models in this way
// only, so that the server knows what is in their arenas.
int server_invoke(uint32_t model, uint32_t *cost);

#ifdef __cplusplus
}
#endif

#endif
