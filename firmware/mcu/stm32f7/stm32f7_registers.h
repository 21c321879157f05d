// Peripherals of the STM32F74x that the firmware uses, nothing else. Sections are RM0385's.
#ifndef TINYML_MCU_STM32F7_REGISTERS_H
#define TINYML_MCU_STM32F7_REGISTERS_H

#include <stdint.h>

#define STM32F7_REGISTER(address) (*(volatile uint32_t *)(address))

// Flash interface: section 3.7.1.
#define FLASH_ACR              STM32F7_REGISTER(0x40023C00u)
#define FLASH_ACR_ARTEN        (1u << 9)
#define FLASH_ACR_PRFTEN       (1u << 8)
#define FLASH_ACR_LATENCY_MASK 0xFu

// Power controller: sections 4.4.1 and 4.4.2.
#define PWR_CR1            STM32F7_REGISTER(0x40007000u)
#define PWR_CR1_VOS_SCALE1 (3u << 14)
#define PWR_CR1_ODEN       (1u << 16)
#define PWR_CR1_ODSWEN     (1u << 17)
#define PWR_CSR1           STM32F7_REGISTER(0x40007004u)
#define PWR_CSR1_ODRDY     (1u << 16)
#define PWR_CSR1_ODSWRDY   (1u << 17)

// Reset and clock control: section 5.3.
#define RCC_CR               STM32F7_REGISTER(0x40023800u)
#define RCC_CR_HSEON         (1u << 16)
#define RCC_CR_HSERDY        (1u << 17)
#define RCC_CR_HSEBYP        (1u << 18)
#define RCC_CR_PLLON         (1u << 24)
#define RCC_CR_PLLRDY        (1u << 25)
#define RCC_PLLCFGR          STM32F7_REGISTER(0x40023804u)
#define RCC_PLLCFGR_M_SHIFT  0
#define RCC_PLLCFGR_N_SHIFT  6
#define RCC_PLLCFGR_SRC_HSE  (1u << 22)
#define RCC_PLLCFGR_Q_SHIFT  24
#define RCC_PLLCFGR_RESERVED (1u << 29) // keep at its reset value
#define RCC_CFGR             STM32F7_REGISTER(0x40023808u)
#define RCC_CFGR_SW_MASK     3u
#define RCC_CFGR_SW_PLL      2u
#define RCC_CFGR_SWS_SHIFT   2
#define RCC_CFGR_PPRE1_SHIFT 10
#define RCC_CFGR_PPRE2_SHIFT 13
#define RCC_CFGR_PPRE_MASK   7u
#define RCC_CFGR_PPRE_DIV2   4u
#define RCC_CFGR_PPRE_DIV4   5u
#define RCC_AHB1ENR          STM32F7_REGISTER(0x40023830u)
#define RCC_APB1ENR          STM32F7_REGISTER(0x40023840u)
#define RCC_APB1ENR_PWREN    (1u << 28)
#define RCC_APB1ENR_TIM2EN   (1u << 0)
#define RCC_APB2ENR          STM32F7_REGISTER(0x40023844u)
#define RCC_CSR              STM32F7_REGISTER(0x40023874u)
#define RCC_CSR_LPWRRSTF     (1u << 31)
#define RCC_CSR_WWDGRSTF     (1u << 30)
#define RCC_CSR_IWDGRSTF     (1u << 29)
#define RCC_CSR_SFTRSTF      (1u << 28)
#define RCC_CSR_PORRSTF      (1u << 27)
#define RCC_CSR_PINRSTF      (1u << 26)
#define RCC_CSR_BORRSTF      (1u << 25)
#define RCC_CSR_RMVF         (1u << 24)

// General-purpose I/O: section 6.4. Port A is number 0; ports are 1 KB apart (section 2.2.2).
struct gpio_registers {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afr[2];
};
#define GPIO_PORT(number) ((struct gpio_registers *)(0x40020000u + 0x400u * (number)))

// USART and UART: section 31.8.
struct usart_registers {
    volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr;
};
#define USART_CR1_UE     (1u << 0)
#define USART_CR1_RE     (1u << 2)
#define USART_CR1_TE     (1u << 3)
#define USART_CR1_RXNEIE (1u << 5)
#define USART_ISR_PE     (1u << 0) // in ICR too, as the next three
#define USART_ISR_FE     (1u << 1)
#define USART_ISR_NF     (1u << 2)
#define USART_ISR_ORE    (1u << 3)
#define USART_ISR_RXNE   (1u << 5)
#define USART_ISR_TC     (1u << 6)
#define USART_ISR_TXE    (1u << 7)

// TIM2, a timer of 32 bits: section 23.4.
struct timer_registers {
    volatile uint32_t cr1, cr2, smcr, dier, sr, egr, ccmr1, ccmr2, ccer, cnt, psc, arr, rcr, ccr1;
};
#define TIM2           ((struct timer_registers *)0x40000000u)
#define TIM2_INTERRUPT 28
#define TIM_CR1_CEN    (1u << 0)
#define TIM_DIER_CC1IE (1u << 1)
#define TIM_SR_CC1IF   (1u << 1)
#define TIM_EGR_UG     (1u << 0)

// Independent watchdog: section 28.4.
#define IWDG_KR        STM32F7_REGISTER(0x40003000u)
#define IWDG_KR_FEED   0xAAAAu
#define IWDG_KR_UNLOCK 0x5555u
#define IWDG_KR_START  0xCCCCu
#define IWDG_PR        STM32F7_REGISTER(0x40003004u)
#define IWDG_PR_DIV256 6u
#define IWDG_RLR       STM32F7_REGISTER(0x40003008u)
#define IWDG_SR        STM32F7_REGISTER(0x4000300Cu)

// What stands still while a debugger has stopped the core: section 40.16.
#define DBGMCU_APB1_FZ      STM32F7_REGISTER(0xE0042008u)
#define DBGMCU_APB1_FZ_IWDG (1u << 12)

#endif
