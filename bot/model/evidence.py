"""The evidence record: everything that a promotion's merge rested on, as one value with one JSON form (rows B6, P11).

`judged` is fixed immediately before the merge, and its hash stands in the merge commit (`Evidence: sha256:…`), so it
cannot know that commit; `merged` is added when the commit is known. The form is `policies/evidence-record.schema.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
"""Of the JSON form. A member that is added keeps it; one that goes or changes its meaning raises it."""
NOTES_REF = "refs/notes/lockstep"
"""Where the config repository keeps the records: `git notes --ref=lockstep show <merge commit>`."""
EVENT = "evidence"
"""The ledger's row that holds a record."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was judged, as JSON: environment, commits, components, gates, approvals, overrides, checks."""

    content: Json

    @property
    def head_sha(self) -> str:
        """The head commit that was judged."""
        return str(self.content["head_sha"])

    @property
    def not_green(self) -> tuple[str, ...]:
        """The gates that held it, in their order."""
        return tuple(
            str(each["gate"]) for each in self.content["gates"] if each["outcome"] not in ("pass", "skip")
        )

    @property
    def sha256(self) -> str:
        """The hash that stands in the merge commit, as `jq -cS .judged | sha256sum` computes it."""
        return sha256_of(canonical(self.content))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """What the merge rested on, and the merge. `judged` None: Lockstep never judged the pull request."""

    judged: Judged | None
    merged: Json = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON; `judged_sha256` is what the merge commit's trailer says."""
        return {
            "version": VERSION,
            "judged": dict(self.judged.content) if self.judged else None,
            "judged_sha256": self.judged.sha256 if self.judged else None,
            "merged": dict(self.merged),
        }

    def to_bytes(self) -> bytes:
        """The bytes of the Git note: the same for the same record, in each process and version; for people to read."""
        return bytes_of(self.to_json())

    @property
    def sha256(self) -> str:
        """The hash of the note's bytes, which the ledger keeps."""
        return sha256_of(self.to_bytes())


def bytes_of(record: Json) -> bytes:
    """A record's JSON, as the Git note holds it."""
    return (json.dumps(record, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def canonical(content: Json) -> bytes:
    """One spelling for one content: sorted keys, no spaces, UTF-8, as `jq -cS` writes it."""
    return (json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def sha256_of(data: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
