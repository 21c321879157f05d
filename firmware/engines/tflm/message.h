// The part of vsnprintf that tflite-micro's messages use.
#ifndef TINYML_ENGINES_TFLM_MESSAGE_H
#define TINYML_ENGINES_TFLM_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Writes at most `size` bytes with the closing 0 (none if `size` is 0); returns the length of the
// whole text. Knows %d %i %u %x %c %s %p %f %% with l, ll, z, t, h; flags, widths and precisions
// are read and left out of account, except a string's precision. Any other conversion ends the
// text with "%?": the types of the arguments behind it are unknown.
size_t message_format(char *text, size_t size, const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif

#endif
