// The caches of the Cortex-M7.
#ifndef TINYML_MCU_CACHE_H
#define TINYML_MCU_CACHE_H

// Invalidates both level 1 caches, whose content is random after power-on, and turns them on.
void cache_enable(void);

#endif
