#include "console.h"

#include <stdbool.h>
#include <string.h>

#include "interface.h"

// Room for a sign, 13 digits before the point (2^40), the point and 6 decimals.
#define NUMBER_SIZE 24

// A number under construction, from its last character to its first.
struct number {
    char text[NUMBER_SIZE];
    uint32_t first;
};

static void prepend(struct number *number, char character) {
    number->text[--number->first] = character;
}

// Divides by 10 and returns the rest: 16 bits at a time, as the core divides 32 bits itself and the
// library's division of 64 is longer than all of this file.
static uint32_t divide_by_10(uint64_t *value) {
    uint64_t quotient = 0;
    uint32_t rest = 0;
    for (uint32_t shift = 64; shift > 0; shift -= 16) {
        const uint32_t part = rest << 16 | (uint32_t)(*value >> (shift - 16) & 0xFFFFu);
        quotient = quotient << 16 | part / 10;
        rest = part % 10;
    }
    *value = quotient;
    return rest;
}

// Prepends at least `least` digits, and takes them off `value`, up to `most`.
static void prepend_digits(struct number *number, uint64_t *value, uint32_t least, uint32_t most) {
    for (uint32_t i = 0; i < most && (*value > 0 || i < least); ++i) {
        prepend(number, (char)('0' + divide_by_10(value)));
    }
}

static void pad(size_t length, uint32_t width) {
    for (; length < width; ++length) {
        board_write(" ", 1);
    }
}

static void print_right(const char *text, size_t length, uint32_t width) {
    pad(length, width);
    board_write(text, length);
}

static void print_number(const struct number *number, uint32_t width) {
    print_right(&number->text[number->first], NUMBER_SIZE - number->first, width);
}

static void print_integer(uint64_t magnitude, bool negative, uint32_t width) {
    struct number number = {.first = NUMBER_SIZE};
    prepend_digits(&number, &magnitude, 1, UINT32_MAX);
    if (negative) {
        prepend(&number, '-');
    }
    print_number(&number, width);
}

void console_text(const char *text) {
    board_write(text, strlen(text));
}

void console_padded(const char *text, uint32_t width) {
    console_text(text);
    pad(strlen(text), width);
}

void console_u32(uint32_t value, uint32_t width) {
    print_integer(value, false, width);
}

void console_i32(int32_t value, uint32_t width) {
    print_integer(value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, width);
}

void console_hex32(uint32_t value) {
    char text[10] = "0x";
    for (uint32_t i = 0; i < 8; ++i) {
        text[2 + i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 0xFu];
    }
    board_write(text, sizeof text);
}

// Returns round(significand * 2^exponent * factor), halves to even. The caller keeps the product
// below 2^64.
static uint64_t scale(uint32_t significand, int32_t exponent, uint32_t factor) {
    const uint64_t product = (uint64_t)significand * factor; // < 2^24 * 10^6 < 2^44
    if (exponent >= 0) {
        return product << exponent;
    }
    const uint32_t shift = (uint32_t)-exponent;
    if (shift > 45) { // below a half, whatever the product
        return 0;
    }
    const uint64_t quotient = product >> shift;
    const uint64_t rest = product & ((1ull << shift) - 1u);
    const uint64_t half = 1ull << (shift - 1u);
    return quotient + (rest > half || (rest == half && (quotient & 1u)));
}

static void print_special(uint32_t bits, uint32_t width) {
    const bool negative = bits >> 31;
    const bool infinite = (bits & 0x7FFFFFFFu) == 0x7F800000u;
    const bool nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
    const char *text = nan ? "nan" : infinite ? "-inf" : "-huge";
    text += !nan && !negative; // skips the sign
    print_right(text, strlen(text), width);
}

void console_fixed(float value, uint32_t decimals, uint32_t width) {
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t biased = (bits >> 23) & 0xFFu; // IEEE 754 binary32
    if (biased >= 127u + 40u) {
        print_special(bits, width);
        return;
    }
    const uint32_t fraction = bits & 0x7FFFFFu;
    const uint32_t significand = biased ? fraction | 0x800000u : fraction;
    const int32_t exponent = (int32_t)(biased ? biased : 1u) - 127 - 23;
    const uint32_t places = decimals > 6 ? 6 : decimals;
    uint64_t scaled = scale(significand, exponent, powers[places]);
    struct number number = {.first = NUMBER_SIZE};
    if (places) {
        prepend_digits(&number, &scaled, places, places);
        prepend(&number, '.');
    }
    prepend_digits(&number, &scaled, 1, UINT32_MAX);
    if (bits >> 31) {
        prepend(&number, '-');
    }
    print_number(&number, width);
}
