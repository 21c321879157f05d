"""TfliteHeader, TfliteCompile and LinkerScript name every output and redo what they must."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scons_project import SconsProject

COMPILE = """
    import sys
    def fake(name):
        outputs = [f"${{TARGETS[{index}]}}" for index in range(5)]
        return [[sys.executable, "fake.py", name, "$SOURCE", *outputs]]
    env = Environment(tools=["tflite_compile"], TFLITECOMPILECOM=fake("compile-$KERNEL"),
                      ENV={"PATH": "/usr/bin:/bin"}, KERNEL=ARGUMENTS["kernel"])
    targets = env.TfliteCompile("out/model.c", "m.tflite")
    """


@pytest.fixture
def compiled(tmp_path: Path) -> SconsProject:
    """Return a project with one model, compiled once for the reference kernels."""
    project = SconsProject(tmp_path, COMPILE, m__tflite="model")
    project.scons("kernel=reference")
    assert project.ran == ["compile-reference"]
    return project


def test_every_output_is_a_target(compiled: SconsProject) -> None:
    """A lost output of several is made again."""
    names = {path.name for path in (compiled.folder / "out").iterdir()}
    assert names == {"model.c", "model.h", "model_weights.S", "model_weights.bin", "plan.json"}
    (compiled.folder / "out" / "plan.json").unlink()
    compiled.scons("kernel=reference")
    assert compiled.ran == ["compile-reference"]


def test_kernel_and_model_are_in_the_signature(compiled: SconsProject) -> None:
    """Nothing changed: nothing runs. Another kernel or model: the compiler runs."""
    compiled.scons("kernel=reference")
    assert compiled.ran == []
    compiled.scons("kernel=cmsis-nn")
    assert compiled.ran == ["compile-cmsis-nn"]
    compiled.write("m.tflite", "another")
    compiled.scons("kernel=cmsis-nn")
    assert compiled.ran == ["compile-cmsis-nn"]


def test_outputs_with_the_same_bytes_stop_the_rebuild_there(tmp_path: Path) -> None:
    """A generator that runs again and writes the same leaves what follows alone."""
    project = SconsProject(
        tmp_path,
        """
        import sys
        fake = [sys.executable, "fake.py"]
        env = Environment(tools=["linker_script"], ENV={"PATH": "/usr/bin:/bin"},
                          LINKERSCRIPTCOM=[[*fake, "script", "text", "$TARGET"]])
        script = env.LinkerScript("out.ld", "board.toml")
        env.Command("used", script, [[*fake, "link", "$SOURCE", "$TARGET"]])
        """,
        board__toml="a",
        text="same",
    )
    project.scons()
    assert project.ran == ["script", "link"]
    project.write("board.toml", "b")
    project.scons()
    assert project.ran == ["script"]


def test_data_included_by_name_is_a_dependency(tmp_path: Path) -> None:
    """SCons does not see .incbin; the object is assembled again all the same."""
    project = SconsProject(
        tmp_path,
        """
        import sys
        from types import SimpleNamespace
        env = Environment(tools=[], ENV={"PATH": "/usr/bin:/bin"}, OPT="speed",
                          BOARD=SimpleNamespace(core=None, name="fake"))
        env.Tool("toolchain")
        env["ASPPCOM"] = [[sys.executable, "fake.py", "as", "$SOURCE", "$TARGET"]]
        env.IncbinObject("m.o", "m.S", env.File("data/m.bin"))
        """,
        m__S='.incbin "m.bin"',
    )
    project.write("data/m.bin", "one")
    project.scons()
    project.scons()
    assert project.ran == []
    project.write("data/m.bin", "two")
    project.scons()
    assert project.ran == ["as"]


def test_missing_compiler_is_refused_with_its_name(tmp_path: Path) -> None:
    """No cross compiler on PATH: what is missing, what would do, what to run."""
    project = SconsProject(
        tmp_path,
        """
        from types import SimpleNamespace
        from tinyml import errors
        core = SimpleNamespace(flags=["-mcpu=cortex-m7"])
        with errors.shown(Exit):
            env = Environment(tools=[], ENV={"PATH": "/nowhere"}, OPT="speed",
                              BOARD=SimpleNamespace(core=core, name="stm32f746"))
            env.Tool("toolchain")
        """,
    )
    result = project.scons(check=False)
    assert result.returncode == 2
    assert "arm-none-eabi-gcc is not on PATH" in result.stderr
    assert "apt-get install gcc-arm-none-eabi" in result.stderr
    assert "Traceback" not in result.stderr


def test_ready_model_is_taken_again_when_it_or_the_mode_changes(tmp_path: Path) -> None:
    """The file and what it is asked to be are in the signature."""
    project = SconsProject(
        tmp_path,
        """
        import sys
        env = Environment(tools=["tflite_copy"], ENV={"PATH": "/usr/bin:/bin"},
                          TFLITECOPYCOM=[[sys.executable, "fake.py", "take-$QUANTIZE", "$SOURCE",
                                          "$TARGET"]])
        env.TfliteCopy("out/m.tflite", "m.tflite", QUANTIZE=ARGUMENTS["quantize"])
        """,
        m__tflite="one",
    )
    project.scons("quantize=int8")
    project.scons("quantize=int8")
    assert project.ran == []
    project.scons("quantize=none")
    assert project.ran == ["take-none"]
    project.write("m.tflite", "two")
    project.scons("quantize=none")
    assert project.ran == ["take-none"]


def test_placement_is_in_the_commands(tmp_path: Path) -> None:
    """What goes to RAM, how much room there is, and whose code; SCons compares commands."""
    project = SconsProject(
        tmp_path,
        """
        env = Environment(tools=["tflite_compile", "linker_script"], ENV={"PATH": "/usr/bin:/bin"},
                          WEIGHTSREGION="DTCM", WEIGHTSLIMIT=ARGUMENTS["room"],
                          HOTLAYERS=ARGUMENTS["layers"].split(","),
                          CODELIBRARIES=[ARGUMENTS["library"]])
        print(env.subst("$TFLITECOMPILECOM $LINKERSCRIPTCOM", source=File("m.tflite"),
                        target=File("out/model.c")))
        """,
        m__tflite="model",
    )
    shown = project.scons("room=100", "layers=1,2", "library=libk.a").stdout
    for flag in ("--weights-limit 100", "--weights-region DTCM", "--layer=1 --layer=2"):
        assert flag in shown
    assert "--code-library=libk.a" in shown and "--arena-limit" not in shown
