// The clock tree: external oscillator -> PLL -> core, buses at a fourth (APB1) and half (APB2).
#ifndef TINYML_MCU_STM32F7_CLOCK_H
#define TINYML_MCU_STM32F7_CLOCK_H

#include <stdint.h>

// RM0385 section 5.3.2: VCO = crystal / M * N, core = VCO / P with P = 2 and N at most 9 bits.
// With M = the crystal's MHz the VCO counts in whole MHz and N = 2 * BOARD_CLOCK_MHZ. A faster
// clock does not fit into N: then the VCO's input is brought as near to its limit of 2 MHz as a
// whole M allows, and the core runs at most at the clock asked for (288 MHz from 25: 287.5).
#define CLOCK_N_MAX 511u
#define CLOCK_M                                                                                    \
    (2u * BOARD_CLOCK_MHZ <= CLOCK_N_MAX ? BOARD_CRYSTAL_HZ / 1000000u                             \
                                         : (BOARD_CRYSTAL_HZ + 1999999u) / 2000000u)
#define CLOCK_N ((uint32_t)(2000000ull * BOARD_CLOCK_MHZ * CLOCK_M / BOARD_CRYSTAL_HZ))

#define CLOCK_CORE_HZ ((uint32_t)(1ull * BOARD_CRYSTAL_HZ * CLOCK_N / CLOCK_M / 2u))

enum clock_bus { CLOCK_APB1, CLOCK_APB2 };

// Brings the core to CLOCK_CORE_HZ. Ends in a fault report when an oscillator does not start.
void clock_start(void);

// What the bus runs at now, before clock_start too.
uint32_t clock_bus_hz(enum clock_bus bus);

#endif
