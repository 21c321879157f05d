"""The targets of the command line: what nothing makes is refused before anything is built."""

from SCons.Node.Alias import default_ans
from SCons.Node.FS import Dir, get_default_fs

from tinyml import options


def require(targets):
    """Refuse the first of ``targets`` that is no name of ours, no folder and no file.

    Raises:
        UserError: SCons would not know how to make it, and would say so after the others.
    """
    for name in targets:
        if default_ans.lookup(name) is None and not _is_file(get_default_fs().Entry(name)):
            raise options.unknown_target(name, [alias.name for alias in default_ans.values()])


def _is_file(node):
    node = node.disambiguate()
    return isinstance(node, Dir) or node.is_derived() or node.exists()
