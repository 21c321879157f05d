// Just enough to write STM32F746 programs in tests, from RM0385 and PM0253 alone: none of the
// project's own HAL is in it.
#ifndef BARE_STM32_H
#define BARE_STM32_H

#include <stdint.h>

#define REG(address)       (*(volatile uint32_t *)(address))
#define RCC(offset)        REG(0x40023800u + (offset))
#define RCC_CR             RCC(0x00)
#define RCC_PLLCFGR        RCC(0x04)
#define RCC_CFGR           RCC(0x08)
#define RCC_AHB1ENR        RCC(0x30)
#define RCC_APB1ENR        RCC(0x40)
#define RCC_APB2ENR        RCC(0x44)
#define RCC_CSR            RCC(0x74)
#define FLASH_ACR          REG(0x40023C00u)
#define PWR_CR1            REG(0x40007000u)
#define PWR_CSR1           REG(0x40007004u)
#define GPIO(port, offset) REG(0x40020000u + 0x400u * ((port) - 'A') + (offset))
#define USART6(offset)     REG(0x40011400u + (offset))
#define CR1                0x00
#define CR3                0x08
#define BRR                0x0C
#define ISR                0x1C
#define ICR                0x20
#define RDR                0x24
#define TDR                0x28
#define SCS(offset)        REG(0xE000E000u + (offset))
#define SYST_CSR           SCS(0x010)
#define SYST_RVR           SCS(0x014)
#define SYST_CVR           SCS(0x018)
#define ICSR               SCS(0xD04)
#define AIRCR              SCS(0xD0C)
#define CCR                SCS(0xD14)
#define SHCSR              SCS(0xD24)
#define CFSR               SCS(0xD28)
#define HFSR               SCS(0xD2C)
#define BFAR               SCS(0xD38)
#define CPACR              SCS(0xD88)
#define DEMCR              SCS(0xDFC)
#define DWT_CTRL           REG(0xE0001000u)
#define DWT_CYCCNT         REG(0xE0001004u)
#define DWT_LAR            REG(0xE0001FB0u)

typedef void (*handler)(void);
int main(void);
// A test defines those it wants; the others end the program with 200 + the exception's number.
void nmi(void), hard_fault(void), mem_manage(void), bus_fault(void), usage_fault(void);
void sv_call(void), pend_sv(void), systick(void);
void irq4(void), irq16(void), irq28(void), irq36(void), irq37(void), irq71(void), irq82(void);
extern uint32_t stack_top[];

static inline void finish(uint32_t status) {
    const uint32_t block[] = {0x20026u, status};
    register uint32_t r0 __asm("r0") = 0x20;
    register const void *r1 __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    for (;;) {
    }
}

static inline uint32_t ipsr(void) {
    uint32_t value;
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}

// The linker script puts it in the place of each handler that a test leaves out.
__attribute__((used)) void unexpected(void) {
    finish(200u + ipsr());
}

__attribute__((used, naked)) static void reset(void) {
    // CP10 and CP11 before any C: PM0253 section 4.7.1.
    __asm volatile("ldr r0, =0xE000ED88\nldr r1, [r0]\norr r1, r1, #0xF00000\nstr r1, [r0]\n"
                   "dsb\nisb\nbl start\n.ltorg");
}

extern uint32_t bss_start[], bss_end[], data_start[], data_end[], data_load[];
__attribute__((used)) static void start(void) {
    for (uint32_t *to = data_start, *from = data_load; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
    finish((uint32_t)main());
}

__attribute__((section(".vectors"), used)) static const handler table[16 + 98] = {
    (handler)stack_top,
    reset,
    nmi,
    hard_fault,
    mem_manage,
    bus_fault,
    usage_fault,
    [7 ... 10] = unexpected,
    sv_call,
    unexpected,
    unexpected,
    pend_sv,
    systick,
    [16 ... 113] = unexpected,
    [16 + 4] = irq4,
    [16 + 16] = irq16,
    [16 + 28] = irq28,
    [16 + 36] = irq36,
    [16 + 37] = irq37,
    [16 + 71] = irq71,
    [16 + 82] = irq82,
};

static inline void enable_irq(uint32_t number) {
    SCS(0x100 + 4 * (number / 32)) = 1u << (number % 32);
}

static inline void pend_irq(uint32_t number) {
    SCS(0x200 + 4 * (number / 32)) = 1u << (number % 32);
}

static inline void set_priority(uint32_t number, uint8_t value) {
    *(volatile uint8_t *)(0xE000E400u + number) = value;
}

static inline void barrier(void) {
    __asm volatile("dsb\nisb" ::: "memory");
}

static inline void start_cycle_counter(void) {
    DEMCR |= 1u << 24;
    DWT_LAR = 0xC5ACCE55u;
    DWT_CYCCNT = 0;
    DWT_CTRL |= 1;
}

// 216 MHz from the 25 MHz crystal in the order of RM0385 section 4.1.4.
static inline void clock_216(uint32_t wait_states) {
    RCC_APB1ENR |= 1u << 28;
    PWR_CR1 |= 3u << 14;
    RCC_CR |= 1u << 16;
    while (!(RCC_CR & 1u << 17)) {
    }
    RCC_PLLCFGR = 25u | 432u << 6 | 1u << 22 | 9u << 24 | 1u << 29;
    RCC_CR |= 1u << 24;
    PWR_CR1 |= 1u << 16;
    while (!(PWR_CSR1 & 1u << 16)) {
    }
    PWR_CR1 |= 1u << 17;
    while (!(PWR_CSR1 & 1u << 17)) {
    }
    while (!(RCC_CR & 1u << 25)) {
    }
    FLASH_ACR = wait_states | 3u << 8;
    RCC_CFGR = 5u << 10 | 4u << 13;
    RCC_CFGR |= 2;
    while ((RCC_CFGR & 0xC) != 0x8) {
    }
}

// USART6 on PC6 and PC7, alternate function 8; ``clock`` is that of APB2.
static inline void uart6_pins(void) {
    RCC_AHB1ENR |= 1u << 2;
    GPIO('C', 0x20) |= 0x88u << 24;
    GPIO('C', 0x00) |= 0xAu << 12;
}

static inline void uart6_start(uint32_t clock, uint32_t baud, uint32_t control) {
    RCC_APB2ENR |= 1u << 5;
    uart6_pins();
    USART6(BRR) = (clock + baud / 2) / baud;
    USART6(CR1) = control | 0xD;
}

static inline void uart6_text(const char *text) {
    for (; *text; ++text) {
        while (!(USART6(ISR) & 1u << 7)) {
        }
        USART6(TDR) = (uint8_t)*text;
    }
    while (!(USART6(ISR) & 1u << 6)) {
    }
}

#endif
