"""What a decision rests on, as the content of the evidence record (rows B6, P11): pure, the same for the same facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.decide.approvals import Counted, Evaluation
from bot.decide.content import Problem, images_now
from bot.decide.evidence import moment, words
from bot.decide.pull.facts import PullFacts
from bot.model.approval_facts import Override
from bot.model.evidence import Judged
from bot.model.facts import Check, Unknown
from bot.model.image import ComponentTag, ImageAt
from bot.model.policy import Environment
from bot.model.release import Promotion, PromotionKind, Release
from bot.model.verdict import Evidence, Verdict

MANY = 100
"""Sentences, measurements and checks of one kind that are kept."""


def judged(
    facts: PullFacts,
    environment: Environment,
    verdicts: Sequence[Verdict],
    approvals: Evaluation | None,
    overrides: Sequence[Override] = (),
    skipped: Sequence[Verdict] = (),
) -> Judged | None:
    """Everything that these verdicts rest on; None for what is no promotion of ours."""
    promotion, policy, snapshot = facts.promotion, facts.policy, facts.snapshot
    if promotion is None or policy is None:
        return None
    pull, asked = snapshot.pull, promotion.requested_by_id
    return Judged(
        content={
            "app_version": words(facts.version),
            "judged_at": moment(facts.judged_at or snapshot.taken_at),
            "repository": {"id": snapshot.repository.id, "name": snapshot.repository.full_name},
            "pull": {"number": pull.number, "url": pull.url},
            "environment": environment.name,
            "promoted_from": environment.comes_from,
            "merge_rule": environment.merge.value,
            "rules": {"file": policy.path, "sha": policy.sha},
            "base_ref": pull.base_ref,
            "base_sha": snapshot.base_head_sha,
            "head_sha": pull.head_sha,
            "requested_by": _person(asked, promotion.requested_by_login) if asked else None,
            "source": promotion.source,
            "releases": [_release(name, facts.releases) for name in promotion.release_ids],
            "components": _components(facts, environment, promotion),
            "gates": [_gate(each) for each in verdicts],
            "required_checks": _checks(facts, environment),
            "approvals": [_approval(each) for each in (approvals.counting if approvals else ())],
            "overrides": [_override(each) for each in overrides],
            **_hotfix(facts, promotion, skipped),
        }
    )


def _hotfix(facts: PullFacts, promotion: Promotion, skipped: Sequence[Verdict]) -> dict[str, Any]:
    """What only a hotfix has: the gates that did not hold it, and who confirmed it."""
    if promotion.kind is not PromotionKind.HOTFIX:
        return {}
    given = facts.confirmed
    return {
        "hotfix": {
            "skipped_gates": [
                {"gate": each.gate, "outcome": each.outcome.value, "says": words(each.headline)}
                for each in skipped
            ],
            "confirmed": {"by": _person(given.by.id, given.by.login), "at": moment(given.at)}
            if given
            else None,
        }
    }


def _person(number: int | None, login: str | None) -> dict[str, Any]:
    return {"id": number, "login": words(login or "")}


def _release(name: str, known: Sequence[Release]) -> dict[str, Any]:
    """A release by its id; what is not on record of it is null."""
    found = next((each for each in known if each.id == name), None)
    return {
        "id": name,
        "repository": found.repository if found else None,
        "commit": found.head_sha if found else None,
        "branch": words(found.branch) if found else None,
        "run_url": found.run_url if found else None,
        "artifact_sha256": found.artifact_sha256 if found else None,
    }


def _components(facts: PullFacts, environment: Environment, promotion: Promotion) -> list[dict[str, Any]]:
    names = tuple(sorted(promotion.components))
    there = images_now(environment, names, facts.snapshot.base_files)
    before: Mapping[str, ImageAt] = {} if isinstance(there, Problem) else there
    return [_component(name, promotion.components[name], before.get(name), facts.releases) for name in names]


def _component(
    name: str, tag: ComponentTag, before: ImageAt | None, known: Sequence[Release]
) -> dict[str, Any]:
    release = next((each.id for each in known if _brings(each, name, tag.digest)), None)
    return {
        "component": name,
        "from": {"tag": before.tag and words(before.tag), "digest": before.digest} if before else None,
        "to": {"tag": tag.tag, "digest": tag.digest},
        "commit": tag.sha,
        "release": release,
    }


def _brings(release: Release, component: str, digest: str) -> bool:
    brought = release.components.get(component)
    return brought is not None and brought.digest == digest


def _gate(verdict: Verdict) -> dict[str, Any]:
    return {
        "gate": verdict.gate,
        "outcome": verdict.outcome.value,
        "says": words(verdict.headline),
        "reasons": [words(each) for each in verdict.reasons[:MANY]],
        "measurements": [_measurement(each) for each in verdict.evidence[:MANY]],
    }


def _measurement(evidence: Evidence) -> dict[str, Any]:
    return {
        "measured": words(evidence.measured),
        "needed": words(evidence.needed),
        "source": words(evidence.source),
        "url": words(evidence.url, 2_000) if evidence.url else None,
        "at": moment(evidence.at),
    }


def _checks(facts: PullFacts, environment: Environment) -> list[dict[str, Any]] | None:
    """Other people's checks that had to be green; without a list in the rules that is all of them."""
    found = facts.snapshot.checks
    if isinstance(found, Unknown):
        return None
    wanted = environment.required_checks
    shown = sorted(
        (each for each in found if not wanted or each.name in wanted),
        key=lambda each: (each.name, each.app_id or 0, each.url),
    )
    return [_check(each) for each in shown[:MANY]]


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": words(check.name),
        "app_id": check.app_id,
        "state": check.state.value,
        "url": words(check.url, 2_000) or None,
    }


def _approval(counted: Counted) -> dict[str, Any]:
    yes = counted.yes
    return {
        "by": _person(yes.person.id, yes.person.login),
        "for": list(counted.what),
        "via": yes.via.value,
        "source_id": yes.source_id,
        "at": moment(yes.at),
        "head_sha": yes.head_sha,
    }


def _override(override: Override) -> dict[str, Any]:
    return {
        "gate": override.gate,
        "by": _person(override.by.id, override.by.login),
        "reason": words(override.reason, 2_000),
        "given_at": moment(override.given_at),
        "expires_at": moment(override.expires_at),
        "comment_id": override.comment_id,
    }
