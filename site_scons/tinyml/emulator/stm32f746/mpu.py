"""Memory protection unit: PM0253 section 4.6, ARMv7-M ARM section B3.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

REGIONS = 8
READ, WRITE, EXECUTE = 1, 2, 4  # as unicorn has them
_ALL = READ | WRITE | EXECUTE
_XN = 1 << 28
# AP: what privileged and unprivileged code may do with data (table 90 of PM0253).
_ACCESS = {
    0: (0, 0),
    1: (READ | WRITE, 0),
    2: (READ | WRITE, READ),
    3: (READ | WRITE, READ | WRITE),
    5: (READ, 0),
    6: (READ, READ),
    7: (READ, READ),
}
# Without a region, the default memory map: code and RAM can be executed (table B3-1).
_PRIVATE = range(0xE0000000, 0xE0100000)
_NO_CODE = (range(0x40000000, 0x60000000), range(0xA0000000, 0x100000000))


class Mode(NamedTuple):
    """What the rules depend on beside the regions."""

    privileged: bool
    on: bool  # CTRL.ENABLE, and HFNMIENA where the core handles a HardFault or worse
    default: bool  # CTRL.PRIVDEFENA


@dataclass(frozen=True)
class Region:
    """One region that is enabled."""

    base: int
    size: int
    disabled: int  # SRD: a bit for each eighth
    privileged: int
    unprivileged: int

    @classmethod
    def of(cls, rbar: int, rasr: int) -> Region | None:
        """Return the region that the registers describe; None where it is off."""
        exponent = (rasr >> 1 & 0x1F) + 1
        if not rasr & 1 or exponent < 5:
            return None
        size = 1 << exponent
        data = _ACCESS.get(rasr >> 24 & 7, (0, 0))
        with_code = [each | (EXECUTE if each & READ and not rasr & _XN else 0) for each in data]
        disabled = rasr >> 8 & 0xFF if size >= 256 else 0
        return cls(rbar & ~(size - 1) & 0xFFFFFFFF, size, disabled, *with_code)

    def holds(self, address: int) -> bool:
        """Return whether ``address`` is in it and in none of its disabled parts."""
        offset = address - self.base
        return 0 <= offset < self.size and not self.disabled >> (offset * 8 // self.size) & 1

    def edges(self) -> list[int]:
        """Return where its rules may begin or end."""
        if not self.disabled:
            return [self.base, self.base + self.size]
        return [self.base + self.size * part // 8 for part in range(9)]


class Mpu:
    """What may be done where."""

    def __init__(self) -> None:
        """No region."""
        self.regions: tuple[Region, ...] = ()

    def configure(self, registers: dict[tuple[int, str], int]) -> None:
        """Take the regions; the highest number decides where they overlap."""
        pairs = [
            (registers.get((number, "rbar"), 0), registers.get((number, "rasr"), 0))
            for number in reversed(range(REGIONS))
        ]
        self.regions = tuple(filter(None, (Region.of(*pair) for pair in pairs)))

    def allowed(self, address: int, mode: Mode) -> int:
        """Return what may be done with the byte at ``address``."""
        if address in _PRIVATE:
            return READ | WRITE if mode.privileged else 0
        region = next((each for each in self.regions if each.holds(address)), None)
        if mode.on and region:
            return region.privileged if mode.privileged else region.unprivileged
        if mode.on and not (mode.privileged and mode.default):
            return 0
        return _ALL & ~EXECUTE if any(address in area for area in _NO_CODE) else _ALL

    def allows(self, address: int, size: int, what: int, mode: Mode) -> bool:
        """Return whether all of ``size`` bytes may be read, written or executed."""
        last = address + max(size, 1) - 1
        return bool(self.allowed(address, mode) & self.allowed(last, mode) & what)

    def page(self, start: int, size: int, mode: Mode) -> int:
        """Return what may be done everywhere in a page."""
        edges = [edge for region in self.regions for edge in region.edges()]
        places = {start, *(edge for edge in edges if start < edge < start + size)}
        result = _ALL
        for place in places:
            result &= self.allowed(place, mode)
        return result
