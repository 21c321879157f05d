// A server that nobody asks, for applications alone.
#include "interface.h"
#include "model.h"
#include "server.h"
void server_start(const struct server_build *build, const struct inference_model *const *models,
                  uint32_t model_count) {
    (void)build;
    (void)models;
    (void)model_count;
}
bool server_poll(void) {
    return false;
}
int server_invoke(uint32_t model, uint32_t *cost) {
    (void)model;
    const uint32_t start = board_counter();
    const int failure = INFERENCE_MODEL.invoke();
    *cost = board_counter() - start;
    return failure;
}
