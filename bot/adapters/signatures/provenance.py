"""What SLSA provenance says: repository, commit, workflow, as GitHub's builders write it.

https://slsa.dev/spec/v1.0/provenance · https://slsa.dev/spec/v0.2/provenance
https://actions.github.io/buildtypes/workflow/v1 (what `actions/attest-build-provenance` fills in)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.adapters.signatures.documents import Statement
from bot.adapters.signatures.refused import NotTrusted
from bot.model.measurements import BuiltFrom

V1 = "https://slsa.dev/provenance/v1"
V02 = "https://slsa.dev/provenance/v0.2"
_GIT = re.compile(r"(?:git\+)?(https?://[^@#?\s]+?)(?:\.git)?(?:@(\S*))?", re.ASCII)


def built_from(found: Statement) -> BuiltFrom:
    """Raises NotTrusted for what is no provenance, or says nothing of a repository."""
    try:
        if found.predicate_type == V1:
            return _v1(found.predicate)
        if found.predicate_type == V02:
            return _v02(found.predicate)
    except (KeyError, TypeError, AttributeError, StopIteration):
        raise NotTrusted("its provenance names no repository and workflow") from None
    raise NotTrusted(f"it says {found.predicate_type[:80]}, not where the image was built")


def _v1(predicate: Mapping[str, Any]) -> BuiltFrom:
    definition = predicate["buildDefinition"]
    workflow = definition["externalParameters"]["workflow"]
    repository, _ = address(workflow["repository"])
    commits = {
        each["digest"].get("gitCommit") or each["digest"].get("sha1")
        for each in definition.get("resolvedDependencies", ())
        if address(each["uri"])[0].lower() == repository.lower()
    }
    return BuiltFrom(
        repository=repository,
        commit=_one(commits),
        workflow=str(workflow["path"]),
        ref=str(workflow["ref"]),
    )


def _v02(predicate: Mapping[str, Any]) -> BuiltFrom:
    source = predicate["invocation"]["configSource"]
    repository, ref = address(source["uri"])
    return BuiltFrom(
        repository=repository,
        commit=source["digest"].get("sha1"),
        workflow=str(source["entryPoint"]),
        ref=ref or None,
    )


def _one(commits: set[Any]) -> str | None:
    """The commit, when there is one and no more."""
    found = {str(each) for each in commits if each}
    return found.pop() if len(found) == 1 else None


def address(uri: Any) -> tuple[str, str]:
    """`git+https://github.com/o/r@refs/heads/main` as (`https://github.com/o/r`, `refs/heads/main`); else empty."""
    found = _GIT.fullmatch(str(uri))
    return (found[1], found[2] or "") if found else ("", "")
