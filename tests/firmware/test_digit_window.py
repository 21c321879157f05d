"""The digit window, in a virtual X server with a real pointer and real keys."""

from __future__ import annotations

import gc
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageGrab

from support import project
from tinyml.errors import UserError

pytestmark = pytest.mark.live
FOLDER = project.ROOT / "models" / "mnist"
ZOOM = 12
SEVEN = [(8, 8), (20, 8), (12, 22)]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """Start an X server without a screen; return its name."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    yield f":{server.stdout.readline().strip()}"
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="module")
def tflite() -> Path:
    """Return the converted model."""
    project.build("board=host", "model")
    return project.ROOT / "build/models/mnist/int8/mnist.tflite"


@pytest.fixture
def window_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return models/mnist/window.py as a module."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("window", "drawing", "predictors", "digits", "train"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("window")


class Desk:
    """A window on a display, and hands that use it as a person does."""

    def __init__(self, display: str, module: ModuleType, sources: list[object]) -> None:
        """Open the window and wait until each predictor is ready or has failed."""
        self.display = display
        self.root = module.tk.Tk(screenName=display)
        self.window = module.DigitWindow(self.root, sources)
        self.root.geometry("+20+20")
        self.wait(lambda: all(p.note.get() != "opening ..." for p in self.window.panels))

    def wait(self, done: Callable[[], bool], seconds: float = 60) -> None:
        """Let the window live until ``done``."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "the window did not get there"
            self.root.update()
            time.sleep(0.01)

    def hands(self, *words: object) -> None:
        """Run xdotool, then let the window take what it did."""
        command = ["xdotool", *map(str, words)]
        subprocess.run(command, env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"}, check=True)
        for _ in range(5):
            self.root.update()
            time.sleep(0.01)

    def draw(self, points: list[tuple[int, int]], button: int = 1) -> None:
        """Draw a line through ``points`` of the field."""
        self.root.update()
        left, top = self.window.canvas.winfo_rootx(), self.window.canvas.winfo_rooty()
        places = [(left + x * ZOOM, top + y * ZOOM) for x, y in points]
        self.hands("mousemove", *places[0], "mousedown", button)
        for place in places[1:]:
            self.hands("mousemove", *place)
        self.hands("mouseup", button)

    def press(self, text: str) -> None:
        """Click a button of the window."""
        button = self.window.buttons[text]
        x = button.winfo_rootx() + button.winfo_width() // 2
        y = button.winfo_rooty() + button.winfo_height() // 2
        self.hands("mousemove", x, y, "click", 1)

    def infer(self) -> list[str]:
        """Click on Infer and return the answers."""
        self.press("Infer")
        self.wait(lambda: all(p.note.get() != "asking ..." for p in self.window.panels))
        return [panel.answer.get() for panel in self.window.panels]


@pytest.fixture
def open_desk(display: str, window_module: ModuleType) -> Iterator[Callable[..., Desk]]:
    """Return what opens a window; it is closed at the end."""
    desks: list[Desk] = []

    def opened(*sources: object) -> Desk:
        desks.append(Desk(display, window_module, list(sources)))
        return desks[-1]

    yield opened
    while desks:
        desks.pop().window.close()
    gc.collect()  # Tk's objects must go in the thread that made them


def every_predictor(module: ModuleType, tflite: Path, port: str) -> list[object]:
    """Return the three that a user sees."""
    words = SimpleNamespace(keras=FOLDER / "mnist.h5", tflite=tflite, device=port)
    return module._sources(words)


def test_a_drawn_seven_is_seen_by_all_three(
    open_desk: Callable[..., Desk], window_module: ModuleType, tflite: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Pointer strokes give a seven; Keras, TFLite and the device say so, in bars and on stdout."""
    port = f"emulator:{project.build('board=host') / 'mnist.elf'}"
    desk = open_desk(*every_predictor(window_module, tflite, port))
    desk.draw(SEVEN)
    assert desk.infer() == ["7", "7", "7"]
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"Keras", "TFLite", "Device"}
    assert all(re.search(r" 7  [01]\.\d{3}  ", line) for line in lines)
    shown = ImageGrab.grab(xdisplay=desk.display)
    shown.save(tmp_path / "window.png")
    keep = project.ROOT / "build" / "benchmarks"
    keep.mkdir(parents=True, exist_ok=True)
    shutil.copy(tmp_path / "window.png", keep / "digit-window.png")
    # The longest bar is the seventh's, in the colour of the best.
    panel = desk.window.panels[0]
    x, y = panel._bars.winfo_rootx() + 40, panel._bars.winfo_rooty() + 7 * 20 + 10
    assert shown.getpixel((x, y)) == (0x1F, 0x6F, 0xB2)
    assert shown.getpixel((x, y - 20)) == (255, 255, 255)


def test_scons_draw_opens_it_on_the_users_display(display: str) -> None:
    """The target; Ctrl-C at the terminal closes the window without a word of Python's."""
    project.build("board=host")
    with project.alone():
        scons = subprocess.Popen(
            [sys.executable, "-m", "SCons", "-Q", "board=host", "draw"],
            cwd=project.ROOT,
            env={**project.without_project_path(), "DISPLAY": display},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        search = ["xdotool", "search", "--sync", "--name", "scons-tinyml: draw a digit"]
        try:
            where = {"DISPLAY": display, "PATH": "/usr/bin:/bin"}
            subprocess.run(search, env=where, check=True, timeout=60, stdout=subprocess.DEVNULL)
        finally:
            os.killpg(scons.pid, signal.SIGINT)
            _, said = scons.communicate(timeout=60)
    assert scons.returncode == 2
    assert "Traceback" not in said


def test_erase_clear_and_keys(open_desk: Callable[..., Desk]) -> None:
    """The right button takes ink away, Clear and Escape all of it."""
    desk = open_desk()
    picture = desk.window.field.picture
    desk.draw(SEVEN)
    drawn = int(picture.sum())
    assert picture[8, 14] == 255 and picture[2, 2] == 0
    desk.draw(SEVEN[:2], button=3)
    assert 0 < picture.sum() < drawn and picture[8, 14] == 0
    desk.press("Clear")
    assert not picture.any()
    desk.draw(SEVEN)
    desk.hands("key", "Escape")
    assert not picture.any()


def test_files_by_the_dialogs(
    open_desk: Callable[..., Desk], window_module: ModuleType, tmp_path: Path
) -> None:
    """A digit is saved as PNG and as C; the PNG opens as what it was; the C compiles."""
    desk = open_desk()
    desk.draw(SEVEN)
    drawn = desk.window.field.picture.copy()
    png, source = tmp_path / "seven.png", tmp_path / "seven.c"

    def fill(name: Path) -> None:
        desk.root.after(1, lambda: type_into_dialog(desk.display, name))

    fill(png)
    desk.press("Save PNG ...")
    desk.wait(png.is_file)
    fill(source)
    desk.press("Save C ...")
    desk.wait(source.is_file)
    assert np.array_equal(np.asarray(Image.open(png)), 255 - drawn)
    assert np.array_equal(window_module.load_png(png), drawn)
    subprocess.run(["gcc", "-Wall", "-Werror", "-c", source, "-o", tmp_path / "c.o"], check=True)
    numbers = re.findall(r"\d+", source.read_text().split("{")[1])
    assert np.array_equal(np.array(numbers, np.uint8).reshape(28, 28), drawn)
    desk.press("Clear")
    fill(png)
    desk.press("Open ...")
    desk.wait(lambda: bool(desk.window.field.picture.any()))
    assert np.array_equal(desk.window.field.picture, drawn)


def type_into_dialog(display: str, name: Path) -> None:
    """Type a file's name into the dialog that is to open, over what it proposes, and Return.

    Without a window manager the keys go to the window that is under the pointer.
    """
    into = ["search", "--sync", "--onlyvisible", "--name", "^(Save As|Open)$"]
    keys = ["key", "ctrl+slash", "type", str(name)]
    hands = ["xdotool", *into, "mousemove", "--window", "%1", "60", "60", "sleep", "0.3", *keys]
    subprocess.Popen(
        ["sh", "-c", '"$@" && xdotool key Return', "sh", *hands],
        env={"DISPLAY": display, "PATH": "/usr/bin:/bin"},
    )


def test_a_predictor_that_fails_says_so_and_the_others_go_on(
    open_desk: Callable[..., Desk], window_module: ModuleType, tflite: Path, tmp_path: Path
) -> None:
    """A missing file is named with what to do, in its own panel only."""
    missing = window_module.Source("Keras", lambda: window_module.Keras(tmp_path / "no.h5"))
    good = window_module.Source("TFLite", lambda: window_module.Tflite(tflite))
    desk = open_desk(missing, good)
    desk.draw(SEVEN)
    assert desk.infer() == ["", "7"]
    note = desk.window.panels[0].note.get()
    assert "no.h5 is not there" in note and "train.py" in note


# --- without a window ----------------------------------------------------------------------------


def test_the_pen(window_module: ModuleType) -> None:
    """A stroke is as wide as the pen, soft at its edge, and meets itself without a seam."""
    field = window_module.Field()
    field.stroke((4, 14), (24, 14))
    column = field.picture[:, 14].astype(int)
    assert column.max() == 255 and np.count_nonzero(column) == 4
    assert column.sum() == pytest.approx(255 * 2.6, abs=2)
    before = field.picture.copy()
    field.stroke((8, 14), (20, 14))
    assert np.array_equal(field.picture, before)


def test_centre_keeps_all_ink(window_module: ModuleType) -> None:
    """A digit in a corner goes to the middle; one that fills the field stays whole."""
    field = window_module.Field()
    field.stroke((3, 3), (3, 9))
    total = int(field.picture.sum())
    field.centre()
    rows, columns = np.nonzero(field.picture)
    assert abs(rows.mean() - 13.5) <= 0.5 and abs(columns.mean() - 13.5) <= 0.5
    assert field.picture.sum() == total
    field.stroke((0.5, 0.5), (27.5, 0.5))
    total = int(field.picture.sum())
    field.centre()
    assert field.picture.sum() == total
    field.clear()
    field.centre()  # nothing to centre
    assert not field.picture.any()


@pytest.mark.parametrize("ink_is_light", [False, True])
def test_images_of_other_sizes(
    window_module: ModuleType, tmp_path: Path, ink_is_light: bool
) -> None:
    """A larger image, in colours, dark on light or reverse, is fitted into the field."""
    field = window_module.Field()
    field.stroke((8, 8), (20, 20))
    image = Image.fromarray(field.picture if ink_is_light else 255 - field.picture)
    image.resize((280, 280), Image.Resampling.NEAREST).convert("RGB").save(tmp_path / "x.png")
    assert np.array_equal(window_module.load_png(tmp_path / "x.png"), field.picture)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_image_is_refused(
    window_module: ModuleType, tmp_path: Path, content: bytes
) -> None:
    """A damaged or foreign file is an error in three parts."""
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(UserError, match="as an image"):
        window_module.load_png(tmp_path / "x.png")
