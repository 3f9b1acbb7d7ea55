"""What the rules demand on the way into an environment beyond green checks: the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.gates import Gated
from bot.model.policy import Environment, Policy
from bot.model.policy_gates import GATE_NAMES
from bot.model.verdict import Outcome, Verdict

QUIET = ("source", "debt")
"""Gates that every release has passed once: while they pass, they alone are worth no check run of their own."""


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


def gates(policy: Policy, environment: Environment, measured: Mapping[str, Gated]) -> tuple[Verdict, ...]:
    """The verdict of each demanded gate, and of `debt` where there is any. One that nobody measures is unknown, and
    unknown never merges.

    Unless the rules demand `image` no registry is asked, and
    the check run says so; it neither helps nor hinders then.
    """
    return tuple(_answers(policy, environment, measured))


def asks(answers: Sequence[Verdict]) -> bool:
    """Whether there is a gate among them whose measurement is worth a check run of its own."""
    quiet = [each for each in answers if each.gate in QUIET and each.outcome is Outcome.PASS]
    return any(each not in quiet and each.outcome is not Outcome.SKIP for each in answers)


def _answers(policy: Policy, environment: Environment, measured: Mapping[str, Gated]) -> list[Verdict]:
    found: list[Verdict] = []
    names = demanded(policy, environment)
    owed = ("debt",) if "debt" in measured else ()
    for name in (*names, *owed):
        if name in measured:
            found.append(measured[name].verdict)
        else:
            headline = (
                f"{environment.name} demands the gate {name}, which nothing measures yet; a person decides"
            )
            found.append(Verdict(gate=name, outcome=Outcome.UNKNOWN, headline=headline))
    if "image" not in names:
        headline = "No registry is asked; the digest is the workflow's word"
        found.append(Verdict(gate="image", outcome=Outcome.SKIP, headline=headline))
    return found
