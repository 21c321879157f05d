"""Debugs a firmware on its board or emulator with gdb: ``python -m tinyml.debug BOARD_DIR ELF``."""
