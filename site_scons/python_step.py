"""What the tools in site_tools/ share: a build step done by ``python -m tinyml.<module>``.

Such a step runs in a process of its own, so that a null build imports neither TensorFlow
nor the compiler. Its outputs depend on the step's own Python sources and on the versions
of the packages it uses; they are precious, because a step leaves an output alone when
its bytes would not change.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
import sys
from pathlib import Path

TINYML = Path(__file__).parent / "tinyml"
# from tinyml.boards import Board
SUBMODULE_IMPORT = re.compile(r"^\s*(?:from|import)\s+tinyml\.(\w+)", re.MULTILINE)
# from tinyml import boards, models
PACKAGE_IMPORT = re.compile(r"^\s*from\s+tinyml\s+import\s+(\([^)]*\)|.*)", re.MULTILINE)


def command(module, *arguments):
    """Return the command of a step, as a list: SCons quotes each argument."""
    return [sys.executable, "-m", f"tinyml.{module}", *arguments]


def beside(node, suffix):
    """Return the file next to ``node`` whose name ends in ``suffix`` instead.

    A node, not a string: SCons would look a string up in the SConscript's own folder.
    """
    return node.dir.File(Path(node.name).stem + suffix)


def depend_on_step(env, targets, step, packages=()):
    """Make ``targets`` depend on the sources of ``step`` and the versions of ``packages``.

    ``step`` is a module or package of tinyml; what it imports of tinyml belongs to it.
    """
    for name in sorted(_closure(step)):
        env.Depends(targets, [str(path) for path in _sources(name)])
    env.Depends(targets, [env.Value(_version(package)) for package in packages])
    env.Precious(targets)


def only_by_name(env, targets):
    """Have ``targets`` made only by their own names, not with the folder that they are in.

    For what is asked for now and then: ``scons .`` would run a notebook, and fail on a
    comparison that has nothing to compare with.
    """
    for node in targets:
        env.Ignore(node.dir, node)


@functools.cache
def _closure(step):
    """Return the names in tinyml that ``step`` needs, itself included, by their imports."""
    found, new = set(), {step}
    while new:
        found |= new
        new = {name for known in new for name in _imports(known)} - found
    return frozenset(found)


@functools.cache
def _imports(name):
    texts = [path.read_text(encoding="utf-8") for path in _sources(name) if path.suffix == ".py"]
    names = set()
    for text in texts:
        names.update(SUBMODULE_IMPORT.findall(text))
        for listed in PACKAGE_IMPORT.findall(text):
            names.update(re.findall(r"\w+", listed))
    return frozenset(name for name in names if _sources(name))


@functools.cache
def _sources(name):
    path = TINYML / name
    if not path.is_dir():
        return [path.with_suffix(".py")] if path.with_suffix(".py").is_file() else []
    return sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != ".pyc")


def _version(package):
    # TensorFlow's distribution is called tensorflow-cpu on some machines.
    for name in (package, f"{package}-cpu"):
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{package} absent"
