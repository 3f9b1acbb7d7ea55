"""The physical limit beside durable receiving: how long the disk alone takes to keep what a delivery writes."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

WRITTEN = 5_000
"""Bytes that storing a 25 KB delivery adds to PostgreSQL's log, which compresses it (`pg_current_wal_lsn`)."""


def fdatasync_p99(folder: Path, rate: int, seconds: float) -> float:
    """Milliseconds: p99 of writing so much to a file in `folder` and waiting for the disk, at this steady rate."""
    count, taken = int(rate * seconds), []
    with tempfile.TemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            start = time.perf_counter()
            file.write(b"x" * WRITTEN)
            file.flush()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - start)
    return sorted(taken)[int(count * 0.99)] * 1000
