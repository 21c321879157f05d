"""Says what is wrong with a finished firmware and the computer: ``python -m tinyml.doctor``."""
