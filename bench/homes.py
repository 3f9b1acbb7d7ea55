"""What a measurement needs around it: a PostgreSQL of its own that is gone afterwards, and an App's key."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.store import embedded
from bot.errors import Retryable


@contextmanager
def embedded_home() -> Iterator[tuple[Path, str]]:
    """A home with a running server, and its address. In /tmp: open to the account that runs PostgreSQL for root."""
    home = Path(tempfile.mkdtemp(prefix="lockstep-bench-"))
    try:
        yield home, embedded.ensure(home)
    finally:
        with suppress(Retryable):  # killed, and not started again: there is nothing to stop
            embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def private_key() -> str:
    """An RSA key in PEM text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
