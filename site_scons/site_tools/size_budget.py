"""SizeBudget: .size.json -> .budgets.txt, what each budget says of the firmware.

Budgets are in board.toml, in each model's model.toml and in the application's budgets.toml. One
that fails fails the build; the report itself is there by then. With ``BASELINE``, a file, growth is
judged too.
"""

from pathlib import Path

from SCons.Action import Action

from python_step import command, depend_on_step
from tinyml.errors import UserError


def toml_files(env):
    """Return the files beside board.toml in which budgets for this firmware may be."""
    models = [f"{model.folder}/model.toml" for model in env["MODELS"]]
    own = f"firmware/apps/{env['MODELS'][0].app}/budgets.toml"
    return [*models, own] if Path(own).is_file() else models


def budget_flags(target, source, env, for_signature):
    """Return the arguments that name the budgets."""
    return [word for path in toml_files(env) for word in ("--toml", path)]


def _baseline_flags(target, source, env, for_signature):
    return ["--baseline", env["BASELINE"]] if env["BASELINE"] else []


def _emitter(target, source, env):
    depend_on_step(env, target, "elf", ["pyelftools"])
    env.Depends(target, [f"#{folder}/board.toml" for folder in env["BOARD"].folders])
    env.Depends(target, [f"#{path}" for path in toml_files(env)])
    if env["BASELINE"]:
        env.Depends(target, env.File(f"#{env['BASELINE']}"))
    return target, source


def stored_baseline(env, word):
    """Return the stored report that ``baseline=`` names for an ordinary build; "" for none."""
    if word and not Path(word).is_file():
        raise UserError(
            f"baseline={word} is no file",
            "a stored .size.json; a commit only with size-diff or size-picture",
            f"scons size-diff baseline={word}",
        )
    return word


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        BASELINE="",
        _BUDGETFLAGS=budget_flags,
        _BASELINEFLAGS=_baseline_flags,
        SIZEBUDGETCOM=[
            command("elf.budget", "$SOURCE", "--board-dir", "$BOARDDIR", "$_BUDGETFLAGS")
            + ["$_BASELINEFLAGS", "--text", "$TARGET"]
        ],
        SIZEBUDGETCOMSTR="  BUDGETS  $TARGET",
    )
    env["BUILDERS"]["SizeBudget"] = env.Builder(
        action=Action(env["SIZEBUDGETCOM"], "$SIZEBUDGETCOMSTR"),
        emitter=_emitter,
        suffix=".budgets.txt",
    )
    env.AddMethod(stored_baseline, "StoredBaseline")


def exists(env):
    """The step needs nothing but Python packages."""
    return True
