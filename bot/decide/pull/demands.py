"""What the rules demand on the way into an environment beyond green checks: gates and approvals."""

from __future__ import annotations

from dataclasses import fields

from bot.model.policy import Environment, MergeRule
from bot.model.release import Promotion
from bot.model.verdict import Outcome, Verdict, Waiting


def gates(environment: Environment, promotion: Promotion | None) -> tuple[Verdict, ...]:
    """Gates that the rules demand and nobody measures are unknown, and unknown never merges.

    `source` was answered when the artifact was accepted. `image` would ask a registry; until one is asked it neither
    helps nor hinders, and the check run says so.
    """
    demanded = [
        each.name for each in fields(environment.gates) if getattr(environment.gates, each.name) is not None
    ]
    unmeasured = [name for name in demanded if name not in ("image", "source")]
    found = [
        Verdict(
            gate=name,
            outcome=Outcome.UNKNOWN,
            headline=f"{environment.name} demands the gate {name}, which nothing measures yet; a person decides",
        )
        for name in unmeasured
    ]
    if "source" in demanded and promotion is not None:
        releases = ", ".join(promotion.release_ids)
        found.append(
            Verdict(gate="source", outcome=Outcome.PASS, headline=f"Built by the listed workflow: {releases}")
        )
    if "image" in demanded:
        found.append(
            Verdict(
                gate="image",
                outcome=Outcome.SKIP,
                headline="No registry is asked; the digest is the workflow's word",
            )
        )
    return tuple(found)


def approvals(environment: Environment) -> tuple[Verdict, ...]:
    if environment.merge is MergeRule.AUTO:
        return ()
    if environment.merge is MergeRule.MANUAL:
        headline = f"{environment.name} is merged by a person"
    else:
        wanted = ", ".join(f"{each.count} of {each.role}" for each in environment.approvals) or "a person"
        headline = f"Waits for the approval of {wanted}, and a person's merge"
    return (Verdict(gate="approvals", outcome=Outcome.WAIT, headline=headline, waiting=Waiting.PERSON),)
