"""What a linked firmware holds: sizes by section and region, checks, and the linker's overflows."""
