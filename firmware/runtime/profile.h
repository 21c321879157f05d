// Per-operator hooks that generated code calls, which count and copy; empty unless PROFILE is 1.
#ifndef TINYML_RUNTIME_PROFILE_H
#define TINYML_RUNTIME_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Operators past this count are executed but not recorded.
#define PROFILE_MAX_OPERATORS 256u

// Bytes of an operator's result, to be copied when it has just been made: what runs later may use
// its memory.
struct profile_copy {
    uint32_t operator_index;
    const void *from;
    void *to;
    uint32_t bytes;
};

#if PROFILE
// Starts a measurement; called at the top of a model's invoke.
void profile_begin(void);
// Charges what passed since the last call to operator `index`.
void profile_operator(uint32_t index);
// Counts of the last inference, in units of board_counter().
uint32_t profile_count(uint32_t index);

// What the next inference copies. It is not counted: the counts stay those of the last one.
void profile_copy_begin(const struct profile_copy *copy);
// Lets inferences be counted again; returns whether the bytes were copied.
bool profile_copy_end(void);
#else
#define profile_begin()          ((void)0)
#define profile_operator(index)  ((void)(index))
#define profile_count(index)     ((void)(index), UINT32_C(0))
#define profile_copy_begin(copy) ((void)(copy))
#define profile_copy_end()       (false)
#endif

#ifdef __cplusplus
}
#endif

#endif
