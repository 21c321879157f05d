#include "digit.h"

// From paper to ink.
static const char shades[] = " .:-=+*#%@";

// clang-format off: one row a line.
static const char *const rows[DIGIT_SIDE] = {
    "                            ",
    "                            ",
    "                            ",
    "             .              ",
    "           :*%#+-.          ",
    "         :*@@@@@@%+         ",
    "        +@@@@@@@@@@:        ",
    "       .%@@@*:-+#@@*        ",
    "        +%*:    :@@@:       ",
    "         .       *@@+       ",
    "                =@@%:       ",
    "             .-+%@@=        ",
    "           .+%@@@@*         ",
    "           =@@@@@#=         ",
    "           -@@@@@@@-        ",
    "            :=+#%@@%:       ",
    "                .#@@#.      ",
    "                 :%@@-      ",
    "                 :@@%.      ",
    "                 =@@*       ",
    "       :##+-.  .=*@@=       ",
    "       +@@@@%+*%@@@@.       ",
    "       :#@@@@@@@@@@+        ",
    "         -+#@@@@#=:         ",
    "            :++:            ",
    "                            ",
    "                            ",
    "                            ",
};
// clang-format on

const char *digit_row(uint32_t y) {
    return rows[y];
}

uint8_t digit_grey(uint32_t y, uint32_t x) {
    const uint32_t darkest = sizeof shades - 2;
    uint32_t shade = 0;
    while (shade < darkest && shades[shade] != rows[y][x]) {
        ++shade;
    }
    return (uint8_t)(shade * 255u / darkest);
}
