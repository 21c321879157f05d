"""What registers hold after reset and which bits can be written: RM0385 and PM0253."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import bare_stm32

pytestmark = pytest.mark.live

# RM0385: RCC section 5.3, FLASH 3.7, PWR 4.4, GPIO 6.4, DMA 8.5, EXTI 11.9, TIM2 to TIM7 23.4 and
# 24.4, IWDG 28.4, USART 31.8, DBGMCU 40.16. RCC_CR without the factory's calibration.
RESET = {
    "RCC_CR": (0x40023800, 0x00000083, 0xFFFF00FF),
    "RCC_PLLCFGR": (0x40023804, 0x24003010, ~0),
    "RCC_CFGR": (0x40023808, 0, ~0),
    "RCC_CIR": (0x4002380C, 0, ~0),
    "RCC_AHB1RSTR": (0x40023810, 0, ~0),
    "RCC_APB1RSTR": (0x40023820, 0, ~0),
    "RCC_APB2RSTR": (0x40023824, 0, ~0),
    "RCC_AHB2ENR": (0x40023834, 0, ~0),
    "RCC_AHB3ENR": (0x40023838, 0, ~0),
    "RCC_AHB1LPENR": (0x40023850, 0x7EF7B7FF, ~0),
    "RCC_AHB2LPENR": (0x40023854, 0x000000F1, ~0),
    "RCC_AHB3LPENR": (0x40023858, 0x00000003, ~0),
    "RCC_APB1LPENR": (0x40023860, 0xFFFFCBFF, ~0),
    "RCC_APB2LPENR": (0x40023864, 0x04F77F33, ~0),
    "RCC_BDCR": (0x40023870, 0, ~0),
    "RCC_CSR": (0x40023874, 0x0E000000, ~0),
    "RCC_SSCGR": (0x40023880, 0, ~0),
    "RCC_PLLI2SCFGR": (0x40023884, 0x24003000, ~0),
    "RCC_PLLSAICFGR": (0x40023888, 0x24003000, ~0),
    "RCC_DCKCFGR1": (0x4002388C, 0, ~0),
    "RCC_DCKCFGR2": (0x40023890, 0, ~0),
    "FLASH_ACR": (0x40023C00, 0, ~0),
    "FLASH_SR": (0x40023C0C, 0, ~0),
    "FLASH_CR": (0x40023C10, 0x80000000, ~0),
    "FLASH_OPTCR": (0x40023C14, 0xC0FFAAFD, ~0),
    "FLASH_OPTCR1": (0x40023C18, 0x00400080, ~0),
    "PWR_CR1": (0x40007000, 0x0000C000, ~0),
    "GPIOA_MODER": (0x40020000, 0xA8000000, ~0),
    "GPIOA_OSPEEDR": (0x40020008, 0x0C000000, ~0),
    "GPIOA_PUPDR": (0x4002000C, 0x64000000, ~0),
    "GPIOB_MODER": (0x40020400, 0x00000280, ~0),
    "GPIOB_OSPEEDR": (0x40020408, 0x000000C0, ~0),
    "GPIOB_PUPDR": (0x4002040C, 0x00000100, ~0),
    "GPIOC_MODER": (0x40020800, 0, ~0),
    "GPIOK_AFRL": (0x40022820, 0, ~0),
    "DMA2_LISR": (0x40026400, 0, ~0),
    "DMA2_S0CR": (0x40026410, 0, ~0),
    "DMA2_S0FCR": (0x40026424, 0x00000021, ~0),
    "DMA2_S7FCR": (0x400264CC, 0x00000021, ~0),
    "EXTI_IMR": (0x40013C00, 0, ~0),
    "TIM2_ARR": (0x4000002C, 0xFFFFFFFF, ~0),
    "TIM3_ARR": (0x4000042C, 0x0000FFFF, ~0),
    "TIM6_ARR": (0x4000102C, 0x0000FFFF, ~0),
    "TIM2_CR1": (0x40000000, 0, ~0),
    "TIM2_SR": (0x40000010, 0, ~0),
    "IWDG_PR": (0x40003004, 0, ~0),
    "IWDG_RLR": (0x40003008, 0xFFF, ~0),
    "IWDG_WINR": (0x40003010, 0xFFF, ~0),
    "USART6_CR1": (0x40011400, 0, ~0),
    "USART6_BRR": (0x4001140C, 0, ~0),
    "USART6_ISR": (0x4001141C, 0x020000C0, ~0),
    "UART7_ISR": (0x4000781C, 0x020000C0, ~0),
    "DBGMCU_IDCODE": (0xE0042000, 0x449, 0xFFF),
    "DBGMCU_CR": (0xE0042004, 0, ~0),
    # PM0253 sections 4.3, 4.4, 4.6 and 4.7.
    "CPUID": (0xE000ED00, 0x410FC271, ~0),
    "ICSR": (0xE000ED04, 0, 0x9E1FF1FF),
    "VTOR": (0xE000ED08, 0x00200000, ~0),
    "AIRCR": (0xE000ED0C, 0xFA050000, ~0),
    "SCR": (0xE000ED10, 0, ~0),
    "CCR": (0xE000ED14, 0x00040200, ~0),
    "SHCSR": (0xE000ED24, 0, ~0),
    "CFSR": (0xE000ED28, 0, ~0),
    "HFSR": (0xE000ED2C, 0, ~0),
    "MPU_TYPE": (0xE000ED90, 0x00000800, ~0),
    "MPU_CTRL": (0xE000ED94, 0, ~0),
    "FPCCR": (0xE000EF34, 0xC0000000, ~0),
    "NVIC_ISER0": (0xE000E100, 0, ~0),
    "NVIC_IPR0": (0xE000E400, 0, ~0),
}
# What reads back of all ones: bits that the manual has are kept, reserved ones are not.
WRITTEN = {
    "GPIOC_MODER": (0x40020800, 0xFFFFFFFF),
    "GPIOC_OTYPER": (0x40020804, 0x0000FFFF),
    "GPIOC_ODR": (0x40020814, 0x0000FFFF),
    "USART6_BRR": (0x4001140C, 0x0000FFFF),
    "TIM3_PSC": (0x40000428, 0x0000FFFF),
    "TIM3_ARR": (0x4000042C, 0x0000FFFF),
    "TIM2_ARR": (0x4000002C, 0xFFFFFFFF),
    "RCC_AHB1LPENR": (0x40023850, 0x7EF7B7FF),
    "RCC_APB1LPENR": (0x40023860, 0xFFFFCBFF),
    "RCC_APB2LPENR": (0x40023864, 0x04F77F33),
    "NVIC_IPR0": (0xE000E400, 0xF0F0F0F0),
    "VTOR": (0xE000ED08, 0xFFFFFF80),
    "SYST_RVR": (0xE000E014, 0x00FFFFFF),
    "CPACR": (0xE000ED88, 0x00F00000),
}


def run(folder: Path, addresses: list[int], body: str) -> list[int]:
    """Return what a program reads at ``addresses`` with all clocks on."""
    listed = ", ".join(f"{address:#x}u" for address in addresses)
    source = f"""
        static const uint32_t places[] = {{{listed}}};
        int main(void) {{
            RCC_AHB1ENR = ~0u; RCC_APB1ENR = ~0u; RCC_APB2ENR = ~0u;
            for (uint32_t i = 0; i < {len(addresses)}; ++i) {{ {body} }}
            return 1;
        }}
    """
    done = bare_stm32.run(bare_stm32.build(folder, source), strict=True)
    assert done.status == 1
    memories = done.machine.memories
    return [memories.word(0x20010000 + 4 * index) or 0 for index in range(len(addresses))]


def test_reset_values(tmp_path: Path) -> None:
    """Each register that a program may look at before it writes it."""
    places = [place for place, _, _ in RESET.values()]
    read = run(tmp_path, places, "REG(0x20010000 + 4 * i) = REG(places[i]);")
    wrong = {
        name: (hex(value), hex(expected))
        for (name, (_, expected, mask)), value in zip(RESET.items(), read, strict=True)
        if value & mask != expected & mask
    }
    assert wrong == {}


def test_bits_that_can_be_written(tmp_path: Path) -> None:
    """All ones are written; what the chip does not have stays zero."""
    read = run(
        tmp_path,
        [place for place, _ in WRITTEN.values()],
        "uint32_t old = REG(places[i]); REG(places[i]) = ~0u; "
        "REG(0x20010000 + 4 * i) = REG(places[i]); REG(places[i]) = old;",
    )
    wrong = {
        name: (hex(value), hex(expected))
        for (name, (_, expected)), value in zip(WRITTEN.items(), read, strict=True)
        if value != expected
    }
    assert wrong == {}
