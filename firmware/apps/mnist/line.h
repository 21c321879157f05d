// Lines of text from a terminal, byte by byte.
#ifndef TINYML_APPS_MNIST_LINE_H
#define TINYML_APPS_MNIST_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_MAX 40u

enum line_event {
    LINE_NONE,     // the line goes on
    LINE_COMPLETE, // `text` is a line, until the next byte is taken
    LINE_TOO_LONG, // a line ended that had more than LINE_MAX characters
    LINE_BREAK,    // Ctrl-C: what was typed is forgotten
};

struct line {
    char text[LINE_MAX + 1];
    uint32_t length; // of what was typed, of which `text` holds the first LINE_MAX
    bool ended;      // `text` is that of the line before
    bool after_cr;   // a line feed now belongs to the carriage return before it
};

// Takes a byte. A line ends with a carriage return, a line feed or both; backspace and delete take
// back the last character; what cannot be printed is a question mark in `text`.
enum line_event line_take(struct line *line, uint8_t byte);

#endif
