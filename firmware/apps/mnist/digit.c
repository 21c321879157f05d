#include "digit.h"

// What is drawn on, within the paper.
#define TOP    3u
#define LEFT   7u
#define HEIGHT 22u
#define WIDTH  15u

// From paper to ink.
static const char shades[] = " .:-=+*#%@";

// clang-format off: one row a line.
static const char rows[HEIGHT][WIDTH + 1] = {
    "      .        ",
    "    :*%#+-.    ",
    "  :*@@@@@@%+   ",
    " +@@@@@@@@@@:  ",
    ".%@@@*:-+#@@*  ",
    " +%*:    :@@@: ",
    "  .       *@@+ ",
    "         =@@%: ",
    "      .-+%@@=  ",
    "    .+%@@@@*   ",
    "    =@@@@@#=   ",
    "    -@@@@@@@-  ",
    "     :=+#%@@%: ",
    "         .#@@#.",
    "          :%@@-",
    "          :@@%.",
    "          =@@* ",
    ":##+-.  .=*@@= ",
    "+@@@@%+*%@@@@. ",
    ":#@@@@@@@@@@+  ",
    "  -+#@@@@#=:   ",
    "     :++:      ",
};
// clang-format on

char digit_ink(uint32_t y, uint32_t x) {
    // What is above or to the left wraps around, beyond the drawing.
    return y - TOP < HEIGHT && x - LEFT < WIDTH ? rows[y - TOP][x - LEFT] : shades[0];
}

uint8_t digit_grey(uint32_t y, uint32_t x) {
    const uint32_t darkest = sizeof shades - 2;
    const char ink = digit_ink(y, x);
    uint32_t shade = 0;
    while (shade < darkest && shades[shade] != ink) {
        ++shade;
    }
    return (uint8_t)(shade * 255u / darkest);
}
