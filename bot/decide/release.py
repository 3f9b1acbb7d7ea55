"""Does a finished workflow run hand over a release? From the run to the accepted `Release` (row R1).

The caller reads the facts and asks one question after the other: `judge_run`, `is_stale`,
`choose_artifact`, `judge_tags`, `make_release`. A refusal carries a bounded reason code for the ledger and
a sentence for the author.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.decide.globs import matches_any
from bot.decide.text import code
from bot.model.facts import Artifact, WorkflowRun
from bot.model.image import ComponentTag, ComponentTags
from bot.model.measurements import Missing, Resolved
from bot.model.policy import Environment, Policy, Source
from bot.model.release import Release

REASON_CODES = frozenset(
    {
        "event_not_allowed",
        "foreign_head",
        "branch_not_allowed",
        "not_completed",
        "not_successful",
        "stale_run",
        "no_artifact",
        "artifact_expired",
        "several_artifacts",
        "sha_mismatch",
        "digest_mismatch",
        "component_not_owned",
        "bad_artifact",
        "bad_component_tags",
    }
)
"""Every reason for which a run or its artifact can be refused; `bad_*` and `stale_run` are raised by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The run may hand over digests for `source`; `hotfix` when only `hotfix_branches` names its branch."""

    source: Source
    hotfix: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not taken. `code` is one of `REASON_CODES`; `message` is safe to show on GitHub."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOurs:
    """A workflow that no source names; nothing is said about it."""


def judge_run(
    run: WorkflowRun, repository_id: int, sources: Sequence[Source]
) -> Accepted | Refused | NotOurs:
    """Judges a run as the API tells it now, never as the webhook told it (attack cases 28, 29).

    `repository_id` is GitHub's id of the repository that was asked; `sources` are those of the rules that
    name this repository. A workflow is known by its path alone: anybody can give any workflow any `name`.
    When several sources share a workflow, the first that accepts the run counts, else the refusal that came
    furthest.
    """
    if run.repository_id != repository_id:
        return NotOurs()
    verdicts = [_judge(run, source) for source in sources if source.workflow == run.path]
    for verdict in verdicts:
        if isinstance(verdict, Accepted):
            return verdict
    refusals = [verdict for verdict in verdicts if isinstance(verdict, Refused)]
    return max(refusals, key=lambda refused: _ORDER.index(refused.code), default=NotOurs())


_ORDER = ("event_not_allowed", "foreign_head", "branch_not_allowed", "not_completed", "not_successful")


def _judge(run: WorkflowRun, source: Source) -> Accepted | Refused:
    if run.event not in source.events:
        allowed = ", ".join(source.events) or "none"
        return Refused(
            code="event_not_allowed",
            message=f"the run was started by {code(run.event)}; {source.name} allows: {allowed}",
        )
    if run.head_repository_id != run.repository_id:
        return Refused(
            code="foreign_head", message="the run built a commit of a fork, or of a deleted repository"
        )
    kind = branch_kind(source, run.branch)
    if kind is None:
        allowed = ", ".join(code(each) for each in (*source.branches, *source.hotfix_branches)) or "none"
        return Refused(
            code="branch_not_allowed",
            message=f"the run is of branch {code(run.branch or '(none)')}; {source.name} allows: {allowed}",
        )
    if run.status != "completed":
        return Refused(code="not_completed", message=f"the run is {code(run.status)}, not completed")
    if run.conclusion != "success":
        ended = code(run.conclusion or "(nothing)")
        return Refused(code="not_successful", message=f"the run ended with {ended}, not with success")
    return Accepted(source=source, hotfix=kind == "hotfix")


def branch_kind(source: Source, branch: str | None) -> str | None:
    """`release` when `branches` names it, `hotfix` when only `hotfix_branches` does, None when neither does."""
    if not branch:
        return None
    if matches_any(source.branches, branch):
        return "release"
    return "hotfix" if matches_any(source.hotfix_branches, branch) else None


def choose_artifact(artifacts: Sequence[Artifact], name: str, run: WorkflowRun) -> Artifact | Refused:
    """The single artifact of that name from the run's latest attempt (attack case 31).

    GitHub lists the artifacts of all attempts together and does not say which attempt made one. After a
    re-run only those made since `run.started_at`, the start of the latest attempt, are taken; an undated
    one is not.
    """
    shown = code(name)
    named = [each for each in artifacts if each.name == name]
    live = [each for each in named if not each.expired]
    current = live if run.attempt == 1 else [each for each in live if _made_since(each, run.started_at)]
    if len(current) == 1:
        return current[0]
    if current:
        return Refused(
            code="several_artifacts",
            message=f"the run has {len(current)} artifacts named {shown}; upload exactly one",
        )
    if live:
        return Refused(
            code="no_artifact",
            message=f"attempt {run.attempt} of the run uploaded no artifact named {shown}, only an earlier "
            "attempt did; re-run all jobs, not only the failed ones",
        )
    if named:
        return Refused(
            code="artifact_expired", message=f"the run's artifact {shown} has expired; run it again"
        )
    return Refused(
        code="no_artifact",
        message=f"the run has no artifact named {shown}; upload component-tags.json under that name",
    )


def _made_since(artifact: Artifact, start: datetime | None) -> bool:
    return start is not None and artifact.created_at is not None and artifact.created_at >= start


def judge_tags(
    tags: ComponentTags, run: WorkflowRun, source: Source, sources: Sequence[Source]
) -> Refused | None:
    """Whether every component belongs to this source and was built from the run's commit; None when all is well.

    One that is not refuses the whole artifact, so nothing of a mixed set gets through (attack cases 32, 36).
    `sources` are all those of the rules file, to tell whose component it is.
    """
    for name, tag in tags.items():
        if name not in source.components:
            owner = next((each.name for each in sources if name in each.components), None)
            whose = f"belongs to source {owner}" if owner else "belongs to no source in the rules file"
            return Refused(
                code="component_not_owned",
                message=f"component {code(name)} {whose}, not to {source.name}; nothing is taken",
            )
        if not run.head_sha.startswith(tag.sha):
            return Refused(
                code="sha_mismatch",
                message=f"{name}.sha is {code(tag.sha)}, but the run built {code(run.head_sha)}; all "
                "components must come from the run's own commit",
            )
    return None


def entered(policy: Policy, *, hotfix: bool) -> tuple[Environment, ...]:
    """Where a release goes first: a hotfix to where hotfixes enter, if there is such a place (row R7)."""
    apart = tuple(each for each in policy.environments if each.hotfix.entrance)
    return apart if hotfix and apart else policy.entrances()


def asks_registry(environments: Sequence[Environment]) -> bool:
    """Whether one of them demands that a tag points at the digest beside it."""
    gates = (each.gates.image for each in environments)
    return any(gate is not None and gate.tag_resolves for gate in gates)


def judge_digest(name: str, tag: ComponentTag, found: Resolved | Missing) -> Refused | None:
    """Whether the registry has other bytes under the tag than the build says (attack case 39); None when it has not.

    A tag or an image that is not there (yet) is left to the gate `image`, which is asked again and again.
    """
    if found.tag_digest in (None, tag.digest):
        return None
    message = (
        f"{name}: the registry's tag {code(tag.tag)} points at {found.tag_digest}, the build claims {tag.digest}; "
        "nothing is taken"
    )
    return Refused(code="digest_mismatch", message=message)


def is_stale(run: WorkflowRun | Release, newest: Release | None) -> bool:
    """Whether `run` is older than `newest`, so that taking it would go backwards (reason `stale_run`, case 36).

    `newest` is the newest accepted release of the same source and the same `branch_kind`; None when there
    is none. The same run and attempt again is not stale.
    """
    order = run.order if isinstance(run, Release) else (run.id, run.attempt)
    return newest is not None and order < newest.order


def make_release(
    run: WorkflowRun,
    source: Source,
    tags: ComponentTags,
    *,
    artifact_sha256: str,
    installation_id: int,
    repository: str,
    at: datetime,
) -> Release:
    """The release that an accepted artifact hands over.

    `repository` is the app repository's full name now; `artifact_sha256` is the hex hash of the zipped
    artifact.
    """
    return Release(
        id=f"{source.name}@{run.id}.{run.attempt}",
        installation_id=installation_id,
        source=source.name,
        source_repository_id=run.repository_id,
        repository=repository,
        run_id=run.id,
        run_attempt=run.attempt,
        run_number=run.number,
        run_url=run.url,
        head_sha=run.head_sha,
        branch=run.branch or "",
        event=run.event,
        artifact_sha256=artifact_sha256,
        components=dict(tags),
        accepted_at=at,
    )


def same_repository(found: str, wanted: str) -> bool:
    """Whether a values file's image repository is exactly the rules' one: host, port and path (attack case 38).

    Nothing is normalised, because every clean-up is a way for a look-alike to slip through:
    `docker.io/library/x` and `x` are two names here, and people write the one that their values file has.
    """
    return found == wanted
