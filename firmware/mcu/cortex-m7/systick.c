#include "systick.h"

#include "device.h"
#include "vectors.h"

static volatile uint32_t milliseconds;

void systick_start(uint32_t core_hz) {
    SysTick_Config(core_hz / 1000u);
}

uint32_t systick_milliseconds(void) {
    return milliseconds;
}

void systick_interrupt(void) {
    milliseconds = milliseconds + 1u;
}
