"""Plain Python behind the SCons tools: no module in this package imports SCons."""

import signal
import sys

# While "python -m tinyml.x" still imports, Ctrl-C ends it without a traceback; from then on it is
# for errors.exit_status. Python says "-m" for the program's name until it has found the module.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
