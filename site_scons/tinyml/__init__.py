"""Plain Python behind the SCons tools: no module in this package imports SCons."""
