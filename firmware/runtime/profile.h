// Per-operator counting hooks that generated code calls; empty unless PROFILE is 1.
#ifndef TINYML_RUNTIME_PROFILE_H
#define TINYML_RUNTIME_PROFILE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if PROFILE
// Operators past this count are executed but not recorded.
#define PROFILE_MAX_OPERATORS 256

// Starts a measurement; called at the top of a model's invoke.
void profile_begin(void);
// Charges what passed since the last call to operator `index`.
void profile_operator(uint32_t index);
// Counts of the last inference, in units of board_counter().
uint32_t profile_count(uint32_t index);
#else
#define profile_begin()         ((void)0)
#define profile_operator(index) ((void)(index))
#define profile_count(index)    ((void)(index), UINT32_C(0))
#endif

#ifdef __cplusplus
}
#endif

#endif
