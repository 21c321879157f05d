"""Notebook: .ipynb -> .html, executed and complete in itself.

``env.Notebook("mnist.html", "mnist.ipynb", NOTEBOOKSETTINGS={"IMAGE": elf})``: the settings are
environment variables of the notebook; a setting that is a node is a dependency, given as a path.
"""

from pathlib import Path

from SCons.Action import Action

from python_step import command, depend_on_step, only_by_name

PACKAGES = ["nbclient", "nbconvert", "ipykernel", "matplotlib"]


def _flags(target, source, env, for_signature):
    words = []
    for name, value in env["NOTEBOOKSETTINGS"].items():
        text = str(Path(value.abspath)) if hasattr(value, "abspath") else value
        words += ["--set", f"{name}={text}"]
    return words


def _emitter(target, source, env):
    depend_on_step(env, target, "notebook", PACKAGES)
    nodes = [value for value in env["NOTEBOOKSETTINGS"].values() if hasattr(value, "abspath")]
    env.Depends(target, nodes)
    only_by_name(env, target)
    return target, source


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        NOTEBOOKSETTINGS={},
        _NOTEBOOKFLAGS=_flags,
        NOTEBOOKCOM=[command("notebook", "$SOURCE", "--output", "$TARGET", "$_NOTEBOOKFLAGS")],
        NOTEBOOKCOMSTR="  NOTEBOOK $TARGET",
    )
    env["BUILDERS"]["Notebook"] = env.Builder(
        action=Action(env["NOTEBOOKCOM"], "$NOTEBOOKCOMSTR"),
        emitter=_emitter,
        suffix=".html",
        src_suffix=".ipynb",
        single_source=True,
    )


def exists(env):
    """The step says itself which package is missing."""
    return True
