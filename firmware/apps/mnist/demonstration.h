// The built-in digit: what the model makes of it.
#ifndef TINYML_APPS_MNIST_DEMONSTRATION_H
#define TINYML_APPS_MNIST_DEMONSTRATION_H

#include <stdbool.h>
#include <stdint.h>

// Of the program too, where nobody is at its ports.
enum exit_status {
    STATUS_OK = 0,
    STATUS_INVOKE_FAILED = 1,
    STATUS_WRONG_MODEL = 2,
    STATUS_NOT_INITIALISED = 3,
};

// Whether the model takes the digit and tells ten classes apart; if it does not, says so.
bool demonstration_fits(void);

// Shows the digit, recognises it, prints scores and costs.
enum exit_status demonstration_run(void);

// Recognises the digit without a word, unless it fails.
enum exit_status demonstration_invoke(uint32_t *cost);

#endif
