// Pins: only what a peripheral's pins need so far.
#ifndef TINYML_MCU_STM32F7_GPIO_H
#define TINYML_MCU_STM32F7_GPIO_H

#include <stdint.h>

struct gpio_pin {
    uint8_t port;     // 0 = A, 1 = B, ...
    uint8_t number;   // 0 to 15
    uint8_t function; // alternate function: DS10916 table 12
};

// Gives a pin to its alternate function: push-pull, pulled up, high speed.
void gpio_alternate(struct gpio_pin pin);

#endif
