// The same inference many times.
#ifndef TINYML_APPS_MNIST_REPEAT_H
#define TINYML_APPS_MNIST_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#define REPEAT_MAX 10000u

// Recognises the digit `count` times, or until `interrupted`, and prints the least, the mean and
// the largest cost. The link is served between two inferences. False where that has failed.
bool repeat_run(uint32_t count, bool (*interrupted)(void));

#endif
