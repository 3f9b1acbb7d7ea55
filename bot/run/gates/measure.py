"""All demanded gates of one promotion, each measured on its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.decide.gates import Gated
from bot.decide.pull.demands import demanded
from bot.decide.text import plain
from bot.errors import InstallationGone, LockstepError, Retryable, Stale
from bot.model.policy import Environment, Policy
from bot.model.ports import GitHub
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.model.verdict import Evidence, Outcome, Verdict
from bot.run.gates import debt, image, metrics, reports, source, stability, time
from bot.run.gates.question import Question
from bot.run.house import House

log = logging.getLogger(__name__)

RETRY = timedelta(minutes=2)
"""When a gate is measured again whose source did not answer."""

Measurement = Callable[[Question], Gated]
MEASUREMENTS: Mapping[str, Measurement] = {
    "tests": reports.tests,
    "coverage": reports.coverage,
    "security": reports.security,
    "quality": reports.quality,
    "slo": metrics.slo,
    "error_budget": metrics.error_budget,
    "canary": metrics.canary,
    "metrics": metrics.metrics,
    "critical_alerts": metrics.critical_alerts,
    "stability": stability.stability,
    "soak": time.soak,
    "image": image.image,
    "source": source.source,
    "freeze": time.freeze,
    "debt": debt.debt,
}
"""Gate to how it is measured; what is not in it is answered by nobody yet."""


def measure(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    promotion: Promotion,
    snapshot: PullSnapshot,
    now: datetime,
) -> Mapping[str, Gated]:
    """Gate name to its answer at `now`, for every demanded gate that can be measured at all.

    Raises only what ends the whole look (Stale, InstallationGone). Without demanded gates nothing is asked.
    """
    question = Question(
        house=house,
        subject=subject,
        github=github,
        policy=policy,
        environment=environment,
        promotion=promotion,
        snapshot=snapshot,
        now=now,
    )
    names = [name for name in demanded(policy, environment) if name in MEASUREMENTS]
    names += ["debt"] if debt.owes(question) else []
    return {name: _guarded(name, question) for name in names}


def _guarded(name: str, question: Question) -> Gated:
    """The answer; unknown with the reason when it cannot be had, and asked again soon when that may help."""
    try:
        found = MEASUREMENTS[name](question)
        soon = question.now + RETRY
        return replace(found, changes_at=min(found.changes_at or soon, soon)) if found.ask_again else found
    except (Stale, InstallationGone):
        raise
    except Retryable as error:
        return _unknown(name, str(error), question.now, max(error.at or question.now, question.now + RETRY))
    except LockstepError as error:
        return _unknown(name, str(error), question.now, None)
    except Exception as error:
        log.exception("the gate %s of %s could not be measured", name, question.subject)
        return _unknown(
            name, f"measuring failed ({type(error).__name__}); see the worker's log", question.now, None
        )


def _unknown(name: str, why: str, now: datetime, again: datetime | None) -> Gated:
    why = plain(why, 300)
    evidence = Evidence(measured="unknown", needed="a measurement", source=why, at=now)
    headline = f"{name} could not be measured: {why}"
    verdict = Verdict(gate=name, outcome=Outcome.UNKNOWN, headline=headline, evidence=(evidence,))
    return Gated(verdict=verdict, changes_at=again)
