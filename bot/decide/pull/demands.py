"""What the rules demand on the way into an environment beyond green checks: the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.gates import Gated
from bot.model.policy import Environment, Policy
from bot.model.policy_gates import GATE_NAMES
from bot.model.release import Promotion
from bot.model.verdict import Outcome, Verdict

ANSWERED_BEFORE = ("source",)
"""Gates that were answered when the release was accepted."""


def demanded(policy: Policy, environment: Environment) -> tuple[str, ...]:
    """The names of the gates that must pass, in the order in which they are shown.

    A freeze is demanded where a window of the rules is about the environment.
    """
    around = {
        "soak": environment.soak is not None,
        "freeze": any(
            not each.environments or environment.name in each.environments for each in policy.freeze
        ),
    }
    return tuple(
        name for name in GATE_NAMES if around.get(name, getattr(environment.gates, name, None) is not None)
    )


def gates(
    policy: Policy, environment: Environment, promotion: Promotion | None, measured: Mapping[str, Gated]
) -> tuple[Verdict, ...]:
    """The verdict of each demanded gate. One that nobody measures is unknown, and unknown never merges.

    `source` was answered when the artifact was accepted. Unless the rules demand `image` no registry is asked, and
    the check run says so; it neither helps nor hinders then.
    """
    return tuple(_answers(policy, environment, promotion, measured))


def asks(answers: Sequence[Verdict]) -> bool:
    """Whether there is a gate among them whose measurement is worth a check run of its own."""
    return any(each.gate not in ANSWERED_BEFORE and each.outcome is not Outcome.SKIP for each in answers)


def _answers(
    policy: Policy, environment: Environment, promotion: Promotion | None, measured: Mapping[str, Gated]
) -> list[Verdict]:
    found: list[Verdict] = []
    names = demanded(policy, environment)
    for name in names:
        if name in measured:
            found.append(measured[name].verdict)
        elif name not in ANSWERED_BEFORE:
            headline = (
                f"{environment.name} demands the gate {name}, which nothing measures yet; a person decides"
            )
            found.append(Verdict(gate=name, outcome=Outcome.UNKNOWN, headline=headline))
        elif promotion is not None:
            releases = ", ".join(promotion.release_ids)
            headline = f"Built by the listed workflow: {releases}"
            found.append(Verdict(gate=name, outcome=Outcome.PASS, headline=headline))
    if "image" not in names:
        headline = "No registry is asked; the digest is the workflow's word"
        found.append(Verdict(gate="image", outcome=Outcome.SKIP, headline=headline))
    return found
