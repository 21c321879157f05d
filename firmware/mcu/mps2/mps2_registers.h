// Peripherals of the MPS2 FPGA image that the firmware uses.
// AN500 = Arm DAI 0500; CMSDK = Cortex-M System Design Kit, Arm DDI 0479.
#ifndef TINYML_MCU_MPS2_REGISTERS_H
#define TINYML_MCU_MPS2_REGISTERS_H

#include <stdint.h>

// CMSDK section 4.4 (APB timer).
struct mps2_timer {
    volatile uint32_t ctrl, value, reload, intstatus;
};
#define MPS2_TIMER0               ((struct mps2_timer *)0x40000000u)
#define MPS2_TIMER1               ((struct mps2_timer *)0x40001000u)
#define MPS2_TIMER1_INTERRUPT     9 // AN500 section 3.8
#define MPS2_TIMER_CTRL_ENABLE    (1u << 0)
#define MPS2_TIMER_CTRL_INTERRUPT (1u << 3)

// CMSDK section 4.3 (APB UART).
struct mps2_uart {
    volatile uint32_t data, state, ctrl, intstatus, bauddiv;
};
#define MPS2_UART_STATE_TX_FULL     (1u << 0)
#define MPS2_UART_STATE_RX_FULL     (1u << 1)
#define MPS2_UART_STATE_RX_OVERRUN  (1u << 3)
#define MPS2_UART_CTRL_TX           (1u << 0)
#define MPS2_UART_CTRL_RX           (1u << 1)
#define MPS2_UART_CTRL_RX_INTERRUPT (1u << 3)
#define MPS2_UART_INTSTATUS_RX      (1u << 1)
#define MPS2_UART_BAUDDIV_MIN       16u

// CMSDK section 4.5 (APB watchdog): the first time-out is an NMI, the second a reset.
struct mps2_watchdog {
    volatile uint32_t load, value, control, intclr;
    uint32_t reserved[764];
    volatile uint32_t lock;
};
#define MPS2_WATCHDOG                   ((struct mps2_watchdog *)0x40008000u)
#define MPS2_WATCHDOG_CONTROL_INTERRUPT (1u << 0)
#define MPS2_WATCHDOG_CONTROL_RESET     (1u << 1)
#define MPS2_WATCHDOG_UNLOCK            0x1ACCE551u

#endif
