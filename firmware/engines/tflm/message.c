#include "message.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DECIMALS 6u

// The text under construction; `length` also counts what no longer fits.
struct text {
    char *start;
    size_t size;
    size_t length;
};

// One conversion of the format, e.g. "%-5.3ld".
struct conversion {
    char kind;
    uint32_t longs;    // 0: int, 1: long or size_t, 2: long long
    int32_t precision; // -1: none
};

static void put(struct text *text, char character) {
    if (text->length + 1 < text->size) {
        text->start[text->length] = character;
    }
    ++text->length;
}

static void put_string(struct text *text, const char *string, int32_t precision) {
    string = string ? string : "(null)";
    for (int32_t i = 0; string[i] && i != precision; ++i) {
        put(text, string[i]);
    }
}

static void put_number(struct text *text, uint64_t value, uint32_t base, uint32_t least_digits) {
    char digits[24];
    uint32_t count = 0;
    for (; value > 0 || count < least_digits; value /= base) {
        digits[count++] = "0123456789abcdef"[value % base];
    }
    while (count > 0) {
        put(text, digits[--count]);
    }
}

static void put_signed(struct text *text, int64_t value) {
    if (value < 0) {
        put(text, '-');
    }
    put_number(text, value < 0 ? 0u - (uint64_t)value : (uint64_t)value, 10, 1);
}

static void put_real(struct text *text, double value) {
    if (value != value) {
        put_string(text, "nan", -1);
        return;
    }
    if (value < 0) {
        put(text, '-');
        value = -value;
    }
    if (value >= 1e12) {
        put_string(text, "huge", -1);
        return;
    }
    const uint64_t scaled = (uint64_t)(value * 1e6 + 0.5);
    put_number(text, scaled / 1000000u, 10, 1);
    put(text, '.');
    put_number(text, scaled % 1000000u, 10, DECIMALS);
}

static int32_t read_number(const char **format) {
    int32_t number = 0;
    for (; **format >= '0' && **format <= '9'; ++*format) {
        number = number < 10000 ? 10 * number + (**format - '0') : number;
    }
    return number;
}

static struct conversion read_conversion(const char **format) {
    struct conversion found = {.precision = -1};
    *format += strspn(*format, "-+ #0");
    (void)read_number(format); // the width
    if (**format == '.') {
        ++*format;
        found.precision = read_number(format);
    }
    for (; **format && strchr("hlzt", **format); ++*format) {
        found.longs += **format != 'h';
    }
    found.kind = **format;
    *format += found.kind != '\0';
    return found;
}

static int64_t next_signed(uint32_t longs, va_list *arguments) {
    return longs == 0   ? va_arg(*arguments, int)
           : longs == 1 ? va_arg(*arguments, long)
                        : va_arg(*arguments, long long);
}

static uint64_t next_unsigned(uint32_t longs, va_list *arguments) {
    return longs == 0   ? va_arg(*arguments, unsigned)
           : longs == 1 ? va_arg(*arguments, unsigned long)
                        : va_arg(*arguments, unsigned long long);
}

// Returns false for a conversion that is not known: what follows cannot be read.
static bool put_argument(struct text *text, struct conversion found, va_list *arguments) {
    switch (found.kind) {
    case 'd':
    case 'i':
        put_signed(text, next_signed(found.longs, arguments));
        return true;
    case 'u':
        put_number(text, next_unsigned(found.longs, arguments), 10, 1);
        return true;
    case 'x':
    case 'X':
        put_number(text, next_unsigned(found.longs, arguments), 16, 1);
        return true;
    case 'p':
        put_string(text, "0x", -1);
        put_number(text, (uintptr_t)va_arg(*arguments, void *), 16, 1);
        return true;
    case 'c':
        put(text, (char)va_arg(*arguments, int));
        return true;
    case 's':
        put_string(text, va_arg(*arguments, const char *), found.precision);
        return true;
    case 'f':
    case 'g':
    case 'e':
        put_real(text, va_arg(*arguments, double));
        return true;
    case '%':
        put(text, '%');
        return true;
    default:
        put_string(text, "%?", -1);
        return false;
    }
}

size_t message_format(char *start, size_t size, const char *format, va_list arguments) {
    struct text text = {start, size, 0};
    va_list rest;
    va_copy(rest, arguments);
    bool readable = true;
    while (readable && *format) {
        const char character = *format++;
        if (character == '%') {
            readable = put_argument(&text, read_conversion(&format), &rest);
        } else {
            put(&text, character);
        }
    }
    va_end(rest);
    if (size > 0) {
        start[text.length < size ? text.length : size - 1] = '\0';
    }
    return text.length;
}
