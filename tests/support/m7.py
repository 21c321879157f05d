"""A compiled model on an emulated Cortex-M7: the app `vectors` on QEMU's board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from support.bare_firmware import Kit, make_kit
from support.compiled import INCLUDES, ROOT, kernel_library, run
from tinyml.emulator import process, qemu

Array = np.ndarray[Any, np.dtype[Any]]
VECTORS = ROOT / "firmware" / "apps" / "vectors"
GCC = "arm-none-eabi-gcc"


@dataclass(frozen=True)
class CortexM7:
    """The board's HAL, the kernels and the app, compiled once."""

    kit: Kit
    objects: tuple[str, ...]

    @classmethod
    def make(cls, folder: Path, kernel: str = "reference") -> CortexM7:
        """Compile everything that does not depend on the model, into ``folder``.

        ``kernel`` is the kernel set: for `cm7`, its files take the place of the reference's.
        """
        kit = make_kit("mps2-an500", folder / "hal")
        kernels = kernel_library(folder / "kernels", GCC, tuple(kit.flags), kernel)
        source = VECTORS / "file_semihosting.c"
        run([GCC, *kit.flags, "-std=c11", f"-I{VECTORS}", "-c", str(source)], folder)
        app = folder / "file_semihosting.o"
        return cls(kit, (str(app), str(kernels), str(kit.library)))

    def link(self, folder: Path, sources: list[str]) -> Path:
        """Compile and link the app around ``folder``/model.h and ``sources``; return the ELF."""
        flags = [*self.kit.flags, "-std=c11", "-I.", f"-I{VECTORS}"]
        flags += [f"-I{ROOT / path}" for path in INCLUDES]
        flags += ["--specs=nano.specs", "-nostartfiles", f"-Wl,-T,{self.kit.script}"]
        flags += ["-Wl,--gc-sections", "-Wl,--fatal-warnings"]
        main = str(VECTORS / "main.c")
        run([GCC, *flags, main, *sources, *self.objects, "-lm", "-o", "vectors.elf"], folder)
        return folder / "vectors.elf"

    def run(self, elf: Path, vectors: list[list[Array]]) -> bytes:
        """Return what the app makes of the vectors: all outputs, raw."""
        records = b"".join(array.tobytes() for vector in vectors for array in vector)
        (elf.parent / "inputs.bin").write_bytes(records)
        assert self.kit.board.emulator is not None
        command = qemu.command(self.kit.board.emulator, elf)
        assert process.run(command, elf.parent, 60) == 0
        return (elf.parent / "outputs.bin").read_bytes()
