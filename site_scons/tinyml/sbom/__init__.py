"""The bill of materials of a firmware: SPDX 2.3 JSON of what its map and ELF show to be in it."""
