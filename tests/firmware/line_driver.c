// What the tests call of the demonstration's line reader: a whole stream in, its events out.
#include <string.h>

#include "command.h"
#include "line.h"

// Writes each line as its event's number and its text, ended by a zero; returns the length.
unsigned long lines_of(const unsigned char *bytes, unsigned long length, char *events);
unsigned long lines_of(const unsigned char *bytes, unsigned long length, char *events) {
    struct line line = {.length = 0};
    char *end = events;
    for (unsigned long i = 0; i < length; ++i) {
        const enum line_event event = line_take(&line, bytes[i]);
        if (event != LINE_NONE) {
            *end++ = (char)('0' + event);
            strcpy(end, event == LINE_COMPLETE ? line.text : "");
            end += strlen(end) + 1;
        }
    }
    return (unsigned long)(end - events);
}

void parse(const char *text, unsigned *kind, unsigned *has_count, unsigned *count);
void parse(const char *text, unsigned *kind, unsigned *has_count, unsigned *count) {
    const struct command command = command_parse(text);
    *kind = command.kind;
    *has_count = command.has_count;
    *count = command.count;
}
