#include "gpio.h"

#include "stm32f7_registers.h"

// Two-bit codes: sections 6.4.1, 6.4.3 and 6.4.4.
enum {
    MODE_ALTERNATE = 2,
    SPEED_HIGH = 2,
    PULL_UP = 1,
};

static void set_field(volatile uint32_t *reg, uint32_t index, uint32_t width, uint32_t value) {
    const uint32_t shift = index * width;
    const uint32_t mask = ((1u << width) - 1u) << shift;
    *reg = (*reg & ~mask) | (value << shift);
}

void gpio_alternate(struct gpio_pin pin) {
    RCC_AHB1ENR |= 1u << pin.port;
    (void)RCC_AHB1ENR; // the clock runs two cycles after the write: section 5.2.12
    struct gpio_registers *port = GPIO_PORT(pin.port);
    set_field(&port->afr[pin.number / 8u], pin.number % 8u, 4, pin.function);
    set_field(&port->ospeedr, pin.number, 2, SPEED_HIGH);
    set_field(&port->pupdr, pin.number, 2, PULL_UP);
    set_field(&port->moder, pin.number, 2, MODE_ALTERNATE);
}
