#include "timebase.h"

#include "clock.h"
#include "device.h"
#include "stm32f7_registers.h"

// A power of two in a millisecond, so that no division of 64 bits is linked for it; the prescaler
// has 16 bits. Or a little more, where the clock is no multiple of it.
#define TICKS_PER_MS 4u
#define TICK_HZ      (TICKS_PER_MS * 1000u)
#define SLEEP_TICKS  TICK_HZ

static uint32_t last;
static uint64_t ticks;

void timebase_start(void) {
    RCC_APB1ENR |= RCC_APB1ENR_TIM2EN;
    (void)RCC_APB1ENR; // the clock runs two cycles after the write: section 5.2.12
    // Twice the bus where that is divided: section 5.2.
    TIM2->psc = 2u * clock_bus_hz(CLOCK_APB1) / TICK_HZ - 1u;
    TIM2->arr = UINT32_MAX;
    TIM2->egr = TIM_EGR_UG; // the prescaler counts from now on
    TIM2->sr = 0;
    TIM2->cr1 = TIM_CR1_CEN;
    last = TIM2->cnt;
    ticks = 0;
}

uint64_t timebase_milliseconds(void) {
    const uint32_t now = TIM2->cnt;
    ticks += now - last;
    last = now;
    return ticks / TICKS_PER_MS;
}

// The interrupt is enabled for the wait alone and never taken, so it needs no handler.
void timebase_sleep(void) {
    const IRQn_Type interrupt = (IRQn_Type)TIM2_INTERRUPT;
    (void)timebase_milliseconds();
    TIM2->ccr1 = TIM2->cnt + SLEEP_TICKS;
    TIM2->sr = 0;
    TIM2->dier = TIM_DIER_CC1IE;
    NVIC_EnableIRQ(interrupt);
    __DSB();
    __WFI();
    NVIC_DisableIRQ(interrupt);
    TIM2->dier = 0;
    TIM2->sr = 0;
    (void)TIM2->sr; // it has arrived, so the request is gone
    NVIC_ClearPendingIRQ(interrupt);
}
