#include "line.h"

#define CTRL_C    0x03u
#define BACKSPACE 0x08u
#define DELETE    0x7Fu

static enum line_event end(struct line *line) {
    const enum line_event event = line->length > LINE_MAX ? LINE_TOO_LONG : LINE_COMPLETE;
    line->text[event == LINE_COMPLETE ? line->length : 0] = '\0';
    line->ended = true;
    return event;
}

static void append(struct line *line, uint8_t byte) {
    if (line->length < LINE_MAX) {
        line->text[line->length] = byte < ' ' || byte >= DELETE ? '?' : (char)byte;
    }
    line->length += line->length < UINT32_MAX;
}

enum line_event line_take(struct line *line, uint8_t byte) {
    const bool after_cr = line->after_cr;
    line->after_cr = byte == '\r';
    if (byte == '\n' && after_cr) {
        return LINE_NONE;
    }
    if (line->ended) {
        line->ended = false;
        line->length = 0;
    }
    switch (byte) {
    case '\r':
    case '\n':
        return end(line);
    case CTRL_C:
        line->length = 0;
        return LINE_BREAK;
    case BACKSPACE:
    case DELETE:
        line->length -= line->length > 0;
        return LINE_NONE;
    default:
        append(line, byte);
        return LINE_NONE;
    }
}
