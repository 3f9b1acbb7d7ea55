"""Cuts texts to what GitHub takes, visibly."""

from __future__ import annotations

CHECK_TEXT = 65_535
"""Bytes of a check run's summary or text."""
CHECK_TITLE = 255
BODY = 65_536
"""Characters of a pull request's or comment's body."""
TITLE = 256
MARK = "\n\n… (cut: GitHub takes no more)"


def cut(text: str, limit: int, mark: str = MARK) -> str:
    """`text` within `limit` bytes of UTF-8 (so within as many characters), with `mark` at the end when cut."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    room = limit - len(mark.encode())
    return data[:room].decode("utf-8", "ignore") + mark


def one_line(text: str, limit: int) -> str:
    """A title: one line within `limit` bytes."""
    return cut(" ".join(text.split()), limit, "…")
