"""Started as a program of its own: takes away what the checker does not need, and becomes the checker.

Runs with the standard library alone (`python -I -S launch.py MEGABYTES SECONDS READABLE PROGRAM ARGUMENT…`; READABLE
are more places that it may read, joined by colons), between fork and exec of nothing: the process that asks may have
threads, and code in between would not be safe there.
"""

from __future__ import annotations

import ctypes
import os
import resource
import runpy
import signal
import sys
from pathlib import Path

_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SIGKILL = 9
_LARGEST_FILE = 256 << 20


def main(arguments: list[str]) -> None:
    """Confine this process, then run the program in it."""
    megabytes, seconds, readable, program, *rest = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Without rights a network namespace needs a user namespace around it; containers may allow neither.
    if libc.unshare(_NEWUSER | _NEWNET) != 0:
        libc.unshare(_NEWNET)
    landlock = runpy.run_path(str(Path(__file__).with_name("landlock.py")))
    own = [os.environ["TMPDIR"], "/dev/null"]
    landlock["restrict"]([*landlock["SYSTEM"], *filter(None, readable.split(":")), program, os.getcwd()], own)
    # Python ignores these two, and a program inherits that.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    limits = {
        # Go reserves address space that it never touches: what counts is the data it may write.
        resource.RLIMIT_DATA: int(megabytes) << 20,
        resource.RLIMIT_CPU: int(seconds),
        resource.RLIMIT_FSIZE: _LARGEST_FILE,
        resource.RLIMIT_NOFILE: 512,
        resource.RLIMIT_CORE: 0,
    }
    for what, limit in limits.items():
        _, hard = resource.getrlimit(what)
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (bound, bound))
    os.execve(program, [program, *rest], dict(os.environ))  # noqa: S606 - the checker found by the adapter


if __name__ == "__main__":
    main(sys.argv[1:])
