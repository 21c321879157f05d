"""SizePicture: .size.json -> .size.html, one page without network; with BASELINEWORD, what grew.

``env.SizePicture("size-picture", image, report)``. The library that lays the page out is the
component d3-hierarchy.
"""

from pathlib import Path

from SCons.Action import Action

from python_step import command, depend_on_step

COMPONENT = "d3-hierarchy"
RECORD = f"build/third_party/{COMPONENT}/.fetched.json"


def _layout_flags(target, source, env, for_signature):
    override = env["CHOICE"].overrides.get(COMPONENT)
    return ["--layout", str(override)] if override else []


def _baseline_flags(target, source, env, for_signature):
    return env.subst_list("$_BASELINEWORDFLAGS")[0] if env["BASELINEWORD"] else []


def _say(target, source, env):
    print(f"  open {source[0]} in a browser", flush=True)


def size_picture(env, alias, image, report):
    """Add the target ``alias``, which draws ``report`` and says where."""
    draw = Action([env["SIZEPICTURECOM"]], "$SIZEPICTURECOMSTR")
    page = env.Command(f"{image}.size.html", report, draw, IMAGE=image.lstrip("#"))
    depend_on_step(env, page, "elf", ["jinja2"])
    env.Depends(page, [f"#third_party/{COMPONENT}/component.toml"])
    if Path(RECORD).is_file():
        env.Depends(page, f"#{RECORD}")
    baseline = env["BASELINEWORD"]
    if baseline and Path(baseline).is_file():
        env.Depends(page, env.File(str(Path(baseline).absolute())))
    elif baseline:
        env.AlwaysBuild(page)  # a branch may have moved
    shown = env.Alias(alias, page, Action(_say, cmdstr=None))
    env.AlwaysBuild(shown)
    return shown


def generate(env):
    """Add the method and its defaults."""
    env.SetDefault(
        BASELINEWORD="",
        _LAYOUTFLAGS=_layout_flags,
        _PICTUREBASELINEFLAGS=_baseline_flags,
        SIZEPICTURECOM=command("elf.draw", "$SOURCE", "$_LAYOUTFLAGS", "--board-dir", "$BOARDDIR")
        + ["$_PICTUREBASELINEFLAGS", "--output", "$TARGET"],
        SIZEPICTURECOMSTR="  PICTURE  $TARGET",
    )
    env.AddMethod(size_picture, "SizePicture")


def exists(env):
    """The component is looked for when the page is drawn."""
    return True
