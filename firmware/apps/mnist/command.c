#include "command.h"

#include <stddef.h>

static const char *skip_spaces(const char *text) {
    while (*text == ' ') {
        ++text;
    }
    return text;
}

// Returns what follows "cmd=" in `text`; NULL where it begins with something else.
static const char *after_prefix(const char *text) {
    for (const char *prefix = "cmd="; *prefix != '\0'; ++prefix, ++text) {
        const bool capital = *text >= 'A' && *text <= 'Z';
        if ((capital ? *text + ('a' - 'A') : *text) != *prefix) {
            return NULL;
        }
    }
    return text;
}

// Reads digits; returns what follows them, NULL where there is none.
static const char *after_number(const char *text, uint32_t *number) {
    const char *const start = text;
    *number = 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
        const uint32_t digit = (uint32_t)(*text - '0');
        const bool fits = *number <= (UINT32_MAX - digit) / 10u;
        *number = fits ? *number * 10u + digit : UINT32_MAX;
    }
    return text > start ? text : NULL;
}

struct command command_parse(const char *text) {
    struct command command = {.kind = COMMAND_UNKNOWN};
    uint32_t kind;
    text = skip_spaces(text);
    if (*text == '\0') {
        command.kind = COMMAND_EMPTY;
        return command;
    }
    text = after_prefix(text);
    text = text ? after_number(text, &kind) : NULL;
    if (text && *text == ',') {
        command.has_count = true;
        text = after_number(text + 1, &command.count);
    }
    if (text && *skip_spaces(text) == '\0' && kind < COMMAND_KINDS) {
        command.kind = (enum command_kind)kind;
    }
    return command;
}
