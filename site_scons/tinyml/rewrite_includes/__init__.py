"""Relocates a tree of C and C++ sources: copies it with the paths of its includes rewritten.

`scan` finds the includes of one file, `rules` says what becomes of a path, `search` where a path
leads, `relocate` puts them together, `report` says in words what happened.
``python -m tinyml.rewrite_includes TREE OUTPUT --rule from=to`` does a whole tree.
"""
