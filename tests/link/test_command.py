"""``python -m tinyml.link``: pictures and arrays in, tables and JSON out."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from support.link_standin import (
    Firmware,
    StandinModel,
    StandinTensor,
    served,
)
from tinyml.errors import UserError
from tinyml.link import samples
from tinyml.link.__main__ import main
from tinyml.link.answers import Model, Tensor

RAMP = np.arange(784, dtype=np.uint8).reshape(28, 28)


def png(pixels: np.ndarray[Any, Any], colour: int, depth: int = 8) -> bytes:
    """Return a PNG, written from its specification: IHDR, IDAT without filters, IEND."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )


def model_of(shape: tuple[int, ...], dtype: str = "int8") -> Model:
    """Return a model with one input of that shape."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    tensor = Tensor("image", np.dtype(dtype), shape, size, 1 / 255, -128, None)
    return Model(0, "digits", (tensor,), (), 1, 0, 1, 1, 0)


GREY = model_of((1, 28, 28, 1))


def read_one(path: Path, model: Model = GREY, invert: bool = False) -> samples.Sample:
    """Return the only sample of a file."""
    (sample,) = samples.read(path, model, invert)
    return sample


def test_grey_pictures(tmp_path: Path) -> None:
    """PNG of 8 and 16 bits, and PGM: the pixels as they are stored."""
    (tmp_path / "8.png").write_bytes(png(RAMP, 0))
    (tmp_path / "16.png").write_bytes(png((RAMP * np.uint16(256) + 9).astype(">u2"), 0, 16))
    (tmp_path / "8.pgm").write_bytes(b"P5 28 28 255\n" + RAMP.tobytes())
    for name in ("8.png", "16.png", "8.pgm"):
        sample = read_one(tmp_path / name)
        assert sample.pixels and sample.name == name
        np.testing.assert_array_equal(sample.values[0], RAMP.reshape(1, 28, 28, 1))
        np.testing.assert_array_equal(
            read_one(tmp_path / name, invert=True).values[0], 255 - RAMP.reshape(1, 28, 28, 1)
        )


def test_colours(tmp_path: Path) -> None:
    """Colours stay for a model that takes them, and become grey for one that does not."""
    colours = np.stack([RAMP, RAMP.T, np.full_like(RAMP, 7)], axis=2)
    (tmp_path / "x.png").write_bytes(png(colours, 2))
    values = read_one(tmp_path / "x.png", model_of((1, 28, 28, 3))).values[0]
    np.testing.assert_array_equal(values[0], colours)
    grey = read_one(tmp_path / "x.png").values[0][0, :, :, 0]
    # ITU-R BT.601's luma
    luma = colours @ [0.299, 0.587, 0.114]
    assert np.abs(grey - luma).max() <= 1


@pytest.mark.parametrize("ink", [0, 255])
def test_transparency(tmp_path: Path, ink: int) -> None:
    """What is drawn stays visible, whichever colour it has."""
    alpha = np.where(RAMP > 200, 255, 0).astype(np.uint8)
    (tmp_path / "x.png").write_bytes(png(np.stack([np.full_like(RAMP, ink), alpha], axis=2), 4))
    grey = read_one(tmp_path / "x.png").values[0][0, :, :, 0]
    np.testing.assert_array_equal(grey == ink, alpha == 255)


def test_other_sizes(tmp_path: Path) -> None:
    """A larger picture is scaled, one of another shape is padded with the colour of its edge."""
    (tmp_path / "56.png").write_bytes(png(np.kron(RAMP, np.ones((2, 2), np.uint8)), 0))
    wide = np.full((28, 56), 9, np.uint8)
    wide[10:18, 20:36] = 250
    (tmp_path / "wide.png").write_bytes(png(wide, 0))
    grey = read_one(tmp_path / "56.png").values[0][0, :, :, 0].astype(int)
    assert np.abs(grey[:, 5:20] - RAMP[:, 5:20]).mean() < 40
    grey = read_one(tmp_path / "wide.png").values[0][0, :, :, 0]
    assert (grey[:6] == 9).all() and (grey[-6:] == 9).all() and grey[14, 14] > 200


def test_dark_on_light_is_noticed(tmp_path: Path) -> None:
    """A note where the edge is light, unless it is asked for."""
    (tmp_path / "x.png").write_bytes(png(np.full((28, 28), 255, np.uint8), 0))
    assert read_one(tmp_path / "x.png").dark_on_light
    assert not read_one(tmp_path / "x.png", invert=True).dark_on_light


def test_arrays(tmp_path: Path) -> None:
    """Real numbers are quantized as the input is; uint8 stand for 0 to 1; labels come along."""
    real = np.linspace(0, 1, 2 * 784, dtype=np.float32).reshape(2, 28, 28, 1)
    np.savez(tmp_path / "x.npz", inputs=real, labels=np.array([3, 4]))
    first, second = samples.read(tmp_path / "x.npz", GREY, False)
    assert (first.label, second.label, second.name) == (3, 4, "x.npz[1]")
    assert first.values[0].dtype == np.int8 and not first.pixels
    np.testing.assert_array_equal(second.values[0], GREY.inputs[0].quantize(real[1]))
    np.save(tmp_path / "x.npy", RAMP.reshape(1, 28, 28, 1))
    values = read_one(tmp_path / "x.npy").values[0]
    np.testing.assert_array_equal(values[..., 0], RAMP.astype(int) - 128)


@pytest.mark.parametrize(
    ("name", "content", "model", "culprit"),
    [
        ("x.png", b"", GREY, "not a picture"),
        ("x.png", png(RAMP, 0)[:200], GREY, "not a picture"),
        ("x.png", png(np.zeros((1, 1)), 0)[:16] + b"\x7f\xff\xff\xff" * 2, GREY, "not a picture"),
        ("x.txt", b"text", GREY, "not a picture"),
        ("x.npy", b"text", GREY, "cannot be read"),
        ("x.png", png(RAMP, 0), model_of((1, 49, 10)), None),
        ("x.png", png(RAMP, 0), model_of((1, 16)), "cannot be the input"),
        ("x.png", png(RAMP, 0), model_of((1, 8, 8, 2)), "cannot be the input"),
    ],
)
def test_files_that_do_not_fit(
    tmp_path: Path, name: str, content: bytes, model: Model, culprit: str | None
) -> None:
    """In three parts, never a traceback."""
    (tmp_path / name).write_bytes(content)
    if culprit is None:
        assert read_one(tmp_path / name, model).values[0].shape == (1, 49, 10)
        return
    with pytest.raises(UserError, match=culprit):
        read_one(tmp_path / name, model)


# ------------------------------------------------------------------------------------- the command


@pytest.fixture
def firmware(monkeypatch: pytest.MonkeyPatch) -> Iterator[Firmware]:
    """Serve a stand-in on the port that is used by default."""
    standin = Firmware()
    with served(standin) as url:
        monkeypatch.setenv("TINYML_PORT", url)
        yield standin


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command prints."""
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_info(firmware: Firmware, capsys: pytest.CaptureFixture[str]) -> None:
    """Who answers, all models with their operators, counters; the same as JSON."""
    text = shown(capsys, "info")
    for words in ("standin, 216 MHz", "model 0  mnist", "model 1  sums", "1x28x28x1", "1,000 of"):
        assert words in text
    document = json.loads(shown(capsys, "info", "--json"))
    assert document["device"]["board"] == "standin"
    assert document["models"][1]["inputs"][1]["dtype"] == "int16"
    assert len(document["models"][1]["operators"]) == 40
    assert document["statistics"]["inferences"] == 0


def test_infer_a_picture(
    firmware: Firmware, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The firmware gets the pixels, the scores are those that it answers."""
    (tmp_path / "digit.png").write_bytes(png(RAMP, 0))
    text = shown(capsys, "infer", str(tmp_path / "digit.png"))
    np.testing.assert_array_equal(firmware.models[0].values[0][0, :, :, 0], RAMP.astype(int) - 128)
    scores = (firmware.models[0].results[0][0].astype(int) + 128) / 256
    for number, score in enumerate(scores):
        assert f"{number}  {score:.6f}" in text
    assert f"answer {scores.argmax()}, 1,099,511,627,776 instructions" in text
    document = json.loads(shown(capsys, "infer", str(tmp_path / "digit.png"), "--json"))
    (inference,) = document["inferences"]
    assert inference["outputs"][0]["stored"] == firmware.models[0].results[0].tolist()
    assert inference["outputs"][0]["real"][0] == pytest.approx((scores + 1 / 256) % 1, abs=1e-6)


def test_infer_vectors(
    firmware: Firmware, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A row for each, and how many are right."""
    same = StandinTensor("x", "float32", (1, 4))
    firmware.models[:] = [StandinModel("same", (same,), (same,), lambda inputs, _: inputs)]
    inputs = np.eye(4, dtype=np.float32)
    np.savez(tmp_path / "x.npz", inputs=inputs, labels=np.array([0, 1, 3, 3]))
    text = shown(capsys, "infer", str(tmp_path / "x.npz"))
    assert "3 of 4 right" in text
    assert [line.split()[:4] for line in text.splitlines() if "wrong" in line] == [
        ["x.npz[2]", "2", "3", "wrong"]
    ]
    text = shown(capsys, "infer", str(tmp_path / "x.npz"), "--count", "2")
    assert "2 of 2 right" in text and "x.npz[2]" not in text


def test_bench(firmware: Firmware, capsys: pytest.CaptureFixture[str]) -> None:
    """As many inferences as asked for; of a model with two inputs too."""
    text = shown(capsys, "bench", "--repeat", "7", "--model", "sums")
    assert firmware.models[1].state == 7 and "sums, inferences: 7" in text
    assert text.count("1,099,511,627,776") == 3
    document = json.loads(shown(capsys, "bench", "--repeat", "3", "--json"))
    assert document["costs"] == [2**40] * 3 and len(document["seconds"]) == 3
    assert document["line"]["repeats"] == 0


def test_more_classes_than_rows(
    firmware: Firmware, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The ten largest of many scores, the largest first."""
    scores = np.linspace(0, 1, 40, dtype=np.float32).reshape(1, 40)
    firmware.models[:] = [
        StandinModel(
            "many",
            (StandinTensor("x", "float32", (1, 4)),),
            (StandinTensor("y", "float32", (1, 40)),),
            lambda *_: [scores],
        )
    ]
    np.save(tmp_path / "x.npy", np.zeros((1, 4), np.float32))
    lines = shown(capsys, "infer", str(tmp_path / "x.npy")).splitlines()
    assert lines[0].startswith("39  1.000000  ####") and lines[9].startswith("30  ")
    assert lines[11].startswith("answer 39")


@pytest.mark.parametrize(
    ("words", "culprit"),
    [
        (["infer", "none.png"], "no file none.png"),
        (["infer", __file__], "not a picture"),
        (["infer", __file__, "--model", "sums"], "has 2 inputs"),
        (["infer", __file__, "--count", "0"], "--count 0"),
        (["bench", "--repeat", "-1"], "--repeat -1"),
        (["bench", "--model", "7"], "no such model"),
        (["info", "--timeout", "0"], "timeout=0"),
        (["info", "--port", "socket://127.0.0.1:1"], "cannot open port"),
    ],
)
def test_mistakes(firmware: Firmware, words: list[str], culprit: str) -> None:
    """In three parts."""
    with pytest.raises(UserError, match=culprit) as caught:
        main(words)
    assert caught.value.expected and caught.value.hint


def test_ports(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists this computer's ports with their USB ids; nothing is opened."""
    adapter = ListPortInfo("/dev/ttyUSB0", skip_link_detection=True)
    adapter.vid, adapter.pid, adapter.serial_number = 0x0403, 0x6001, "A1"
    adapter.description = "USB serial"
    plain = ListPortInfo("/dev/ttyS0", skip_link_detection=True)
    monkeypatch.setattr(list_ports, "comports", lambda: [adapter, plain])
    lines = shown(capsys, "ports").splitlines()
    assert lines[1].split() == ["/dev/ttyS0", "n/a"]
    assert lines[2].split() == ["/dev/ttyUSB0", "0403:6001", "A1", "USB", "serial"]
    document = json.loads(shown(capsys, "ports", "--json"))
    assert document[0]["usb"] is None and document[1]["usb"] == "0403:6001"
    monkeypatch.setattr(list_ports, "comports", list)
    assert "no serial ports" in shown(capsys, "ports")
