#include "reset_cause.h"

#include <stddef.h>
#include <stdint.h>

#include "stm32f7_registers.h"

// Every reset also pulls the pin, and power-on sets the brown-out flag too: section 5.1.
static const struct {
    uint32_t flag;
    const char *name;
} causes[] = {
    {RCC_CSR_IWDGRSTF, "watchdog"},  {RCC_CSR_WWDGRSTF, "window watchdog"},
    {RCC_CSR_LPWRRSTF, "low power"}, {RCC_CSR_SFTRSTF, "software"},
    {RCC_CSR_PORRSTF, "power on"},   {RCC_CSR_BORRSTF, "brown-out"},
    {RCC_CSR_PINRSTF, "reset pin"},
};

const char *reset_cause_take(void) {
    const uint32_t flags = RCC_CSR;
    RCC_CSR |= RCC_CSR_RMVF;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; ++i) {
        if (flags & causes[i].flag) {
            return causes[i].name;
        }
    }
    return "";
}
