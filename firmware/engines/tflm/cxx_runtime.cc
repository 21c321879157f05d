// What C++ without a heap and without exceptions still refers to, ending on the console instead of
// in the standard library's abort, stdio and malloc.
#include <cstddef>
#include <cstdint>
#include <new>

#include "console.h"
#include "interface.h"

namespace {

constexpr int kAborted = 70;

[[noreturn]] void Stop(const char *what) {
    console_text("error: engine tflm: ");
    console_text(what);
    console_text("\n");
    board_exit(kAborted);
}

} // namespace

// tflite-micro's TFLITE_ABORT, and FlatBuffers' and gemmlowp's assertions.
extern "C" [[noreturn]] void abort() {
    Stop("aborted");
}

extern "C" [[noreturn]] void __assert_func(const char *file, int line, const char *,
                                           const char *assertion) {
    console_text(file);
    console_text(":");
    console_i32(line, 0);
    console_text(": ");
    Stop(assertion);
}

extern "C" [[noreturn]] void __cxa_pure_virtual() {
    Stop("a pure virtual function was called");
}

// Every class with a virtual destructor refers to it, whether its objects are deleted or not.
void operator delete(void *) noexcept {
    Stop("an object was deleted, though none is on a heap");
}

void operator delete(void *, std::size_t) noexcept {
    Stop("an object was deleted, though none is on a heap");
}
