"""What GDB is told of the target, and its view of registers and memory."""

from __future__ import annotations

from tinyml.emulator.stm32f746.core import REGISTERS
from tinyml.emulator.stm32f746.flash import SECTORS, is_programmable
from tinyml.emulator.stm32f746.machine import Stm32F746
from tinyml.emulator.stm32f746.memory import FLASH

_CORE = (*(f"r{number}" for number in range(13)), "sp", "lr", "pc", "xpsr")
_SYSTEM = ("msp", "psp", "primask", "basepri", "faultmask", "control")
_DOUBLES = tuple(f"d{number}" for number in range(16))
# In the order of their numbers, as the description lists them.
NAMES = (*_CORE, *_SYSTEM, *_DOUBLES, "fpscr")
_TYPES = {"sp": "data_ptr", "pc": "code_ptr", "msp": "data_ptr", "psp": "data_ptr"}
_BYTES = {"primask", "basepri", "faultmask", "control"}


def description() -> str:
    """Return the target's description: GDB manual, section G.5.3 (M-profile)."""
    features = (("m-profile", _CORE), ("m-system", _SYSTEM), ("vfp", (*_DOUBLES, "fpscr")))
    parts = [
        f'<feature name="org.gnu.gdb.arm.{name}">{"".join(map(_register, registers))}</feature>'
        for name, registers in features
    ]
    return (
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">'
        f'<target version="1.0"><architecture>arm</architecture>{"".join(parts)}</target>'
    )


def _register(name: str) -> str:
    bits = 8 if name in _BYTES else 8 * size_of(name)
    kind = "ieee_double" if name in _DOUBLES else _TYPES.get(name, f"uint{bits}")
    return f'<reg name="{name}" bitsize="{bits}" type="{kind}"/>'


def size_of(name: str) -> int:
    """Return the bytes of a register in a packet."""
    return 8 if name in _DOUBLES else 1 if name in _BYTES else 4


def memory_map(machine: Stm32F746) -> str:
    """Return where RAM and flash are, so that ``load`` erases and programs."""
    parts, start = [], FLASH
    for size in SECTORS:
        parts.append(
            f'<memory type="flash" start="{start:#x}" length="{size:#x}">'
            f'<property name="blocksize">{size:#x}</property></memory>'
        )
        start += size
    for memory in machine.memories.all:
        for origin in memory.origins():
            if not is_programmable(origin):
                kind = "ram" if memory.writable else "rom"
                parts.append(
                    f'<memory type="{kind}" start="{origin:#x}" length="{memory.size:#x}"/>'
                )
    areas = ((0x40000000, 0x20000000), (0xA0000000, 0x2000), (0xE0000000, 0x100000))
    for start, size in areas:
        parts.append(f'<memory type="ram" start="{start:#x}" length="{size:#x}"/>')
    return f'<?xml version="1.0"?><memory-map>{"".join(parts)}</memory-map>'


def read_register(machine: Stm32F746, name: str) -> bytes:
    """Return a register, little-endian."""
    core = machine.core
    if name in _DOUBLES:
        first = 2 * int(name[1:])
        value = core[f"s{first}"] & 0xFFFFFFFF | (core[f"s{first + 1}"] & 0xFFFFFFFF) << 32
    else:
        value = core[name]
    if name == "control":
        value &= 7
    return (value & ((1 << 8 * size_of(name)) - 1)).to_bytes(size_of(name), "little")


def write_register(machine: Stm32F746, name: str, data: bytes) -> None:
    """Set a register; its bytes are little-endian."""
    value = int.from_bytes(data, "little")
    core = machine.core
    if name in _DOUBLES:
        first = 2 * int(name[1:])
        core[f"s{first}"], core[f"s{first + 1}"] = value & 0xFFFFFFFF, value >> 32
        return
    assert name in REGISTERS
    core[name] = value & ~1 if name == "pc" else value


def read_memory(machine: Stm32F746, address: int, size: int) -> bytes | None:
    """Return memory, or registers of peripherals with what reading them does."""
    data = machine.memories.read(address, size)
    if data is not None:
        return data
    if address % 4 or size not in (1, 2, 4):
        words = [read_memory(machine, each, 4) for each in range(address & ~3, address + size, 4)]
        if any(word is None for word in words) or not words:
            return None
        joined = b"".join(word for word in words if word)
        return joined[address & 3 : (address & 3) + size]
    value = machine.peek(address, size)
    return None if value is None else value.to_bytes(size, "little")


def write_memory(machine: Stm32F746, address: int, data: bytes) -> bool:
    """Write RAM or a peripheral's register; return False for anything else."""
    if machine.memories.write(address, data):
        machine.core.forget_code(address, len(data))
        return True
    if len(data) not in (1, 2, 4) or address % len(data):
        return False
    return machine.store(address, len(data), int.from_bytes(data, "little"))
