// Peripherals of the MPS2 FPGA image that the firmware uses.
// AN500 = Arm DAI 0500; CMSDK = Cortex-M System Design Kit, Arm DDI 0479.
#ifndef TINYML_MCU_MPS2_REGISTERS_H
#define TINYML_MCU_MPS2_REGISTERS_H

#include <stdint.h>

// CMSDK section 4.4 (APB timer).
struct mps2_timer {
    volatile uint32_t ctrl, value, reload, intstatus;
};
#define MPS2_TIMER0            ((struct mps2_timer *)0x40000000u)
#define MPS2_TIMER_CTRL_ENABLE (1u << 0)

// CMSDK section 4.3 (APB UART).
struct mps2_uart {
    volatile uint32_t data, state, ctrl, intstatus, bauddiv;
};
#define MPS2_UART0              ((struct mps2_uart *)0x40004000u)
#define MPS2_UART_STATE_TX_FULL (1u << 0)
#define MPS2_UART_CTRL_TX       (1u << 0)
#define MPS2_UART_BAUDDIV_MIN   16u

#endif
