"""The serial ports that each family of microcontrollers has: facts that a board.toml names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Uart:
    """One UART; ``interrupt`` is the receiver's, ``enable`` the bit of its clock on ``bus``."""

    address: int
    interrupt: int
    bus: str = ""
    enable: int = 0


@dataclass(frozen=True)
class Family:
    """A family: the HAL for it is ``firmware/mcu/<name>``.

    ``pins`` says whether a board chooses the pins; ``buses`` by how much each bus is slower than
    the core once the HAL has set the clocks; ``dividers`` the least and the greatest that a UART
    divides its bus clock by.
    """

    uarts: Mapping[str, Uart]
    pins: bool
    buses: Mapping[str, int]
    dividers: tuple[int, int]

    def bus_hz(self, uart: str, core_hz: int) -> float:
        """Return the clock of ``uart`` while the core runs at ``core_hz``."""
        return core_hz / self.buses[self.uarts[uart].bus]


FAMILIES: Mapping[str, Family] = {
    # RM0385 sections 2.2.2 (addresses), 5.3.13 and 5.3.14 (clocks), 10.1.2 (interrupts), 31.5.4
    # (dividers, oversampling by 16).
    "stm32f7": Family(
        uarts={
            "USART1": Uart(0x40011000, 37, "APB2", 4),
            "USART2": Uart(0x40004400, 38, "APB1", 17),
            "USART3": Uart(0x40004800, 39, "APB1", 18),
            "UART4": Uart(0x40004C00, 52, "APB1", 19),
            "UART5": Uart(0x40005000, 53, "APB1", 20),
            "USART6": Uart(0x40011400, 71, "APB2", 5),
            "UART7": Uart(0x40007800, 82, "APB1", 30),
            "UART8": Uart(0x40007C00, 83, "APB1", 31),
        },
        pins=True,
        buses={"APB1": 4, "APB2": 2},
        dividers=(16, 0xFFFF),
    ),
    # Arm DAI 0500 sections 3.3 (addresses) and 3.8 (interrupts); DDI 0479 section 4.3 (dividers).
    "mps2": Family(
        uarts={
            "UART0": Uart(0x40004000, 0),
            "UART1": Uart(0x40005000, 2),
            "UART2": Uart(0x40006000, 4),
            "UART3": Uart(0x40007000, 18),
            "UART4": Uart(0x40009000, 20),
        },
        pins=False,
        buses={"": 1},
        dividers=(16, 0xFFFFF),
    ),
}
