"""PlanReport: plan.json -> .plan.txt, .plan.json. Profile: .elf -> .profile.json.

``env.PlanReport("mnist", [plan])`` or, with the instructions of each operator in it,
``env.PlanReport("mnist", [plan, env.Profile("mnist.profile.json", elf)])``, where ``elf`` is
firmware/apps/profile around the model; PLANNUMBER says which of several. Counts depend on that
firmware like any other target, so they are never those of an older one.
"""

from SCons.Action import Action

from python_step import beside, command, depend_on_step

NO_COUNTS = "instructions: not counted; scons plan board=mps2-an500 counts them"


def _profile_emitter(target, source, env):
    depend_on_step(env, target, "profile")
    depend_on_step(env, target, "emulator")
    env.Depends(target, [f"#{folder}/board.toml" for folder in env["BOARD"].folders])
    return target, source


def _report_emitter(target, source, env):
    target.append(beside(target[0], ".json"))
    depend_on_step(env, target, "plan_report", ["rich"])
    return target, source


def _profile_flags(target, source, env, for_signature):
    if len(source) > 1:
        return ["--profile", str(source[1]), "--number", str(env["PLANNUMBER"])]
    return ["--note", NO_COUNTS]


def generate(env):
    """Add the builders and their defaults."""
    env.SetDefault(
        EMULATETIMEOUT=[],
        PROFILECOM=[
            command("profile", "$BOARDDIR", "$SOURCE", "--output", "$TARGET")
            # A longer limit does not change what is counted.
            + ["$(", "$EMULATETIMEOUT", "$)"]
        ],
        PLANNUMBER=0,
        PROFILECOMSTR="  PROFILE  $SOURCE",
        _PROFILEFLAGS=_profile_flags,
        PLANREPORTCOM=[
            command("plan_report", "$SOURCE", "$_PROFILEFLAGS")
            + ["--text", "${TARGETS[0]}", "--json", "${TARGETS[1]}"]
        ],
        PLANREPORTCOMSTR="  PLAN     ${TARGETS[0]}",
    )
    env["BUILDERS"]["Profile"] = env.Builder(
        action=Action(env["PROFILECOM"], "$PROFILECOMSTR"),
        emitter=_profile_emitter,
        suffix=".profile.json",
        single_source=True,
    )
    env["BUILDERS"]["PlanReport"] = env.Builder(
        action=Action(env["PLANREPORTCOM"], "$PLANREPORTCOMSTR"),
        emitter=_report_emitter,
        suffix=".plan.txt",
    )


def exists(env):
    """The steps need nothing but Python packages; an emulator is looked for when it is started."""
    return True
