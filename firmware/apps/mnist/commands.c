#include "commands.h"

#include "command.h"
#include "console.h"
#include "demonstration.h"
#include "interface.h"
#include "line.h"
#include "model.h"
#include "repeat.h"
#include "report.h"

static const struct inference_model *const models[] = {INFERENCE_MODELS};
static const uint32_t model_count = sizeof models / sizeof models[0];

static const char commands[] = "CMD=0 (help) to CMD=4, or CMD=5,n";

static struct line line;
static enum line_event waiting; // a line that has ended while a command was being carried out

static bool print_help(void) {
    console_text("CMD=0    this list\n"
                 "CMD=1    models: tensors, operators, bytes\n"
                 "CMD=2    recognise the built-in digit\n"
                 "CMD=3    build\n"
                 "CMD=4    high-water marks of arena and stack\n"
                 "CMD=5,n  recognise it n times; Ctrl-C ends it\n");
    return true;
}

static bool print_models(void) {
    for (uint32_t i = 0; i < model_count; ++i) {
        report_model(models[i]);
    }
    return true;
}

static bool print_memory(void) {
    for (uint32_t i = 0; i < model_count; ++i) {
        report_memory(models[i], i);
    }
    return true;
}

// Reads on, up to the end of a line; returns whether Ctrl-C was among it.
static bool interrupted(void) {
    uint8_t byte;
    while (waiting == LINE_NONE && board_port_read(BOARD_CONSOLE, &byte)) {
        waiting = line_take(&line, byte);
        if (waiting == LINE_BREAK) {
            waiting = LINE_NONE;
            return true;
        }
    }
    return false;
}

static bool refuse(const char *what, const char *expected) {
    console_text("error: ");
    console_text(what);
    console_text("\nexpected: ");
    console_text(expected);
    console_text("\n");
    return false;
}

// Whether the command was carried out. What was not has said why.
static bool carry_out(const struct command *command, const char *text) {
    if (command->has_count != (command->kind == COMMAND_REPEAT)) {
        return refuse(text, commands);
    }
    switch (command->kind) {
    case COMMAND_HELP:
        return print_help();
    case COMMAND_MODEL:
        return print_models();
    case COMMAND_DIGIT:
        return demonstration_fits() && demonstration_run() == STATUS_OK;
    case COMMAND_BUILD:
        report_build();
        return true;
    case COMMAND_MEMORY:
        return print_memory();
    case COMMAND_REPEAT:
        return demonstration_fits() && repeat_run(command->count, interrupted);
    default:
        return refuse(text, commands);
    }
}

static void answer(void) {
    const struct command command = command_parse(line.text);
    if (command.kind != COMMAND_EMPTY && carry_out(&command, line.text)) {
        console_text("ok\n");
    }
}

static void report_lost(void) {
    static uint32_t known;
    const uint32_t lost = board_port_lost(BOARD_CONSOLE);
    if (lost != known) {
        console_text("error: lost ");
        console_u32(lost - known, 0);
        console_text(" bytes of what was sent\n");
        known = lost;
    }
}

bool commands_poll(void) {
    report_lost();
    (void)interrupted();
    const enum line_event event = waiting;
    waiting = LINE_NONE;
    if (event == LINE_COMPLETE) {
        answer();
    } else if (event == LINE_TOO_LONG) {
        refuse("the line is too long", commands);
    }
    return event != LINE_NONE;
}
