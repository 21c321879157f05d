// What the server answers to a message, and what it says of its own accord.
#ifndef TINYML_SERVER_ANSWER_H
#define TINYML_SERVER_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The longest message, either way.
#define MESSAGE_MAX 4096u

// A message that stays until the next one of its kind is made.
struct answer {
    const uint8_t *bytes;
    size_t length;
};

// Carries out the request in a message, which lies as its tables need it: on a multiple of 8.
struct answer answer_request(const uint8_t *message, size_t length);

// Refuses a request that cannot be read for its frame. The last answer stays.
struct answer answer_unknown_version(void);
struct answer answer_no_sequence(void);

// Says that bytes were lost. The last answer stays.
struct answer answer_overrun(void);

#ifdef __cplusplus
}
#endif

#endif
