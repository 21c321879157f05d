// What tflite-micro has to say goes to the console: its two logging hooks, without stdio.
#include <cstdarg>
#include <cstddef>
#include <cstring>

#include "interface.h"
#include "message.h"
#include "tensorflow/lite/micro/debug_log.h"

namespace {

constexpr size_t kLongestMessage = 256;

} // namespace

extern "C" void DebugLog(const char *format, va_list args) {
    char text[kLongestMessage];
    message_format(text, sizeof text, format, args);
    board_write(text, strlen(text));
}

extern "C" int DebugLogVsnprintf(char *buffer, size_t size, const char *format, va_list args) {
    return static_cast<int>(message_format(buffer, size, format, args));
}
