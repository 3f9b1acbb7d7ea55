"""Where GitHub looks for a CODEOWNERS file."""

from __future__ import annotations

from collections.abc import Mapping

CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""In GitHub's order: the first that is there counts, the others do not (GitHub Docs, "About code owners")."""


def find(files: Mapping[str, bytes]) -> tuple[str, bytes] | None:
    """The path and content of the file that counts, of files of the pull request's base branch (attack case 43).

    None: there is no such file, and nobody owns anything.
    """
    for path in CODEOWNERS_PATHS:
        if path in files:
            return path, files[path]
    return None
