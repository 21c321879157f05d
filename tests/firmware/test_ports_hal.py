"""Serial ports, sleep, time, watchdog and stack of the HAL: on the virtual board and in QEMU."""

from __future__ import annotations

import os
import random
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support import bare_stm32, project
from support.bare_firmware import FIRMWARE, Kit, make_kit
from tinyml.emulator.stm32f746.machine import Stm32F746

pytestmark = pytest.mark.live

FAULT_STATUS = 70
BYTE_SECONDS = 10 / 115200
PROLOGUE = """
#include <stdint.h>
#include "console.h"
#include "device.h"
#include "interface.h"
// Two instructions a turn: at one a cycle on the virtual board, at 64 ns each in QEMU.
static void wait(uint32_t milliseconds) {
    const uint32_t hz = board_clock_hz() == 25000000u ? 15625000u : board_clock_hz();
    uint32_t turns = milliseconds * (hz / 2000u);
    __asm volatile("1: subs %0, #1\\n bne 1b" : "+r"(turns) :: "cc");
}
static void show(const char *name, uint32_t value) {
    console_text(name);
    console_text(" ");
    console_u32(value, 0);
    console_text("\\n");
}
// Takes all that a port has; returns how many bytes, and their checksum.
static uint32_t take(enum board_port port, uint32_t *sum) {
    uint32_t count = 0;
    for (uint8_t byte; board_port_read(port, &byte); ++count) { *sum = *sum * 31u + byte; }
    return count;
}
"""


@pytest.fixture(scope="module")
def discovery(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the HAL of the STM32F746G-DISCO."""
    return make_kit("stm32f746", tmp_path_factory.mktemp("stm32f746"))


@pytest.fixture(scope="module", params=["stm32f746", "mps2-an500"])
def kit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the HAL of one board and then of the other."""
    return make_kit(request.param, tmp_path_factory.mktemp(request.param))


def main(body: str, before: str = "") -> str:
    """Return a program whose main does ``body`` after board_init."""
    return f"{PROLOGUE}{before}\nint main(void) {{ board_init(); {body}\n return 0; }}\n"


def command(kit: Kit, elf: Path, *options: str) -> list[str]:
    """Return what runs ``elf`` on the emulator of its board."""
    board = FIRMWARE / "boards" / kit.board.name
    return [sys.executable, "-m", "tinyml.emulator", str(board), str(elf), *options]


def environment() -> dict[str, str]:
    """Return the environment of that command."""
    return {**project.without_project_path(), "PYTHONPATH": str(project.ROOT / "site_scons")}


def emulate(kit: Kit, elf: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run ``elf`` without input, to its end."""
    return subprocess.run(
        command(kit, elf, *options),
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def values(text: str) -> dict[str, int]:
    """Return what the program has shown."""
    return {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)\r?$", text, re.MULTILINE)}


def checksum(sent: bytes) -> int:
    """Return what `take` makes of these bytes."""
    total = 0
    for byte in sent:
        total = (total * 31 + byte) % 2**32
    return total


# --- both boards --------------------------------------------------------------------------------


ECHO = main(
    """
    uint32_t served = 0;
    for (;;) {
        for (enum board_port port = 0; port < BOARD_PORTS; ++port) {
            for (uint8_t byte; board_port_read(port, &byte); ++served) {
                if (served % 500 == 250) { wait(3); }
                if (port == BOARD_CONSOLE && byte == 4) {
                    board_exit((int)board_port_lost(BOARD_LINK));
                }
                board_port_write(port, &byte, 1);
            }
        }
        board_sleep();
    }
    """
)


def test_both_ports_lose_nothing(kit: Kit, tmp_path: Path) -> None:
    """Two clients at once get back every byte, while the firmware sends, is busy, or sleeps."""
    elf = kit.link(tmp_path / "echo.elf", ECHO)
    process = subprocess.Popen(
        command(kit, elf, "--console", "tcp:0", "--link", "tcp:0"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        clients = {}
        for line in process.stderr:
            found = re.match(r"(console|link): socket://127\.0\.0\.1:(\d+)$", line)
            if found:
                clients[found[1]] = socket.create_connection(("127.0.0.1", int(found[2])), 20)
            if len(clients) == 2:
                break
        generator = random.Random(1)
        sent = {
            "console": bytes(generator.choices([b for b in range(256) if b != 4], k=1500)),
            "link": generator.randbytes(3000),
        }
        received = dict.fromkeys(sent, b"")

        def exchange(name: str) -> None:
            writer = threading.Thread(target=clients[name].sendall, args=(sent[name],))
            writer.start()
            while len(received[name]) < len(sent[name]) and (got := clients[name].recv(4096)):
                received[name] += got
            writer.join()

        threads = [threading.Thread(target=exchange, args=(name,)) for name in sent]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert received == sent
        clients["console"].sendall(b"\x04")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()


def test_sleep_lasts_a_second_and_time_goes_on(kit: Kit, tmp_path: Path) -> None:
    """With nothing to come, a sleep is ended by the timer, each time anew."""
    body = """
        const uint64_t start = board_milliseconds();
        board_sleep();
        show("first", (uint32_t)(board_milliseconds() - start));
        board_sleep();
        board_sleep();
        show("third", (uint32_t)(board_milliseconds() - start));
    """
    run = emulate(kit, kit.link(tmp_path / "fw.elf", main(body)))
    assert run.returncode == 0, run.stderr
    shown = values(run.stdout)
    assert shown["first"] == pytest.approx(1000, abs=5)
    assert shown["third"] == pytest.approx(3000, abs=15)


def test_stack_mark(kit: Kit, tmp_path: Path) -> None:
    """The mark follows the deepest call, and stays there; the size is the linker script's."""
    before = """
        __attribute__((noinline)) static void deep(void) {
            volatile uint8_t bytes[3000];
            bytes[0] = 1;
        }
    """
    body = """
        const struct board_stack_use start = board_stack();
        deep();
        const struct board_stack_use end = board_stack();
        show("start", start.used);
        show("end", end.used);
        show("bytes", end.bytes);
    """
    run = emulate(kit, kit.link(tmp_path / "fw.elf", main(body, before)))
    shown = values(run.stdout)
    assert 0 < shown["start"] < 1500
    assert 3000 <= shown["end"] < 3500
    assert kit.board.placement is not None
    assert shown["bytes"] == kit.board.placement.stack_size


@pytest.mark.parametrize("place", ["board_sleep", "board_watchdog_feed"])
def test_stack_used_up_is_reported(kit: Kit, tmp_path: Path, place: str) -> None:
    """Where the last word has been written, it may have been more than that."""
    body = f"extern uint32_t __stack_bottom[]; __stack_bottom[0] = 1; {place}();"
    run = emulate(kit, kit.link(tmp_path / "fw.elf", main(body)))
    assert run.returncode == FAULT_STATUS
    assert "fault: the stack is exhausted" in run.stdout


def test_smashed_stack_is_reported(kit: Kit, tmp_path: Path) -> None:
    """A function that writes beyond its array does not return."""
    before = """
        __attribute__((noinline)) static void smash(uint32_t length) {
            volatile char bytes[16];
            for (uint32_t i = 0; i < length; ++i) { bytes[i] = 'x'; }
        }
    """
    body = 'smash(16); console_text("well\\n"); volatile uint32_t more = 20; smash(more);'
    guarded = kit.link(tmp_path / "fw.elf", main(body, before), "c", "-fstack-protector-strong")
    run = emulate(kit, guarded)
    assert run.returncode == FAULT_STATUS
    assert re.search(
        r"well\r?\n\r?\nfault: a function has written beyond its variables", run.stdout
    )


# --- the virtual board, from inside --------------------------------------------------------------


def machine_of(kit: Kit, folder: Path, program: str, received: bytes = b"") -> Stm32F746:
    """Return the virtual board with a program, and what comes in on the console."""
    return bare_stm32.board(
        kit.link(folder / "fw.elf", program), received, limit=None, limit_seconds=100.0
    )


def on_signal(machine: Stm32F746, *actions: tuple[float, Callable[[], None]]) -> None:
    """Do each of ``actions`` so many milliseconds after the program has sent a '!'."""
    uart = machine.uarts["USART6"]
    send = uart.on_send

    def watch(byte: int) -> None:
        send(byte)
        for after, action in actions if byte == ord("!") else ():
            machine.time.after(round(after * machine.hclk / 1000), action)

    uart.on_send = watch


def shown_by(machine: Stm32F746) -> dict[str, int]:
    """Run to the end and return what the program has shown."""
    text = finished(machine)
    return values(text)


def finished(machine: Stm32F746, status: int = 0) -> str:
    """Run to the end with ``status`` and return what the console has sent."""
    assert machine.run() == status, machine.log.lines
    return bytes(machine.lines["USART6"].port.written).decode()


@pytest.mark.parametrize(("count", "kept"), [(1, 1), (200, 200), (255, 255), (300, 255)])
def test_bytes_wait_while_the_firmware_is_busy(
    discovery: Kit, tmp_path: Path, count: int, kept: int
) -> None:
    """As many as the queue holds are kept, in order; the others are counted."""
    body = """
        wait(30);
        uint32_t sum = 0;
        show("count", take(BOARD_CONSOLE, &sum));
        show("sum", sum);
        show("lost", board_port_lost(BOARD_CONSOLE));
    """
    sent = random.Random(count).randbytes(count)
    shown = shown_by(machine_of(discovery, tmp_path, main(body), sent))
    assert shown == {"count": kept, "sum": checksum(sent[:kept]), "lost": count - kept}


def test_bytes_are_received_while_the_firmware_sends(discovery: Kit, tmp_path: Path) -> None:
    """Sending polls, and an interrupt receives meanwhile."""
    body = """
        for (uint32_t i = 0; i < 30; ++i) { console_text("0123456789"); }
        uint32_t sum = 0;
        console_text("\\n");
        show("count", take(BOARD_CONSOLE, &sum));
        show("sum", sum);
    """
    sent = random.Random(7).randbytes(240)
    shown = shown_by(machine_of(discovery, tmp_path, main(body), sent))
    assert shown == {"count": 240, "sum": checksum(sent)}


def test_overrun_is_counted_and_ends(discovery: Kit, tmp_path: Path) -> None:
    """Bytes that come while interrupts are off are lost, which is said, and the next ones come."""
    body = """
        __disable_irq();
        wait(4);
        __enable_irq();
        wait(10);
        uint32_t sum = 0, count = 0;
        uint8_t byte = 0, first = 0;
        for (; board_port_read(BOARD_CONSOLE, &byte); ++count) { first = count ? first : byte; }
        show("count", count);
        show("first", first);
        show("last", byte);
        show("lost", board_port_lost(BOARD_CONSOLE));
        (void)sum;
    """
    shown = shown_by(machine_of(discovery, tmp_path, main(body), bytes(range(100))))
    missed = int(0.004 / BYTE_SECONDS)
    assert shown["count"] == pytest.approx(100 - missed, abs=3)
    assert (shown["first"], shown["last"], shown["lost"]) == (0, 99, 1)


def test_damaged_byte_is_dropped_and_counted(discovery: Kit, tmp_path: Path) -> None:
    """A frame without a stop bit is no byte; it does not stop the next one."""
    body = """
        console_text("!\\n");
        while (board_port_lost(BOARD_CONSOLE) == 0) { board_sleep(); }
        uint8_t byte = 0;
        while (!board_port_read(BOARD_CONSOLE, &byte)) { board_sleep(); }
        show("byte", byte);
        show("lost", board_port_lost(BOARD_CONSOLE));
    """
    machine = machine_of(discovery, tmp_path, main(body))
    uart = machine.uarts["USART6"]
    on_signal(machine, (2, lambda: uart.receive(0, error=True)), (3, lambda: uart.receive(77)))
    assert shown_by(machine) == {"byte": 77, "lost": 1}


def test_byte_between_the_look_and_the_wait_ends_the_sleep(discovery: Kit, tmp_path: Path) -> None:
    """A byte whose interrupt still pends when sleep begins is not slept over."""
    body = """
        __disable_irq();
        wait(5);
        const uint64_t start = board_milliseconds();
        board_sleep();
        const uint64_t end = board_milliseconds();
        uint8_t byte = 0;
        show("read", board_port_read(BOARD_CONSOLE, &byte));
        show("byte", byte);
        show("slept", (uint32_t)(end - start));
    """
    assert shown_by(machine_of(discovery, tmp_path, main(body), b"*")) == {
        "read": 1,
        "byte": ord("*"),
        "slept": 0,
    }


def test_byte_ends_the_sleep(discovery: Kit, tmp_path: Path) -> None:
    """A byte that comes 0.3 s later wakes the firmware then."""
    body = """
        console_text("!\\n");
        const uint64_t start = board_milliseconds();
        board_sleep();
        const uint64_t end = board_milliseconds();
        uint8_t byte = 0;
        show("read", board_port_read(BOARD_CONSOLE, &byte));
        show("slept", (uint32_t)(end - start));
    """
    machine = machine_of(discovery, tmp_path, main(body))
    on_signal(machine, (300, lambda: machine.uarts["USART6"].receive(1)))
    shown = shown_by(machine)
    assert shown["read"] == 1
    assert shown["slept"] == pytest.approx(300, abs=2)


@pytest.mark.parametrize("mhz", [50, 216, 288])
def test_milliseconds_agree_with_the_core_clock(tmp_path: Path, mhz: int) -> None:
    """A fiftieth of a second has a fiftieth of the clock's cycles, whatever the clock."""
    kit = make_kit("stm32f746", tmp_path / "hal", mhz)
    body = """
        const uint64_t edge = board_milliseconds();
        while (board_milliseconds() == edge) { }
        const uint32_t start = board_counter();
        while (board_milliseconds() <= edge + 20) { }
        show("cycles", board_counter() - start);
        show("clock", board_clock_hz());
    """
    shown = shown_by(machine_of(kit, tmp_path, main(body)))
    assert shown["cycles"] == pytest.approx(shown["clock"] / 50, rel=1e-3)


WATCHDOG = """
    console_text(board_reset_cause());
    console_text("\\n");
    if (board_reset_cause()[0] == 'w') { board_exit(5); }
    board_watchdog_feed();
    board_watchdog_start();
    for (uint32_t i = 0; i < 40; ++i) {
        board_sleep();
        board_watchdog_feed();
    }
    console_text("hang\\n");
    __disable_irq();
    for (;;) { __WFI(); }
"""


def test_watchdog_resets_what_hangs_and_nothing_else(discovery: Kit, tmp_path: Path) -> None:
    """40 s of sleep with food are no hang; without it the board starts anew, and knows why."""
    machine = machine_of(discovery, tmp_path, main(WATCHDOG))
    assert finished(machine, 5).split() == ["power", "on", "hang", "watchdog"]
    assert len(machine.resets) == 1
    assert machine.time.seconds == pytest.approx(40 + 30, abs=1)


def test_nothing_interrupts_an_idle_line(discovery: Kit, tmp_path: Path) -> None:
    """While nothing comes in, no exception is taken, so that instruction counts repeat."""
    body = "board_watchdog_start(); wait(100); board_sleep(); wait(100); board_watchdog_feed();"
    machine = machine_of(discovery, tmp_path, main(body))
    entered: list[int] = []
    machine.exceptions.on_entry = lambda number, _pc: entered.append(number)
    finished(machine)
    assert entered == []


def test_queue_has_room_for_the_longest_frame(discovery: Kit, tmp_path: Path) -> None:
    """4096 bytes of message and what frames add wait on the link while the firmware is busy."""
    body = """
        wait(420);
        uint32_t sum = 0;
        show("count", take(BOARD_LINK, &sum));
        show("sum", sum);
        show("lost", board_port_lost(BOARD_LINK));
    """
    machine = machine_of(discovery, tmp_path, main(body))
    sent = random.Random(3).randbytes(4200)
    machine.lines["UART7"].port.send(sent)
    assert shown_by(machine) == {"count": 4200, "sum": checksum(sent), "lost": 0}


# --- QEMU ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mps2(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the HAL of QEMU's board."""
    return make_kit("mps2-an500", tmp_path_factory.mktemp("mps2"))


def test_watchdog_of_qemu_reports_where_it_hangs(mps2: Kit, tmp_path: Path) -> None:
    """Its first time-out is an NMI, so that the report has the place."""
    body = """
        board_watchdog_feed();
        board_watchdog_start();
        for (uint32_t i = 0; i < 2; ++i) { wait(16000); board_watchdog_feed(); }
        console_text("hang\\n");
        __asm volatile("culprit: b culprit");
    """
    run = emulate(mps2, mps2.link(tmp_path / "fw.elf", main(body)))
    assert run.returncode == FAULT_STATUS
    assert run.stdout.startswith("hang\n\nfault: NMI\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "0 0"),
        (("--link", "tcp:0"), "0 1"),
        (("--console", "tcp:0", "--link", "tcp:0"), "1 1"),
    ],
)
def test_qemu_says_which_ports_are_open(
    mps2: Kit, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    """The firmware reads their names from the command line."""
    body = """
        board_exit(10 * board_port_open(BOARD_CONSOLE) + board_port_open(BOARD_LINK) + 100);
    """
    run = emulate(mps2, mps2.link(tmp_path / "fw.elf", main(body)), *options)
    assert run.returncode == 100 + int(said.replace(" ", ""))


def test_open_ports_are_whole_words(mps2: Kit, tmp_path: Path) -> None:
    """A name that only begins or ends like a port's opens nothing."""
    body = "board_exit(10 * board_port_open(BOARD_CONSOLE) + board_port_open(BOARD_LINK));"
    elf = mps2.link(tmp_path / "fw.elf", main(body))
    for arguments, status in ((["linker", "consol", "xlink"], 0), (["none", "link"], 1)):
        told = "".join(f",arg={word}" for word in arguments)
        run = subprocess.run(
            ["qemu-system-arm", "-M", "mps2-an500", "-display", "none", "-monitor", "none"]
            + ["-serial", "null", "-icount", "shift=6", "-kernel", str(elf)]
            + ["-semihosting-config", f"enable=on,target=native{told}"],
            env={"PATH": os.environ["PATH"]},
            timeout=60,
            check=False,
        )
        assert run.returncode == status


# --- a board by data alone ----------------------------------------------------------------------


def test_board_of_the_family_runs_without_code_of_its_own(tmp_path: Path) -> None:
    """The Nucleo has its own crystal, UART and pins, and not a line of C."""
    kit = make_kit("nucleo-f746zg", tmp_path / "hal")
    assert [path.name for path in kit.board.folders[0].iterdir()] == ["board.toml"]
    elf = kit.link(tmp_path / "fw.elf", main('show("clock", board_clock_hz());'))
    run = emulate(kit, elf, "--strict")
    assert run.returncode == 0, run.stderr
    assert values(run.stdout) == {"clock": 216_000_000}
    assert "216 MHz from PLL" in run.stderr
    assert re.search(r"USART3 +1151\d\d baud", run.stderr)
    assert "error" not in run.stderr
