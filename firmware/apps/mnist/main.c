// Recognises the built-in digit and shows where the time went; then serves commands on the console
// and requests for any model on the link, where somebody is at a port.
#include <stdbool.h>
#include <stdint.h>

#include "build_info.h"
#include "commands.h"
#include "console.h"
#include "demonstration.h"
#include "interface.h"
#include "model.h"
#include "report.h"
#include "server.h"

static const struct inference_model *const models[] = {INFERENCE_MODELS};
static const uint32_t model_count = sizeof models / sizeof models[0];

static const struct server_build build = {BUILD_BOARD, BUILD_ENGINE, BUILD_KERNEL, BUILD_QUANTIZE,
                                          BUILD_OPT};

static bool initialise(void) {
    for (uint32_t i = 0; i < model_count; ++i) {
        if (inference_initialise(models[i])) {
            return false;
        }
    }
    return true;
}

static enum exit_status demonstrate(void) {
    return demonstration_fits() ? demonstration_run() : STATUS_WRONG_MODEL;
}

static bool somebody_is_there(void) {
    return board_port_open(BOARD_CONSOLE) || board_port_open(BOARD_LINK);
}

BOARD_NORETURN static void serve(void) {
    console_text("ready: CMD=0 lists the commands\n");
    board_watchdog_start();
    for (;;) {
        board_watchdog_feed();
        const bool served = server_poll();
        if (!commands_poll() && !served) {
            board_sleep();
        }
    }
}

int main(void) {
    board_init();
    report_build();
    if (!initialise()) {
        board_exit(STATUS_NOT_INITIALISED);
    }
    server_start(&build, models, model_count);
    const enum exit_status status = demonstrate();
    if (somebody_is_there()) {
        serve();
    }
    board_exit(status);
}
