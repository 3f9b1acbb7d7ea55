"""The stability gate: Argo CD's word on every application of the environment that the release comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.decide.gates import Gated
from bot.decide.gates import stability as stability_gate
from bot.errors import UserError
from bot.model.argocd import ApplicationReading, ApplicationState, StabilityReading
from bot.model.facts import Unknown
from bot.model.policy import Environment, Policy
from bot.model.policy_after import ArgoCD
from bot.run.gates.question import Question
from bot.run.gates.time import merged_since


def stability(question: Question) -> Gated:
    """Each application is asked about on its own; the worst answer decides."""
    gate = question.environment.gates.stability
    if gate is None:
        raise UserError("the gate is not set")
    name = question.place(gate.environment).environment
    there = question.policy.environment(name)
    if there is None:
        raise UserError(f"the rules have no environment {name}")
    expected = _expected(question, name)
    reading = StabilityReading(
        environment=name,
        applications=tuple(
            ApplicationReading(
                application=each.application,
                state=_state(question, each),
                expected=_of(each, expected),
                timeout=each.timeout,
            )
            for each in there.argocd
        ),
        uncovered=_uncovered(there, expected),
        merged=merged_since(question, name),
    )
    return stability_gate.stability(gate, reading, question.now)


def _expected(question: Question, name: str) -> Mapping[str, str]:
    """Component to digest; empty for an environment that the release does not pass on its way here."""
    if name not in _before(question.policy, question.environment):
        return {}
    return {component: tag.digest for component, tag in question.promotion.components.items()}


def _before(policy: Policy, environment: Environment) -> Iterator[str]:
    """The environments on the way, from the nearest; the rules are held to have no circle."""
    name = environment.comes_from
    while name is not None:
        yield name
        found = policy.environment(name)
        name = found.comes_from if found else None


def _of(application: ArgoCD, expected: Mapping[str, str]) -> Mapping[str, str]:
    if application.components is None:
        return expected
    return {name: digest for name, digest in expected.items() if name in application.components}


def _uncovered(there: Environment, expected: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        name for name in sorted(expected) if not any(name in _of(each, expected) for each in there.argocd)
    )


def _state(question: Question, application: ArgoCD) -> ApplicationState | Unknown:
    """As Argo CD last saw it; when that is long ago it has to look again."""
    readers, now = question.house.readers, question.now
    found = readers.application(application, now)
    if isinstance(found, Unknown) or _is_fresh(found, question):
        return found
    return readers.application(application, now, refresh=True)


def _is_fresh(state: ApplicationState, question: Question) -> bool:
    seen = state.reconciled_at
    return seen is not None and question.now - seen <= stability_gate.FRESH
