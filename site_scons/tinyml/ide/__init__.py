"""Files for editors: ``python -m tinyml.ide``."""
