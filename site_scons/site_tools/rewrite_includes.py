"""RewriteIncludes: a relocated copy of a tree of C and C++ sources, one target a file.

``env.RewriteIncludes("build/relocated/x", "build/third_party/x", rules=rules.table(...),
include=["Include"])`` returns the files and, last, the report on where the includes lead,
``build/relocated/x.includes.txt``. Files are rewritten in this process: one takes a millisecond.
"""

import hashlib
from pathlib import Path

from SCons.Action import Action
from SCons.Scanner import ScannerBase

from python_step import depend_on_step
from tinyml.files import write_if_changed
from tinyml.rewrite_includes import relocate, report
from tinyml.rewrite_includes.rules import Rules
from tinyml.rewrite_includes.search import Search, files


def _name(source, env):
    """Return the source's name in its tree."""
    return source.get_path(env["RELOCATETREE"])


def _relocate(target, source, env):
    data = source[0].get_contents()
    rules, search = env["RELOCATERULES"], env["RELOCATESEARCH"]
    write_if_changed(str(target[0]), relocate.rewrite(data, _name(source[0], env), rules, search))


def _report(target, source, env):
    """Write the report; remove what was relocated from files that are there no more."""
    rules, search = env["RELOCATERULES"], env["RELOCATESEARCH"]
    found = report.Report(rules)
    for node in source:
        name = _name(node, env)
        found.add(name, relocate.rewritten(node.get_contents(), name, rules, search))
    copy = Path(str(env["RELOCATEDIR"]))
    for stray in set(files(copy)) - search.names:
        (copy / stray).unlink()
    write_if_changed(str(target[0]), found.text())
    print(f"  INCLUDES {target[0]}: {found.summary()}", flush=True)


def rewrite_includes(env, target, tree, rules=None, include=(), outside=(), names=None):
    """Return the nodes of the relocated files and, last, of the report.

    ``include`` are include folders relative to the tree, ``outside`` those of what it needs.
    ``names`` are the tree's files that count, all that the preprocessor reads by default.
    """
    tree, target, rules = env.Dir(tree), env.Dir(target), rules or Rules()
    names = files(Path(str(tree))) if names is None else tuple(sorted(names))
    outside = tuple(Path(str(env.Dir(folder))) for folder in outside)
    env = env.Clone(
        RELOCATETREE=tree,
        RELOCATEDIR=target,
        RELOCATERULES=rules,
        RELOCATESEARCH=Search(frozenset(names), tuple(include), outside),
        # The words of the signature. Where an include leads depends on what else there is.
        RELOCATEWORDS=[*rules.lines(), "include", *include, "outside", *map(str, outside)],
    )
    sources = [tree.File(name) for name in names]
    nodes = [
        env.RelocatedFile(target.File(name), source)[0]
        for name, source in zip(names, sources, strict=True)
    ]
    about = env.IncludesReport(target.dir.File(f"{target.name}.includes.txt"), sources)
    depend_on_step(env, [*nodes, *about], "rewrite_includes")
    env.Depends([*nodes, *about], env.Value(_digest(names)))
    # The report's action clears the folder before anything in it is used.
    env.Requires(nodes, about)
    return [*nodes, *about]


def _digest(names):
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def generate(env):
    """Add the method, its builders and their defaults."""
    env.SetDefault(RELOCATEWORDS=[])
    # What a source includes is nothing to its rewriting.
    no_includes = ScannerBase(function=lambda node, env, path: [], name="NoIncludes")
    for name, function in (("RelocatedFile", _relocate), ("IncludesReport", _report)):
        env["BUILDERS"][name] = env.Builder(
            # The report says what was done, in one line instead of one a file.
            action=Action(function, cmdstr=None, varlist=["RELOCATEWORDS"]),
            source_scanner=no_includes,
        )
    env.AddMethod(rewrite_includes, "RewriteIncludes")


def exists(env):
    """Python is enough."""
    return True
