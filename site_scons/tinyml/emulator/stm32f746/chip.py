"""Where everything is on the STM32F746.

RM0385 section 2.2.2, table 1, for the addresses; section 5.3 for the gates; section 10.1.2,
table 46, for the interrupts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tinyml.emulator.stm32f746.dbgmcu import Dbgmcu
from tinyml.emulator.stm32f746.exti import Exti, Syscfg
from tinyml.emulator.stm32f746.gpio import Gpio
from tinyml.emulator.stm32f746.iwdg import Iwdg
from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, System, Unmodelled
from tinyml.emulator.stm32f746.rng import Rng
from tinyml.emulator.stm32f746.timer import Timer
from tinyml.emulator.stm32f746.usart import Usart

# name: address, register and bit of its clock, interrupt
UARTS = {
    "USART1": (0x40011000, "apb2enr", 4, 37),
    "USART2": (0x40004400, "apb1enr", 17, 38),
    "USART3": (0x40004800, "apb1enr", 18, 39),
    "UART4": (0x40004C00, "apb1enr", 19, 52),
    "UART5": (0x40005000, "apb1enr", 20, 53),
    "USART6": (0x40011400, "apb2enr", 5, 71),
    "UART7": (0x40007800, "apb1enr", 30, 82),
    "UART8": (0x40007C00, "apb1enr", 31, 83),
}
# name: address, bit in APB1ENR, interrupt, bits of the counter, channels
TIMERS = {
    "TIM2": (0x40000000, 0, 28, 32, 4),
    "TIM3": (0x40000400, 1, 29, 16, 4),
    "TIM4": (0x40000800, 2, 30, 16, 4),
    "TIM5": (0x40000C00, 3, 50, 32, 4),
    "TIM6": (0x40001000, 4, 54, 16, 0),
    "TIM7": (0x40001400, 5, 55, 16, 0),
}
# name: address, size in KB, register and bit of its clock
UNMODELLED: dict[str, tuple[int, int, str, int]] = {
    "TIM12": (0x40001800, 1, "apb1enr", 6),
    "TIM13": (0x40001C00, 1, "apb1enr", 7),
    "TIM14": (0x40002000, 1, "apb1enr", 8),
    "LPTIM1": (0x40002400, 1, "apb1enr", 9),
    "RTC": (0x40002800, 1, "", 0),
    "WWDG": (0x40002C00, 1, "apb1enr", 11),
    "SPI2": (0x40003800, 1, "apb1enr", 14),
    "SPI3": (0x40003C00, 1, "apb1enr", 15),
    "SPDIFRX": (0x40004000, 1, "apb1enr", 16),
    "I2C1": (0x40005400, 1, "apb1enr", 21),
    "I2C2": (0x40005800, 1, "apb1enr", 22),
    "I2C3": (0x40005C00, 1, "apb1enr", 23),
    "I2C4": (0x40006000, 1, "apb1enr", 24),
    "CAN1": (0x40006400, 1, "apb1enr", 25),
    "CAN2": (0x40006800, 1, "apb1enr", 26),
    "CEC": (0x40006C00, 1, "apb1enr", 27),
    "DAC": (0x40007400, 1, "apb1enr", 29),
    "TIM1": (0x40010000, 1, "apb2enr", 0),
    "TIM8": (0x40010400, 1, "apb2enr", 1),
    "ADC": (0x40012000, 1, "apb2enr", 8),
    "SDMMC1": (0x40012C00, 1, "apb2enr", 11),
    "SPI1": (0x40013000, 1, "apb2enr", 12),
    "SPI4": (0x40013400, 1, "apb2enr", 13),
    "TIM9": (0x40014000, 1, "apb2enr", 16),
    "TIM10": (0x40014400, 1, "apb2enr", 17),
    "TIM11": (0x40014800, 1, "apb2enr", 18),
    "SPI5": (0x40015000, 1, "apb2enr", 20),
    "SPI6": (0x40015400, 1, "apb2enr", 21),
    "SAI1": (0x40015800, 1, "apb2enr", 22),
    "SAI2": (0x40015C00, 1, "apb2enr", 23),
    "LTDC": (0x40016800, 1, "apb2enr", 26),
    "CRC": (0x40023000, 1, "ahb1enr", 12),
    "BKPSRAM": (0x40024000, 4, "ahb1enr", 18),
    "ETH": (0x40028000, 5, "ahb1enr", 25),
    "DMA2D": (0x4002B000, 3, "ahb1enr", 23),
    "OTG_HS": (0x40040000, 256, "ahb1enr", 29),
    "OTG_FS": (0x50000000, 256, "ahb2enr", 7),
    "DCMI": (0x50050000, 1, "ahb2enr", 0),
    "FMC": (0xA0000000, 4, "ahb3enr", 0),
    "QUADSPI": (0xA0001000, 4, "ahb3enr", 1),
    "ITM": (0xE0000000, 4, "", 0),
    "FPB": (0xE0002000, 4, "", 0),
    "TPIU": (0xE0040000, 4, "", 0),
    "ETM": (0xE0041000, 4, "", 0),
}
PORTS = "ABCDEFGHIJK"
# Pins that can carry a UART's TX: DS10916 table 12. Port, pin, alternate function.
TX_PINS = {
    "USART1": (("A", 9, 7), ("B", 6, 7)),
    "USART2": (("A", 2, 7), ("D", 5, 7)),
    "USART3": (("B", 10, 7), ("C", 10, 7), ("D", 8, 7)),
    "UART4": (("A", 0, 8), ("C", 10, 8), ("H", 13, 8)),
    "UART5": (("C", 12, 8),),
    "USART6": (("C", 6, 8), ("G", 14, 8)),
    "UART7": (("F", 7, 8), ("E", 8, 8)),
    "UART8": (("E", 1, 8),),
}


def uarts(system: System) -> dict[str, Usart]:
    """Return every UART by name."""
    return {
        name: Usart(name, base, system, Gate(register, bit), irq)
        for name, (base, register, bit, irq) in UARTS.items()
    }


def gpios(system: System) -> dict[str, Gpio]:
    """Return every port by its letter: 1 KB apart from 0x40020000."""
    return {
        letter: Gpio(f"GPIO{letter}", 0x40020000 + 0x400 * index, system, Gate("ahb1enr", index))
        for index, letter in enumerate(PORTS)
    }


def timers(system: System) -> list[Timer]:
    """Return TIM2 to TIM7."""
    return [
        Timer(name, base, system, Gate("apb1enr", bit), irq, bits, channels)
        for name, (base, bit, irq, bits, channels) in TIMERS.items()
    ]


def others(system: System) -> Iterable[Peripheral]:
    """Return what has no state that the machine needs to know."""
    yield Dbgmcu("DBGMCU", 0xE0042000, system)
    yield Iwdg("IWDG", 0x40003000, system)
    yield Exti("EXTI", 0x40013C00, system)
    yield Syscfg("SYSCFG", 0x40013800, system, Gate("apb2enr", 14))
    yield Rng("RNG", 0x50060800, system, Gate("ahb2enr", 6))


def unmodelled(system: System) -> Iterable[Peripheral]:
    """Return a stand-in for every peripheral that is not modelled."""
    for name, (base, kilobytes, register, bit) in UNMODELLED.items():
        stand_in = _sized(kilobytes)
        yield stand_in(name, base, system, Gate(register, bit) if register else None)


def _sized(kilobytes: int) -> Callable[..., Unmodelled]:
    return type("Unmodelled", (Unmodelled,), {"SIZE": kilobytes << 10})
