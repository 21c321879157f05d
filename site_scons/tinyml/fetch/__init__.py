"""Fetches the sources of third-party components: the only part of a build that opens a socket."""
