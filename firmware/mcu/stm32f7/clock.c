#include "clock.h"

#include "fault.h"
#include "stm32f7_registers.h"

#define HSI_HZ 16000000u // the internal oscillator, which the core starts on: section 5.2.2

// Section 3.3.2, table 5 (2.7 V to 3.6 V): one wait state more for every 30 MHz begun.
#define WAIT_STATES ((BOARD_CLOCK_MHZ + 29u) / 30u - 1u)

// Above 180 MHz the regulator needs over-drive: section 4.1.4.
#define OVER_DRIVE (BOARD_CLOCK_MHZ > 180)

// Q feeds USB and SD, which want 48 MHz or less: section 5.3.2.
#define PLL_Q ((2u * BOARD_CLOCK_MHZ + 47u) / 48u)

_Static_assert(CLOCK_M >= 2 && CLOCK_M <= 63, "PLLM has 6 bits and starts at 2");
_Static_assert(CLOCK_N >= 50 && CLOCK_N <= CLOCK_N_MAX, "PLLN starts at 50 and has 9 bits");
_Static_assert(PLL_Q >= 2 && PLL_Q <= 15, "PLLQ has 4 bits and starts at 2");
_Static_assert(WAIT_STATES <= FLASH_ACR_LATENCY_MASK, "LATENCY has 4 bits");

// No wait here takes longer than a few milliseconds (DS10916, HSE and PLL characteristics); at
// 16 MHz this many polls take over 100 ms.
#define WAIT_POLLS 300000u

static void wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value, const char *failure) {
    for (uint32_t polls = WAIT_POLLS; (*reg & mask) != value; --polls) {
        if (polls == 0) {
            fault_stop(failure);
        }
    }
}

static void start_oscillator(void) {
    if (BOARD_CRYSTAL_BYPASS) {
        RCC_CR |= RCC_CR_HSEBYP; // only while HSEON is off: section 5.2.1
    }
    RCC_CR |= RCC_CR_HSEON;
    wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY, "the external oscillator (HSE) does not start");
}

static void start_pll(void) {
    RCC_PLLCFGR = RCC_PLLCFGR_RESERVED | (PLL_Q << RCC_PLLCFGR_Q_SHIFT) | RCC_PLLCFGR_SRC_HSE |
                  (CLOCK_N << RCC_PLLCFGR_N_SHIFT) | (CLOCK_M << RCC_PLLCFGR_M_SHIFT); // P = 2
    RCC_CR |= RCC_CR_PLLON;
}

// The order of section 4.1.4: scale 1 before the PLL is on, over-drive between PLL on and the
// switch to it.
static void enter_over_drive(void) {
    PWR_CR1 |= PWR_CR1_ODEN;
    wait_for(&PWR_CSR1, PWR_CSR1_ODRDY, PWR_CSR1_ODRDY, "over-drive does not start");
    PWR_CR1 |= PWR_CR1_ODSWEN;
    wait_for(&PWR_CSR1, PWR_CSR1_ODSWRDY, PWR_CSR1_ODSWRDY, "over-drive does not switch");
}

// ART and prefetch serve the ITCM interface of the flash (section 3.3.3); code linked to the AXI
// interface at 0x08000000 relies on the caches.
static void set_flash_wait_states(void) {
    FLASH_ACR = FLASH_ACR_ARTEN | FLASH_ACR_PRFTEN | WAIT_STATES;
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES, "flash refuses its wait states");
}

static void switch_to_pll(void) {
    RCC_CFGR =
        (RCC_CFGR_PPRE_DIV4 << RCC_CFGR_PPRE1_SHIFT) | (RCC_CFGR_PPRE_DIV2 << RCC_CFGR_PPRE2_SHIFT);
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    wait_for(&RCC_CFGR, RCC_CFGR_SW_MASK << RCC_CFGR_SWS_SHIFT,
             RCC_CFGR_SW_PLL << RCC_CFGR_SWS_SHIFT, "the core does not switch to the PLL");
}

void clock_start(void) {
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    PWR_CR1 |= PWR_CR1_VOS_SCALE1;
    start_oscillator();
    start_pll();
    if (OVER_DRIVE) {
        enter_over_drive();
    }
    wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, "the PLL does not lock");
    set_flash_wait_states();
    switch_to_pll();
}

static uint32_t core_hz(void) {
    const uint32_t source = (RCC_CFGR >> RCC_CFGR_SWS_SHIFT) & RCC_CFGR_SW_MASK;
    return source == RCC_CFGR_SW_PLL ? CLOCK_CORE_HZ : HSI_HZ;
}

// Prescaler codes: 0xx = 1, 100 = 2, 101 = 4, 110 = 8, 111 = 16 (section 5.3.3).
uint32_t clock_bus_hz(enum clock_bus bus) {
    const uint32_t shift = bus == CLOCK_APB1 ? RCC_CFGR_PPRE1_SHIFT : RCC_CFGR_PPRE2_SHIFT;
    const uint32_t code = (RCC_CFGR >> shift) & RCC_CFGR_PPRE_MASK;
    return code & 4u ? core_hz() >> ((code & 3u) + 1u) : core_hz();
}
