"""A program for QEMU's mps2-an500 that knows nothing of ours: it echoes on two UARTs, one louder.

CMSDK UARTs: Arm DDI 0479 section 4.3; their interrupts: DAI 0500 section 3.8; command line:
semihosting, SYS_GET_CMDLINE.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPT = """
MEMORY { ROM (rx) : ORIGIN = 0, LENGTH = 1M  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 1M }
ENTRY(start)
SECTIONS {
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > ROM
    .bss (NOLOAD) : { *(.bss*) } > RAM
    /DISCARD/ : { *(.ARM.*) *(.comment) }
}
"""
SOURCE = r"""
#include <stdint.h>
#define REG(a) (*(volatile uint32_t *)(a))
#define UART(n) (0x40004000u + 0x1000u * (n))
static uint32_t call(uint32_t operation, const void *block) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
static void put(int port, char byte) {
    while (REG(UART(port) + 4) & 1) { }
    REG(UART(port)) = (uint8_t)byte;
}
static char line[200];
void start(void) {
    const uint32_t where[2] = {(uint32_t)line, sizeof line - 1};
    call(0x15, where);
    for (int port = 0; port < 2; ++port) {
        REG(UART(port) + 16) = 16;
        REG(UART(port) + 8) = 1 | 2 | 8;
    }
    for (const char *c = line; *c; ++c) { put(0, *c); }
    put(0, '\n');
    __asm volatile("cpsid i");
    REG(0xE000E100) = 1 | 4; // the receivers' interrupts: they end WFI, no handler runs
    for (;;) {
        for (int port = 0; port < 2; ++port) {
            while (REG(UART(port) + 4) & 2) {
                const char byte = (char)REG(UART(port));
                if (byte == 4) {
                    const uint32_t end[2] = {0x20026, 9};
                    call(0x20, end);
                }
                put(port, (char)(byte - (port && byte >= 'a' && byte <= 'z' ? 32 : 0)));
            }
            REG(UART(port) + 12) = 2;
        }
        REG(0xE000E280) = 1 | 4;
        if (!((REG(UART(0) + 4) | REG(UART(1) + 4)) & 2)) { __asm volatile("wfi"); }
    }
}
__attribute__((section(".vectors"), used)) static const uintptr_t table[16] = {
    0x20100000, (uintptr_t)start};
"""


def build(folder: Path) -> Path:
    """Compile it and return the ELF."""
    (folder / "mps2.ld").write_text(SCRIPT)
    (folder / "mps2.c").write_text(SOURCE)
    flags = ["-mcpu=cortex-m7", "-mthumb", "-O2", "-ffreestanding", "-nostdlib", "-Wall", "-Werror"]
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, "-T", "mps2.ld", "mps2.c", "-o", "mps2.elf"],
        cwd=folder,
        check=True,
    )
    return folder / "mps2.elf"
