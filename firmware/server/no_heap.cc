// FlatBuffers refers to a heap that it is never asked for: all its memory is response.cc's. Without
// these, the standard library's would be linked, and malloc with it. Weak, as an engine may have
// its own.
#include <cstddef>

__attribute__((weak)) void *operator new[](std::size_t) {
    __builtin_trap();
}

__attribute__((weak)) void operator delete[](void *) noexcept {
    __builtin_trap();
}

__attribute__((weak)) void operator delete(void *) noexcept {
    __builtin_trap();
}

__attribute__((weak)) void operator delete(void *, std::size_t) noexcept {
    __builtin_trap();
}

__attribute__((weak)) void operator delete[](void *, std::size_t) noexcept {
    __builtin_trap();
}
