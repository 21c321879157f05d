"""The digit window: draw a digit and see what Keras, TensorFlow Lite and the device make of it.

``python models/mnist/window.py --device emulator:`` or ``/dev/ttyUSB0``, ``socket://localhost:7007``.
The left button draws, the right one erases. Each inference is a line on the terminal too.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from drawing import SIDE, Field, Picture, Point, load_png
from predictors import CLASSES, Device, Keras, Prediction, Predictor, Source, Tflite

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

try:
    import tkinter as tk
    from tkinter import filedialog, ttk
except ImportError as missing:
    raise SystemExit(
        UserError(
            f"this Python has no tkinter ({missing})",
            "Tk's bindings for Python",
            "sudo apt-get install python3-tk",
        ).report()
    ) from missing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ZOOM = 12  # screen pixels a pixel of the field
BAR_WIDTH, BAR_HEIGHT = 150, 20
POLL_MS = 40
Draw = Callable[[Point, Point], None]
PAPER, INK, BAR, BEST, TROUBLE = "#ffffff", "#1c2733", "#9db8d2", "#1f6fb2", "#a4262c"


class Worker(threading.Thread):
    """Opens a predictor and asks it, away from the window, which must go on being drawn."""

    def __init__(self, source: Source) -> None:
        """Start with opening ``source``; results and errors come out of `results`."""
        super().__init__(name=source.name, daemon=True)
        self.results: queue.SimpleQueue[Prediction | UserError | None] = queue.SimpleQueue()
        self._source = source
        self._pictures: queue.SimpleQueue[Picture | None] = queue.SimpleQueue()
        self.start()

    def ask(self, picture: Picture) -> None:
        """Have ``picture`` recognised when those before it are done."""
        self._pictures.put(picture.copy())

    def finish(self, seconds: float = 3.0) -> None:
        """Close the predictor and wait a little for that."""
        self._pictures.put(None)
        self.join(seconds)

    def run(self) -> None:
        """Open, then answer until the end; an error is a result and the next picture a new try."""
        predictor: Predictor | None = self._opened()
        while (picture := self._pictures.get()) is not None:
            predictor = predictor or self._opened()
            if predictor is not None:
                self._answer(predictor, picture)
        if predictor is not None:
            predictor.close()

    def _opened(self) -> Predictor | None:
        try:
            predictor = self._source.open()
        except UserError as error:
            self.results.put(error)
            return None
        self.results.put(None)  # it is ready
        return predictor

    def _answer(self, predictor: Predictor, picture: Picture) -> None:
        try:
            self.results.put(predictor.predict(picture))
        except UserError as error:
            self.results.put(error)


class Panel(ttk.Frame):
    """The scores of one predictor as bars, its answer and what it took."""

    def __init__(self, parent: tk.Misc, name: str) -> None:
        """Lay the panel out, empty."""
        super().__init__(parent, padding=8)
        self.name = name
        self.answer = tk.StringVar(self, "")
        self.note = tk.StringVar(self, "opening ...")
        head = ttk.Frame(self)
        ttk.Label(head, text=name, font="TkHeadingFont").pack(side="left")
        ttk.Label(head, textvariable=self.answer, foreground=BEST, font=("", 20, "bold")).pack(
            side="right"
        )
        head.pack(fill="x")
        self._bars = tk.Canvas(
            self,
            width=BAR_WIDTH + 80,
            height=CLASSES * BAR_HEIGHT,
            background=PAPER,
            highlightthickness=0,
        )
        self._bars.pack()
        self._note = ttk.Label(self, textvariable=self.note, wraplength=BAR_WIDTH + 80)
        self._note.pack(fill="x", pady=(4, 0))
        self.clear()

    def clear(self) -> None:
        """Show no scores."""
        self._draw(np.zeros(CLASSES))
        self.answer.set("")

    def show(self, prediction: Prediction) -> None:
        """Show scores, answer and cost."""
        self._draw(prediction.scores)
        self.answer.set(str(prediction.answer))
        self._say(prediction.cost, "")

    def say(self, text: str) -> None:
        """Show what it is doing."""
        self._say(text, "")

    def fail(self, error: UserError) -> None:
        """Show what went wrong and what to do, in place of an answer."""
        self.clear()
        self._say(f"{error.culprit}\ntry: {error.hint}", TROUBLE)

    def _say(self, text: str, colour: str) -> None:
        self._note.configure(foreground=colour)
        self.note.set(text)

    def _draw(self, scores: np.ndarray) -> None:
        self._bars.delete("all")
        best = scores.argmax() if scores.any() else -1
        for digit, score in enumerate(scores):
            top, middle = digit * BAR_HEIGHT, (digit + 0.5) * BAR_HEIGHT
            length = BAR_WIDTH * float(np.clip(score, 0, 1))
            self._bars.create_text(10, middle, text=str(digit), fill=INK)
            self._bars.create_rectangle(
                *(24, top + 3, 24 + length, top + BAR_HEIGHT - 3),
                fill=BEST if digit == best else BAR,
                width=0,
            )
            self._bars.create_text(30 + length, middle, text=f"{score:.3f}", anchor="w", fill=INK)


class DigitWindow(ttk.Frame):
    """The whole window: field and buttons on the left, a panel for each predictor."""

    def __init__(self, root: tk.Tk, sources: Sequence[Source]) -> None:
        """Fill ``root``, whose closing ends the predictors too."""
        super().__init__(root, padding=8)
        self.field = Field()
        self.panels = [Panel(self, source.name) for source in sources]
        self._workers = [Worker(source) for source in sources]
        self._last: Point | None = None
        self._lay_out()
        self.pack(fill="both", expand=True)
        root.title("scons-tinyml: draw a digit")
        root.resizable(False, False)
        root.protocol("WM_DELETE_WINDOW", self.close)
        self._bind(root)
        self._paint()
        self._poll()

    def _lay_out(self) -> None:
        left = ttk.Frame(self, padding=8)
        size = SIDE * ZOOM
        self.canvas = tk.Canvas(
            left, width=size, height=size, background=PAPER, cursor="pencil", highlightthickness=1
        )
        self.canvas.pack()
        self.buttons = {}
        commands = {
            "Infer": self.infer,
            "Clear": self.clear,
            "Centre": self.centre,
            "Open ...": self.open_png,
            "Save PNG ...": self.save_png,
            "Save C ...": self.save_c,
        }
        grid = ttk.Frame(left)
        for number, (text, command) in enumerate(commands.items()):
            button = ttk.Button(grid, text=text, command=partial(self._guarded, command))
            button.grid(row=number // 3, column=number % 3, sticky="ew", padx=2, pady=2)
            grid.columnconfigure(number % 3, weight=1)
            self.buttons[text] = button
        grid.pack(fill="x", pady=(8, 0))
        self.status = tk.StringVar(self, "left button draws, right button erases, Return infers")
        ttk.Label(left, textvariable=self.status, wraplength=size).pack(fill="x", pady=(6, 0))
        left.grid(row=0, column=0, sticky="n")
        for column, panel in enumerate(self.panels, start=1):
            panel.grid(row=0, column=column, sticky="n")

    def _bind(self, root: tk.Tk) -> None:
        for button, draw in (("1", self.field.stroke), ("3", self.field.erase)):
            self.canvas.bind(f"<Button-{button}>", partial(self._begin, draw))
            self.canvas.bind(f"<B{button}-Motion>", partial(self._go_on, draw))
        root.bind("<Return>", lambda _event: self._guarded(self.infer))
        root.bind("<Escape>", lambda _event: self._guarded(self.clear))
        root.bind("<Control-s>", lambda _event: self._guarded(self.save_png))

    # --- drawing ---------------------------------------------------------------------------------

    def _begin(self, draw: Draw, event: tk.Event) -> None:
        self._last = (event.x / ZOOM, event.y / ZOOM)
        self._go_on(draw, event)

    def _go_on(self, draw: Draw, event: tk.Event) -> None:
        here = (event.x / ZOOM, event.y / ZOOM)
        draw(self._last or here, here)
        self._last = here
        self._paint()

    def _paint(self) -> None:
        greys = [[f"#{255 - value:02x}{255 - value:02x}{255 - value:02x}" for value in row]
                 for row in self.field.picture.tolist()]  # fmt: skip
        small = tk.PhotoImage(master=self, width=SIDE, height=SIDE)
        small.put(" ".join("{" + " ".join(row) + "}" for row in greys))
        self._image = small.zoom(ZOOM)  # Tk does not keep it alive by itself
        self.canvas.delete("all")
        self.canvas.create_image(0, 0, image=self._image, anchor="nw")

    # --- commands --------------------------------------------------------------------------------

    def _guarded(self, command: Callable[[], None]) -> None:
        """Carry a command out; a mistake is shown below the field."""
        try:
            command()
        except UserError as error:
            self.status.set(f"{error.culprit}; try: {error.hint}")

    def infer(self) -> None:
        """Ask all predictors."""
        for worker, panel in zip(self._workers, self.panels, strict=True):
            panel.say("asking ...")
            worker.ask(self.field.picture)

    def clear(self) -> None:
        """Begin again."""
        self.field.clear()
        for panel in self.panels:
            panel.clear()
        self._paint()

    def centre(self) -> None:
        """Put the drawing where MNIST has it."""
        self.field.centre()
        self._paint()

    def open_png(self) -> None:
        """Take a digit from an image file."""
        if name := filedialog.askopenfilename(parent=self, filetypes=[("images", "*.png *.jpg")]):
            self.show(load_png(Path(name)))

    def show(self, picture: Picture) -> None:
        """Show ``picture`` in the field, to be drawn on."""
        self.field.picture[:] = picture
        self._paint()

    def save_png(self) -> None:
        """Write the digit as an image."""
        if name := self._name_for(".png"):
            self.field.save_png(name)
            self.status.set(f"wrote {name}")

    def save_c(self) -> None:
        """Write the digit as a C array."""
        if name := self._name_for(".c"):
            try:
                write_if_changed(name, self.field.c_array())
            except OSError as error:
                raise UserError(
                    f"cannot write {name}: {error.strerror}", "a file in a folder", "another name"
                ) from error
            self.status.set(f"wrote {name}")

    def _name_for(self, suffix: str) -> Path | None:
        name = filedialog.asksaveasfilename(
            parent=self, defaultextension=suffix, initialfile=f"digit{suffix}"
        )
        return Path(name) if name else None

    # --- answers ---------------------------------------------------------------------------------

    def _poll(self) -> None:
        for worker, panel in zip(self._workers, self.panels, strict=True):
            with contextlib.suppress(queue.Empty):
                while True:
                    self._take(panel, worker.results.get_nowait())
        self._timer = self.after(POLL_MS, self._poll)

    def _take(self, panel: Panel, result: Prediction | UserError | None) -> None:
        if isinstance(result, UserError):
            panel.fail(result)
            print(f"{panel.name:<8} {result.report()}", file=sys.stderr, flush=True)
        elif result is None:
            panel.say("ready")
        else:
            panel.show(result)
            best = result.scores.max()
            print(f"{panel.name:<8} {result.answer}  {best:.3f}  {result.cost}", flush=True)

    def close(self) -> None:
        """End the predictors, then the window."""
        self.after_cancel(self._timer)
        for worker in self._workers:
            worker.finish()
        self.winfo_toplevel().destroy()


def _sources(options: argparse.Namespace) -> list[Source]:
    sources = [
        Source("Keras", partial(Keras, options.keras)),
        Source("TFLite", partial(Tflite, options.tflite)),
    ]
    if options.device != "none":
        sources.append(Source("Device", partial(Device, options.device)))
    return sources


def main(arguments: list[str] | None = None) -> int:
    """Open the digit window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="emulator:", metavar="PORT", help="or none")
    parser.add_argument("--keras", type=Path, default=HERE / "mnist.h5", metavar="FILE")
    tflite = ROOT / "build" / "models" / "mnist" / "int8" / "mnist.tflite"
    parser.add_argument("--tflite", type=Path, default=tflite, metavar="FILE")
    parser.add_argument("picture", type=Path, nargs="?", help="an image to begin with")
    options = parser.parse_args(arguments)
    picture = load_png(options.picture) if options.picture else None
    try:
        root = tk.Tk()
    except tk.TclError as error:
        raise UserError(
            f"cannot open a window: {error}",
            "a graphical session (DISPLAY)",
            "ssh -X, or python -m tinyml.link infer digit.png",
        ) from error
    window = DigitWindow(root, _sources(options))
    if picture is not None:
        window.show(picture)
    try:
        root.mainloop()
    except KeyboardInterrupt:
        window.close()
        raise
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
