"""`python -m bot.demo.leash <parent> <command> …`: runs `lockstep <command> …`, which ends when its parent dies.

The trial ends its processes in good order; this is for the day when it is killed itself and cannot. Linux only;
elsewhere the command simply runs.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html; it survives the execve below."""


def main() -> None:
    """Asks the kernel for SIGTERM at the parent's end, and becomes the command."""
    parent = int(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    os.execv(sys.executable, [sys.executable, "-m", "bot", *sys.argv[2:]])  # noqa: S606 - our own program


if __name__ == "__main__":
    main()
