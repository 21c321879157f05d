// The independent watchdog. Once started it runs until the next reset.
#ifndef TINYML_MCU_STM32F7_WATCHDOG_H
#define TINYML_MCU_STM32F7_WATCHDOG_H

// Resets the chip when it is not fed for 30 s of a 32 kHz LSI. That oscillator is between 17 and
// 47 kHz (DS10916), so it takes 20 to 57 s: longer than any inference.
void watchdog_start(void);
void watchdog_feed(void);

#endif
