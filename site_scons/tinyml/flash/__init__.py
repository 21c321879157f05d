"""Writes firmware to a board and listens to it: ``python -m tinyml.flash``.

A programmer is data (``programmers/*.toml``), so is what kinds of probe there are (``probes.toml``)
and what goes wrong with them (``causes.toml``); one engine runs them all.
"""
