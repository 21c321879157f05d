// STAND-IN for tflite-micro, see README.md: its own hooks, which the engine's must keep out of a
// firmware, as they need stdio.
#include "tensorflow/lite/micro/debug_log.h"

#include <cstdio>

extern "C" void DebugLog(const char *format, va_list args) {
    vfprintf(stderr, format, args);
}

extern "C" int DebugLogVsnprintf(char *buffer, size_t size, const char *format, va_list args) {
    return vsnprintf(buffer, size, format, args);
}
