"""Compiles small firmwares by a build that is not ours: a sound one, and its sick sisters."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tinyml import linker_script
from tinyml.boards import Board

MAIN = """\
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "shared.h"
#define REG(address) (*(volatile uint32_t *)(address))
extern uint32_t __stack_top[];
void reset(void);
int other(struct shared *s);
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {__stack_top, reset};

#ifndef MODEL
#define MODEL const __attribute__((aligned(16))) unsigned char model_weights[256] = {1, 2, 3}
#endif
MODEL;
volatile float gain = 2.0f;
volatile double precise = 2.0;
volatile unsigned position;
char text[64];
struct shared state;

static void start(void) {
#ifndef NO_FPU
    REG(0xE000ED88) |= 0xFu << 20; // CPACR
#endif
#ifndef NO_CACHES
    REG(0xE000EF50) = 0;          // ICIALLU
    REG(0xE000ED14) |= 1u << 17;  // CCR
    REG(0xE000EF60) = 0;          // DCISW
    REG(0xE000ED14) |= 1u << 16;
#endif
#ifndef NO_CLOCK
    REG(0x40023804) = 0x1234;     // RCC_PLLCFGR
    REG(0x40023C00) = 7;          // FLASH_ACR
#endif
}

#ifdef SEMIHOSTING
__attribute__((noinline)) void host(void) { __asm volatile("bkpt 0xab"); }
#endif

__attribute__((noinline)) float work(void) { return gain * (float)model_weights[position]; }

void reset(void) {
    start();
    gain = work();
#ifdef DOUBLE
    precise = precise * 3.0;
#endif
#ifdef PRINT
    snprintf(text, sizeof text, PRINT);
#endif
#ifdef HEAP
    *(volatile char *)malloc(position + 1) = 1;
#endif
#ifdef GUARDED
    if (REG(0xE000EDF0) & 1u)
#endif
#ifdef SEMIHOSTING
        host();
#endif
#ifdef DEEP
    volatile char buffer[DEEP];
    buffer[position] = 1;
#endif
    for (;;) {
        other(&state);
    }
}
"""
SHARED = """\
#ifdef WIDE
struct shared { int count; long long stamp; };
#else
struct shared { int count; int stamp; };
#endif
"""
OTHER = """\
#include "shared.h"
int other(struct shared *s) { return s->count + (int)s->stamp; }
"""
FPU = ("-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
LINK = ("--specs=nano.specs", "--specs=nosys.specs", "-nostartfiles", "-Wl,--gc-sections", "-T")


@dataclass(frozen=True)
class Recipe:
    """How a firmware differs from the sound one.

    Attributes:
        flags: of every compilation and the link; ``cpu``, ``fpu`` and ``level`` are the usual ones.
        other: of the second source alone.
        link: of the link alone.
        script: words of the linker script, and what stands in their place.
        strip: what is taken out of the finished file.
    """

    flags: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    cpu: str = "cortex-m7"
    fpu: tuple[str, ...] = FPU
    level: tuple[str, ...] = ("-O2", "-g")
    script: tuple[str, str] = ("", "")
    strip: tuple[str, ...] = ()
    main: str = MAIN


def build(folder: Path, board: Board, recipe: Recipe) -> Path:
    """Return the ELF of a recipe."""
    folder.mkdir(parents=True)
    # Ours refuses a heap; others' do not.
    script = re.sub(r"ASSERT\(.*_sbrk.*\)", "", linker_script.generate(board, "a test"))
    script = script.replace(*recipe.script) if recipe.script[0] else script
    for name, content in (
        ("main.c", recipe.main),
        ("other.c", OTHER),
        ("shared.h", SHARED),
        ("x.ld", script),
    ):
        (folder / name).write_text(content)
    core = (f"-mcpu={recipe.cpu}", "-mthumb", *recipe.fpu)
    common = (
        *core,
        f"-ffile-prefix-map={folder}=.",
        *recipe.level,
        *recipe.flags,
        "-ffunction-sections",
        "-fdata-sections",
        "-c",
    )
    run(folder, "arm-none-eabi-gcc", *common, "main.c")
    run(folder, "arm-none-eabi-gcc", *common, *recipe.other, "other.c")
    words = (*core, "main.o", "other.o", *LINK, "x.ld", *recipe.link, "-o", "x.elf")
    run(folder, "arm-none-eabi-gcc", *words)
    if recipe.strip:
        run(folder, "arm-none-eabi-objcopy", *recipe.strip, "x.elf")
    return folder / "x.elf"


def run(folder: Path, *command: str) -> str:
    """Run one tool, which must succeed, and return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
