"""Lines that may hold a secret in plain text. Only these lines go to Rego, which knows the formats."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

_TELLTALE = re.compile(
    r"PRIVATE KEY|gh[opusr]_[A-Za-z0-9]{20}|github_pat_|(?:AKIA|ASIA)[0-9A-Z]{12}|xox[abeoprs]-"
    r"|hooks\.slack\.com/|AIza[0-9A-Za-z_-]{20}|[rs]k_live_|glpat-|npm_[A-Za-z0-9]{20}|pypi-AgE"
    r"|SG\.[A-Za-z0-9_-]{16}|AGE-SECRET-KEY-1|LS0tLS1CRUdJTi|dop_v1_|hvs\.|dckr_pat_"
    r"|[0-9]{8}:AA[A-Za-z0-9_-]{20}|discord(?:app)?\.com/api/webhooks/"
)
_ENCODED = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]+")
LONGEST = 2000
"""Characters of a line that are looked at, beginning a little before what gives it away."""
MOST = 1000
"""Lines of one file; more of them are a heap, which is found itself: decoys would hide a token else."""


def suspicious_lines(data: bytes) -> list[dict[str, Any]]:
    """Number and text of each line that may hold a secret, and the line after it (a key's body). None of a binary.

    `heap`: that there are more than MOST, from this line on.
    """
    if b"\0" in data[:8192]:
        return []
    text = data.decode("utf-8", "replace")
    found: list[dict[str, Any]] = []
    position = 0
    while match := _TELLTALE.search(text, position):
        number = text.count("\n", 0, match.start()) + 1
        if len(found) == MOST:
            return [*found, {"text": "", "after": "", "line": number, "heap": True}]
        start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - 200)
        end = text.find("\n", match.end())
        end = len(text) if end < 0 else end
        line = _decoded(text[start : min(end, match.start() + LONGEST)])
        found.append(
            {
                "text": _bare(line),
                "after": _bare(text[end + 1 : end + 201].partition("\n")[0]),
                "line": number,
            }
        )
        position = max(match.end(), min(end, match.start() + LONGEST))
    return found


def _bare(line: str) -> str:
    """Without quotes, and with written line ends (`\\n`) as spaces: a key reads the same in YAML, JSON and source."""
    return re.sub(r"\\[rn]|[\"'\\\x00-\x1f]", " ", line).strip()


def _decoded(line: str) -> str:
    """The line with base64 of a PEM block read: that is how a Secret manifest carries a key."""
    match = _ENCODED.search(line)
    if match is None:
        return line
    try:
        text = base64.b64decode(match[0][: len(match[0]) // 4 * 4]).decode("ascii", "replace")
    except (binascii.Error, ValueError):
        return line
    return line[: match.start()] + text.replace("\n", " ")
