"""ThirdPartyLibrary: a component of third_party/ -> lib<name>.a, include folders, defines.

``env.UseComponents(["cmsis-dsp"])`` lets what ``env`` compiles see the component's headers, with
its exported defines, and what it links take its archive, with those of all it requires.
``env.Component(name)`` returns the same as an object. Components are built with the flags of the
toolchain, whatever ``env`` has added to them, and without warnings.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tinyml import component_sources, components
from tinyml.errors import UserError
from tinyml.fetch import store
from tinyml.rewrite_includes import rules

TOOLCHAIN_FLAGS = ("CFLAGS", "CXXFLAGS", "CCFLAGS", "ASPPFLAGS", "CPPFLAGS")


@dataclass(frozen=True)
class Component:
    """What a user needs of a component, or of several; in the order of the command line."""

    name: str
    libraries: tuple = ()
    include: tuple = ()
    defines: tuple = ()


class Registry:
    """The components of one build: described by data, each built once."""

    def __init__(self, env):
        """Keep the flags of the toolchain, before anybody adds to them."""
        self.flags = {name: list(env.get(name, [])) for name in TOOLCHAIN_FLAGS}
        self.described = {}
        self.parts = {}

    def __semi_deepcopy__(self):
        """Clones of an environment share what is built."""
        return self

    def closure(self, env, names):
        """Return the components ``names`` and all they require, in link order."""
        if not self.described:
            self.described = components.load_all(env.subst("$THIRDPARTYDIR"))
        return components.closure(names, self.described, env["KERNEL"])

    def joined(self, env, names, label):
        """Return what is needed to use the components ``names``, each built if it is not yet."""
        parts = [self._part(env, described) for described in self.closure(env, names)]
        return Component(
            label,
            tuple(node for part in parts for node in part.libraries),
            tuple(node for part in parts for node in part.include),
            _defines(parts),
        )

    def _part(self, env, described):
        """Return what one component itself adds."""
        if described.name not in self.parts:
            self.tree(env, described)  # refused by its own name, not by that of what it requires
            required = self.joined(env, described.requires_for(env["KERNEL"]), described.name)
            clean = env.Clone(
                **self.flags, CPPPATH=[], SYSTEMINCLUDE=[], CPPDEFINES=[], LIBS=[], LIBPATH=[]
            )
            self.parts[described.name] = _build(clean, described, required)
        return self.parts[described.name]

    @staticmethod
    def tree(env, described):
        """Return the folder of a component's sources; `UserError` where it is not fetched."""
        tree = store.tree(described, env["COMPONENTOVERRIDES"].get(described.name))
        if tree is None:
            raise UserError(
                f"the component {described.name} has not been fetched",
                f"its sources, or a checkout of yours: {described.option}=/folder",
                f"scons fetch component={described.name}",
            )
        return tree

    @staticmethod
    def dir(env, path):
        """Return the node of a folder, which is relative to the project or absolute."""
        return env.Dir(str(path) if Path(path).is_absolute() else f"#{path}")

    @staticmethod
    def pin(env, described):
        """Return a node that changes with the component's pin.

        SCons takes a file for unchanged whose time is old and the same, as an archive's may be.
        """
        return env.Value(json.dumps(described.source.pin, sort_keys=True))


def component(env, name):
    """Return the component ``name`` with all that it requires, as a `Component`."""
    return env["COMPONENTREGISTRY"].joined(env, [name], name)


def use_components(env, names):
    """Compile and link with the components ``names``; return them joined, as a `Component`."""
    used = env["COMPONENTREGISTRY"].joined(env, names, "+".join(names))
    _compile_with(env, used)
    # After the libraries of the project, which need them; before those of the toolchain, by name.
    libraries = env.Flatten(env.get("LIBS", []))
    ours = [library for library in libraries if not isinstance(library, str)]
    named = [library for library in libraries if isinstance(library, str)]
    new = [library for library in used.libraries if library not in ours]
    env.Replace(LIBS=[*ours, *new, *named])
    return used


def _compile_with(env, used):
    env.AppendUnique(
        CPPPATH=list(used.include),
        SYSTEMINCLUDE=list(used.include),
        CPPDEFINES=list(used.defines),
    )


def _build(env, described, required):
    """Build one component; what it requires is there already."""
    tree = _relocated(env, described, required)
    include = tuple(tree.Dir(folder) for folder in described.include)
    exported = _macros(described.exports_for(env["KERNEL"]))
    library = described.library and described.library.for_kernel(env["KERNEL"])
    libraries = ()
    if library:
        own = Component(described.name, (), include, exported)
        libraries = tuple(_archive(env, described, library, tree, own, required))
    return Component(described.name, libraries, include, exported)


def _relocated(env, described, required):
    """Return the folder that is compiled from: the tree as it is, or a rewritten copy.

    An installed package is copied too. Its headers lie among the host's, which a cross compiler
    that is pointed there would take for its own.
    """
    tree = Registry.tree(env, described)
    names = None
    if described.source.provider == "debian" and described.name not in env["COMPONENTOVERRIDES"]:
        names = component_sources.package_files(described.source.package, tree)
    if names is None and not described.rewrite:
        return Registry.dir(env, tree)
    library = described.library and described.library.for_kernel(env["KERNEL"])
    copy = env.Dir(f"#build/relocated/{described.name}")
    files = env.RewriteIncludes(
        copy,
        Registry.dir(env, tree),
        rules=_rules(described),
        include=[*(library.private_include if library else ()), *described.include],
        outside=required.include,
        names=names,
    )
    env.Depends(files, Registry.pin(env, described))
    return copy


def _rules(described):
    pairs = [(rule.prefix, rule.replacement) for rule in described.rewrite if not rule.relative]
    return rules.table(pairs, any(rule.relative for rule in described.rewrite))


def _archive(env, described, library, tree, own, required):
    """Return the archive of ``library``'s sources in ``tree``."""
    folder = f"#{env['VARIANTDIR']}/third_party/{described.name}"
    sources = component_sources.sources(described, library, Registry.tree(env, described))
    env.Append(
        CPPPATH=[tree.Dir(name) for name in library.private_include],
        CPPDEFINES=list(_macros(library.defines)),
        CCFLAGS=["-w", *library.flags],
    )
    env.AppendUnique(CPPPATH=list(own.include), CPPDEFINES=list(own.defines))
    _compile_with(env, required)
    objects = [
        env.Object(f"{folder}/{name}{env['OBJSUFFIX']}", tree.File(source))
        for source, name in component_sources.object_names(sources).items()
    ]
    archive = env.StaticLibrary(f"{folder}/{described.name}", objects)
    env.Depends([archive, objects], Registry.pin(env, described))
    return archive


def _macros(defines):
    """Return SCons' form of name and value; without a value it is -DNAME."""
    return tuple((name, value or None) for name, value in defines.items())


def _defines(parts):
    """Return the defines of all ``parts``; `UserError` where two contradict each other."""
    found = {}
    for part in parts:
        for name, value in part.defines:
            owner, other = found.setdefault(name, (part.name, value))
            if other != value:
                raise UserError(
                    f"the components {owner} and {part.name} export {name}={other} and ={value}",
                    f"one value of {name}: it reaches every file that uses either",
                    f"correct exported_defines in the component.toml of {part.name}",
                )
    return tuple((name, value) for name, (_, value) in found.items())


def generate(env):
    """Add the methods and their defaults; load this after the toolchain and rewrite_includes."""
    env.SetDefault(
        THIRDPARTYDIR="third_party",
        COMPONENTOVERRIDES={},
        KERNEL="reference",
        COMPONENTREGISTRY=Registry(env),
    )
    env.AddMethod(component, "Component")
    env.AddMethod(use_components, "UseComponents")


def exists(env):
    """The toolchain tool finds the compiler."""
    return True
