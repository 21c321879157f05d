// STAND-IN for tflite-micro, see README.md: the two hooks that a target supplies.
#ifndef STANDIN_TENSORFLOW_LITE_MICRO_DEBUG_LOG_H
#define STANDIN_TENSORFLOW_LITE_MICRO_DEBUG_LOG_H

#include <cstdarg>
#include <cstddef>

extern "C" {
void DebugLog(const char *format, va_list args);
int DebugLogVsnprintf(char *buffer, size_t buf_size, const char *format, va_list vlist);
}

#endif
