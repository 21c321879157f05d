#include "build_info.h"
#include "console.h"
#include "interface.h"
#include "report.h"

static void print_field(const char *name, const char *value) {
    console_padded(name, 8);
    console_text(value);
    console_text("\n");
}

static void print_clock(void) {
    if (board_clock_hz() == 0) {
        return;
    }
    console_padded("clock", 8);
    console_fixed((float)board_clock_hz() / 1e6f, 1, 0);
    console_text(" MHz\n");
}

static void print_reset(void) {
    if (board_reset_cause()[0]) {
        print_field("reset", board_reset_cause());
    }
}

void report_build(void) {
    console_text("\nscons-tinyml\n");
    print_field("board", BUILD_BOARD);
    print_field("model", BUILD_MODEL " (" BUILD_QUANTIZE ")");
    print_field("engine", BUILD_ENGINE);
    print_field("kernel", BUILD_KERNEL);
    print_field("opt", BUILD_OPT);
    print_clock();
    print_reset();
}
