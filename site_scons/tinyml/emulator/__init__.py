"""Runs firmware without the board: ``python -m tinyml.emulator BOARD_DIR ELF``."""
