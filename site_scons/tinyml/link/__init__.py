"""The host's side of the serial protocol."""
