"""The confirmation: a person's `/sync` before a hotfix is merged into an environment that waits for one (row R7)."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.gates.measuring import moment
from bot.model.hotfix import Confirmation
from bot.model.image import ComponentTag
from bot.model.policy import Environment
from bot.model.verdict import Evidence, Outcome, Verdict, Waiting

GATE = "confirmation"


def confirmation(
    environment: Environment, components: Mapping[str, ComponentTag], given: Confirmation | None
) -> Verdict | None:
    """Whether exactly these digests were confirmed; None where nobody has to."""
    if not environment.hotfix.confirm:
        return None
    digests = {name: tag.digest for name, tag in components.items()}
    if given is None or dict(given.digests) != digests:
        moved = "The digests changed since the last one. " if given is not None else ""
        headline = f"{moved}{environment.name} takes a hotfix only when a person has confirmed it: `/sync`"
        ways = (
            "Say `/sync` in a comment, or press *Confirm* on this check run; it is given to exactly these digests.",
        )
        return Verdict(
            gate=GATE, outcome=Outcome.WAIT, headline=headline, reasons=ways, waiting=Waiting.PERSON
        )
    evidence = Evidence(
        measured=f"confirmed by {given.by.login}", needed="a person's `/sync`", source="comment", at=given.at
    )
    headline = f"Confirmed by {given.by.login} ({moment(given.at)})"
    return Verdict(gate=GATE, outcome=Outcome.PASS, headline=headline, evidence=(evidence,))
