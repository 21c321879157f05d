"""What the compiler planned, operator by operator: the tables of ``scons plan``."""
