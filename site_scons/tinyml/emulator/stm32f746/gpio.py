"""General-purpose I/O: RM0385 section 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, Register, System

# Ports A and B come out of reset with the debug pins in use: section 6.4.
_RESET = {
    "GPIOA": {"moder": 0xA8000000, "ospeedr": 0x0C000000, "pupdr": 0x64000000},
    "GPIOB": {"moder": 0x00000280, "ospeedr": 0x000000C0, "pupdr": 0x00000100},
}
INPUT, OUTPUT, ALTERNATE, ANALOG = range(4)
PULL_UP = 1
LCKK = 16


class Gpio(Peripheral):
    """One port of sixteen pins."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "moder"),
        Register(0x04, "otyper", 0, 0xFFFF),
        Register(0x08, "ospeedr"),
        Register(0x0C, "pupdr"),
        Register(0x10, "idr", 0, 0),
        Register(0x14, "odr", 0, 0xFFFF),
        Register(0x18, "bsrr", 0, 0),
        Register(0x1C, "lckr", 0, 0x1FFFF),
        Register(0x20, "afrl"),
        Register(0x24, "afrh"),
    )

    def __init__(self, name: str, base: int, system: System, gate: Gate) -> None:
        """Stand at ``base``; nothing outside drives a pin."""
        self.driven: dict[int, bool] = {}
        self.on_output: Callable[[int, bool], None] = lambda pin, level: None
        super().__init__(name, base, system, gate)

    def reset(self) -> None:
        """All pins are inputs but those of the debugger."""
        super().reset()
        self.values.update(_RESET.get(self.name, {}))
        self._lock_steps: list[int] = []
        self._locked = 0

    def mode(self, pin: int) -> int:
        """Return MODER of ``pin``."""
        return self.field("moder", 2 * pin, 2)

    def alternate(self, pin: int) -> int | None:
        """Return the alternate function of ``pin``; None where it has none."""
        if self.mode(pin) != ALTERNATE:
            return None
        return self.field("afrl" if pin < 8 else "afrh", 4 * (pin % 8), 4)

    def level(self, pin: int) -> bool:
        """Return what IDR shows of ``pin``: section 6.3.9 to 6.3.12."""
        mode, output = self.mode(pin), self.bit("odr", pin)
        open_drain = self.bit("otyper", pin)
        if mode == ANALOG:
            return False
        if mode == OUTPUT and not (open_drain and output):
            return output
        if pin in self.driven:
            return self.driven[pin]
        return self.field("pupdr", 2 * pin, 2) == PULL_UP

    def read_idr(self) -> int:
        """Sample all pins."""
        return sum(self.level(pin) << pin for pin in range(16))

    def wrote_odr(self, old: int, _written: int) -> None:
        """Tell whoever watches the pins."""
        self._outputs(old)

    def wrote_bsrr(self, _old: int, written: int) -> None:
        """Set, or else reset, single bits of ODR: section 6.4.7."""
        old = self.values["odr"]
        self.values["odr"] = old & ~(written >> 16) & 0xFFFF | written & 0xFFFF
        self._outputs(old)

    def _outputs(self, old: int) -> None:
        for pin in range(16):
            if (old ^ self.values["odr"]) >> pin & 1 and self.mode(pin) == OUTPUT:
                self.on_output(pin, self.bit("odr", pin))

    # --- configuration lock: section 6.4.8 ---------------------------------------------------

    def wrote_lckr(self, old: int, written: int) -> None:
        """Write 1, 0, 1 to LCKK with the same pins: these stay as they are until reset."""
        if self._locked:
            self.values["lckr"] = old
            return
        self._lock_steps = [*self._lock_steps[-2:], written]
        pins = written & 0xFFFF
        complete = self._lock_steps == [1 << LCKK | pins, pins, 1 << LCKK | pins]
        self._locked = pins if complete else 0
        self.values["lckr"] = pins | bool(self._locked) << LCKK

    def _keep_locked(self, name: str, old: int, width: int, first: int = 0) -> None:
        for pin in range(first, first + 32 // width):
            if self._locked >> pin & 1:
                mask = ((1 << width) - 1) << width * (pin - first)
                self.values[name] = self.values[name] & ~mask | old & mask

    def wrote_moder(self, old: int, _written: int) -> None:
        """Change no locked pin."""
        self._keep_locked("moder", old, 2)

    def wrote_ospeedr(self, old: int, _written: int) -> None:
        """Change no locked pin."""
        self._keep_locked("ospeedr", old, 2)

    def wrote_pupdr(self, old: int, _written: int) -> None:
        """Change no locked pin."""
        self._keep_locked("pupdr", old, 2)

    def wrote_otyper(self, old: int, _written: int) -> None:
        """Change no locked pin."""
        self._keep_locked("otyper", old, 1)

    def wrote_afrl(self, old: int, _written: int) -> None:
        """Change no locked pin."""
        self._keep_locked("afrl", old, 4)

    def wrote_afrh(self, old: int, _written: int) -> None:
        """Change no locked pin."""
        self._keep_locked("afrh", old, 4, first=8)
