"""Linux' Landlock: from here on this process and its children open only the named files, and make no TCP connection.

Needs no rights, and works in containers that forbid namespaces. https://docs.kernel.org/userspace-api/landlock.html
Imported by `launch` alone, as a program beside it: standard library only.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The system calls' numbers, the same on every architecture."""
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _EXECUTE | _READ_FILE | _READ_DIR
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache", "/etc/localtime")
"""What a dynamically linked program needs to start."""


def restrict(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow reading and running what is `readable`, everything below `writable`, and nothing else.

    False, and nothing has changed, where the kernel does not know Landlock.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(_CREATE, None, 0, _VERSION_FLAG)
    if abi < 1:
        return False
    every = (1 << 13) - 1 | (1 << 13 if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0)
    # Files; TCP bind and connect; abstract sockets and signals to processes outside.
    handled = struct.pack("=QQQ", every, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    ruleset = libc.syscall(_CREATE, handled, 24 if abi >= 6 else 16 if abi >= 4 else 8, 0)
    if ruleset < 0:
        return False
    for path in readable:
        _allow(libc, ruleset, path, _READ & every)
    for path in writable:
        _allow(libc, ruleset, path, every & ~_EXECUTE)
    done = bool(libc.syscall(_RESTRICT, ruleset, 0) == 0)
    os.close(ruleset)
    return done


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine
    if not stat.S_ISDIR(os.fstat(handle).st_mode):
        access &= _ON_FILES
    libc.syscall(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", access, handle), 0)
    os.close(handle)
