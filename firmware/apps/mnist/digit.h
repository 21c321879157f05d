// One digit, drawn by hand: white on black as in MNIST, 28 x 28 pixels.
#ifndef TINYML_APPS_MNIST_DIGIT_H
#define TINYML_APPS_MNIST_DIGIT_H

#include <stdint.h>

#define DIGIT_SIDE   28u
#define DIGIT_PIXELS (DIGIT_SIDE * DIGIT_SIDE)

// Pixel (`x`, `y`) as a character, the darker the more ink.
char digit_ink(uint32_t y, uint32_t x);

// Pixel (`x`, `y`): 0 is background, 255 is full ink.
uint8_t digit_grey(uint32_t y, uint32_t x);

#endif
