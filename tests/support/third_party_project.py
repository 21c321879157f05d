"""A tiny project with third-party components and a fake toolchain, for the builders' tests."""

from __future__ import annotations

import sys
from pathlib import Path

from support.scons_project import ROOT, SconsProject

BOARDS = ROOT / "firmware/boards"

# Stands for gcc and g++: notes its output, writes its arguments to it, and to the map if any.
FAKE_COMPILER = f"""#!{sys.executable}
import os, shlex, sys
words = sys.argv[1:]
for word in list(words):
    if word.startswith("@"):
        words[words.index(word):words.index(word) + 1] = shlex.split(open(word[1:]).read())
outputs = [words[words.index("-o") + 1]]
outputs += [word.split(",")[-1] for word in words if word.startswith("-Wl,-Map")]
for output in outputs:
    with open(output, "w") as stream:
        stream.write(os.path.basename(sys.argv[0]) + " " + " ".join(words) + "\\n")
        sources = [word for word in words if word.endswith((".c", ".cc", ".S"))]
        stream.write("".join(open(source).read() for source in sources))
with open("ran.log", "a") as log:
    log.write(os.path.basename(outputs[0]).split(".part")[0] + "\\n")
"""

SCONSTRUCT = """
    import os
    from pathlib import Path
    from tinyml import boards, errors
    SConscriptChdir(False)
    DefaultEnvironment(tools=[])
    with errors.shown(Exit):
        env = Environment(
            tools=[],
            BOARD=boards.load("<board>"),
            BOARDDIR="<board>",
            OPT="speed",
            KERNEL=ARGUMENTS.get("kernel", "reference"),
            VARIANTDIR="build/v",
            COMPONENTOVERRIDES={path.name: path for path in Path("trees").glob("*")},
            ENV={
                "PATH": f"{Path('bin').resolve()}:{os.environ['PATH']}",
                "PYTHONPATH": os.environ["PYTHONPATH"],
            },
        )
        tools = ["toolchain", "whole_output", "rewrite_includes", "third_party_library"]
        for tool in [*tools, "cmake_library", "firmware"]:
            env.Tool(tool)
        SConscript("project.py", exports="env")
    """


def component(name: str, body: str = "", source: str = 'provider = "path"') -> dict[str, str]:
    """Return the description of a component as a file of a project."""
    text = f'description = "{name}"\nlicense = "MIT"\nlicense_file = "LICENSE"\n{body}\n'
    head, bracket, tables = text.partition("\n[")
    text = f"{head}\n[source]\n{source}\n{bracket}{tables}"
    return {f"third_party/{name}/component.toml": text}


def project(
    folder: Path, script: str, *files: dict[str, str], fake: bool = True, board: str = "host"
) -> SconsProject:
    """Return a project with ``files``; ``script`` is the part of the SConstruct that differs."""
    made = SconsProject(folder, SCONSTRUCT.replace("<board>", str(BOARDS / board)))
    for several in ({"project.py": 'Import("env")\n' + script}, *files):
        for name, text in several.items():
            made.write(name, text)
    if fake:
        for tool in ("gcc", "g++"):
            made.write(f"bin/{tool}", FAKE_COMPILER)
            (folder / "bin" / tool).chmod(0o755)
    return made
