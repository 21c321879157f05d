"""SizeDiff: .size.json -> .size-diff.md .size-diff.json, compared whenever it is asked for.

``env.SizeDiff("size-diff", image, report)`` compares with BASELINEWORD: a stored report, an ELF
file or a commit; where it is empty, with the build before. The status of scons is 1 where growth
passed THRESHOLD or a budget of growth.
"""

import subprocess

from SCons.Action import Action

from python_step import command, only_by_name

PASSED = 1  # status of tinyml.elf.against; a mistake has another


def _baseline_flags(target, source, env, for_signature):
    words = [f"--baseline={env['BASELINEWORD']}", "--elf", f"{env['IMAGE']}.elf"]
    words += [f"--option={option}" for option in env["CHOICE"].given]
    return words + (["--unfixed"] if env["CHOICE"].overrides else [])


def _threshold_flags(target, source, env, for_signature):
    return [f"--threshold={env['THRESHOLD']}"] if env["THRESHOLD"] else []


def _compare(target, source, env):
    words = env.subst_list("$SIZEDIFFCOM", target=target, source=source)[0]
    status = subprocess.run([str(word) for word in words], env=env["ENV"], check=False).returncode
    if status == PASSED:
        raise SystemExit(PASSED)  # which scons returns; of any other failure it makes 2
    return status


def size_diff(env, alias, image, report):
    """Add the target ``alias``, which compares ``report`` with the baseline."""
    written = [f"{image}.size-diff.md", f"{image}.size-diff.json"]
    compared = env.Command(written, report, Action(_compare, cmdstr=None), IMAGE=image.lstrip("#"))
    env.Precious(compared)
    env.AlwaysBuild(compared)
    only_by_name(env, compared)
    return env.Alias(alias, compared)


def generate(env):
    """Add the method and its defaults."""
    env.SetDefault(
        BASELINEWORD="",
        THRESHOLD="",
        _BASELINEWORDFLAGS=_baseline_flags,
        _THRESHOLDFLAGS=_threshold_flags,
        SIZEDIFFCOM=command("elf.against", "$SOURCE", "--board-dir", "$BOARDDIR", "$_BUDGETFLAGS")
        + ["$_BASELINEWORDFLAGS", "$_THRESHOLDFLAGS"]
        + ["--write-markdown", "${TARGETS[0]}", "--write-json", "${TARGETS[1]}"],
    )
    env.AddMethod(size_diff, "SizeDiff")


def exists(env):
    """Git is looked for when a commit is compared with."""
    return True
