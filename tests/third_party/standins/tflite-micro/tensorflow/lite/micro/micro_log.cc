// STAND-IN for tflite-micro, see README.md.
#include "tensorflow/lite/micro/micro_log.h"

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/debug_log.h"

namespace {

void Log(const char *format, ...) {
    va_list args;
    va_start(args, format);
    DebugLog(format, args);
    va_end(args);
}

} // namespace

void MicroPrintf(const char *format, ...) {
    va_list args;
    va_start(args, format);
    DebugLog(format, args);
    va_end(args);
    Log("\r\n");
}
