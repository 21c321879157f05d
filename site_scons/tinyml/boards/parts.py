"""What a board has: core, memories, clock, serial ports, emulator; what programmers call it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Core:
    """The processor and how code is compiled for it."""

    cpu: str
    fpu: str
    float_abi: str

    @property
    def flags(self) -> tuple[str, ...]:
        """Compiler, assembler and linker flags that fix the instruction set and the ABI."""
        # With -mfpu the assembler would mark even a file of data as code for that FPU.
        fpu = () if self.float_abi == "soft" else (f"-mfpu={self.fpu}",)
        return (f"-mcpu={self.cpu}", "-mthumb", *fpu, f"-mfloat-abi={self.float_abi}")


@dataclass(frozen=True)
class Memory:
    """One region of memory; ``origin`` and ``size`` in bytes."""

    name: str
    kind: str
    origin: int
    size: int
    attributes: str = ""

    @property
    def end(self) -> int:
        """The first address after the region."""
        return self.origin + self.size


@dataclass(frozen=True)
class Placement:
    """Which region holds what; ``text`` includes vectors, constants and the image of .data.

    ``code`` (the kernels) and ``weights`` (the model's, or some layers') run and are read from
    flash where they are None; otherwise start-up copies them from there.
    """

    text: str
    data: str
    bss: str
    stack: str
    arena: str
    stack_size: int
    code: str | None = None
    weights: str | None = None

    def regions(self) -> dict[str, str]:
        """Return the region of each kind of content that has one."""
        contents = ("text", "data", "bss", "stack", "arena", "code", "weights")
        return {name: region for name in contents if (region := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Pll:
    """Limits of the oscillator inside the PLL (the VCO), which runs at twice the core clock."""

    vco_min_mhz: int
    vco_max_mhz: int


@dataclass(frozen=True)
class Clock:
    """The core clock, in whole MHz; without a PLL it is fixed at ``default_mhz``.

    ``crystal_bypass`` says that the oscillator input is driven, with no crystal at it.
    """

    default_mhz: int
    max_mhz: int
    crystal_hz: int
    crystal_bypass: bool = False
    overclock_mhz: tuple[int, ...] = ()
    pll: Pll | None = None

    @property
    def min_mhz(self) -> int:
        """The slowest clock within specification."""
        return self.default_mhz if self.pll is None else -(-self.pll.vco_min_mhz // 2)

    @property
    def top_mhz(self) -> int:
        """The fastest clock within specification."""
        return self.max_mhz if self.pll is None else min(self.max_mhz, self.pll.vco_max_mhz // 2)

    def allows(self, mhz: int) -> bool:
        """Return whether ``mhz`` is possible, as an overclock or not."""
        return mhz in self.overclock_mhz or self.min_mhz <= mhz <= self.top_mhz

    @property
    def allowed(self) -> str:
        """What may be asked for, in words."""
        top = self.top_mhz
        span = f"{top}" if self.min_mhz == top else f"{self.min_mhz} to {top}"
        return f"{span} MHz" + "".join(f", {mhz} (overclock)" for mhz in self.overclock_mhz)


@dataclass(frozen=True)
class SerialPort:
    """A UART by its name in the manual; the pins, "PC6", and their function where it has any."""

    uart: str
    baud: int
    tx: str | None = None
    rx: str | None = None
    function: int | None = None


@dataclass(frozen=True)
class Serial:
    """The two serial ports: text for people, and the binary protocol."""

    console: SerialPort
    link: SerialPort

    def ports(self) -> dict[str, SerialPort]:
        """Return both by name."""
        return {"console": self.console, "link": self.link}


@dataclass(frozen=True)
class Emulator:
    """How the firmware runs without the board: ``kind`` is ``qemu``, ``virtual`` or ``host``."""

    kind: str
    machine: str = ""
    icount_shift: int = 0


@dataclass(frozen=True)
class Flash:
    """What programmers call the board and its chip; where one is empty, it cannot be used.

    Attributes:
        chip: the chips that ``chip_id`` stands for, in words.
        chip_id: DEV_ID of the chip, in the low 12 bits of the word at ``chip_id_address``.
        openocd_interface, openocd_target: OpenOCD's own files for the probe and the chip.
        pyocd, jlink: pyOCD's and SEGGER's names of the chip.
        stm32loader: the chip's family, as stm32loader calls it.
        usb: ids of the probe on the board, ``VENDOR:PRODUCT``.
        console_usb: ids of what the console's pins are connected to; the probe where empty.
        dfu: id of the chip itself, when its boot loader is on USB.
        volume: label of the drive on which a dropped image is written to flash.
        gdb_reset: how a gdbserver is told to reset the board: ``monitor ...``.
    """

    chip: str = ""
    chip_id: int | None = None
    chip_id_address: int = 0xE0042000
    openocd_interface: str = ""
    openocd_target: str = ""
    pyocd: str = ""
    jlink: str = ""
    stm32loader: str = ""
    usb: tuple[str, ...] = ()
    console_usb: tuple[str, ...] = ()
    dfu: str = ""
    volume: str = ""
    gdb_reset: str = "reset"
