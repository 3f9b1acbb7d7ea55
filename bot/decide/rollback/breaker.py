"""What people are told when the breaker opens: from now on only they roll back here (rows G4, P8; attack case 89)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import incidents, names
from bot.decide.gates.measuring import length, moment
from bot.decide.rollback.facts import RollbackFacts
from bot.decide.text import defang
from bot.model.issue import Issue
from bot.model.rollback import RollbackRecord

SHOWN = 300
"""Characters of a reason."""


def key(counted: Sequence[RollbackRecord]) -> str:
    """One issue for each time that it opens: known by the last rollback that was let through."""
    return f"breaker:{counted[0].id}"


def issue(facts: RollbackFacts, counted: Sequence[RollbackRecord]) -> Issue:
    """The issue: which rollbacks are counted, what was stopped first, and when it closes by itself."""
    rules, where, ask = facts.environment.rollback, facts.environment.name, facts.record.ask
    oldest = min((each.opened_at for each in counted if each.opened_at is not None), default=facts.now)
    rows = [
        (
            incidents.clock(each.opened_at) if each.opened_at else "",
            f"#{each.pull_number}",
            f"{each.ask.trigger.replace('_', ' ')}: {defang(each.ask.reason, SHOWN)}",
        )
        for each in counted
    ]
    said = (
        f"**{where}** is rolled back by people only until {moment(oldest + rules.breaker_window)}: "
        f"{len(counted)} automatic rollbacks within {length(rules.breaker_window)} are the limit "
        f"(`environments.{where}.rollback.breaker_max`). Something is wrong that going back does not mend."
    )
    return Issue(
        key=key(counted),
        title=f"Breaker open in {where}: people only",
        facts=incidents.facts(
            said,
            incidents.table(("UTC", "rollback", "because of"), rows),
            f"Stopped first: {ask.trigger.replace('_', ' ')}, {defang(ask.reason, SHOWN)}",
        ),
        checklist=(
            f"Decide about what was stopped: `/rollback reason: <words>` on a merged promotion of {where}, or leave it",
            "Cause: what do these rollbacks have in common?",
            "Follow-up: mend it, or the alert or check that asks for rollbacks",
        ),
        labels=(names.INCIDENT_LABEL, names.environment_label(where)),
    )
