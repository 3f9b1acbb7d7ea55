"""One look: what goes back, hotfixes, every source, the alert bundle; then the answers."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import board
from bot.decide.gates.freeze import freeze
from bot.decide.hotfix import takes_hotfixes
from bot.decide.rollback import safety
from bot.decide.text import code
from bot.model.policy import Environment, Policy, Source
from bot.model.ports import GitHub
from bot.model.release import PromotionKind, Request
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject
from bot.model.verdict import Outcome
from bot.run import alert_promotion, rollback, rules, seen
from bot.run.environment.answers import answer_all
from bot.run.environment.facts import hold_of, likely_histories
from bot.run.environment.proposing import Proposed, propose
from bot.run.environment.unrecorded import ended_unrecorded, waits_for_the_record
from bot.run.house import House, Looked


def look_environment(house: House, subject: Subject) -> Looked:
    """Proposes, renews or closes the environment's pull requests, and answers who asked."""
    repository = house.store.repositories.find(subject.repository)
    name = subject.name or ""
    if repository is None:
        return Looked(outcome="skipped: the repository is not known to this installation")
    github = house.github(subject.installation_id)
    histories = likely_histories(house, subject, name)
    going_back = rollback.branches(house, subject.repository, name)
    snapshot, result = rules.environment_snapshot(house, github, repository, name, histories, going_back)
    requests = house.store.requests.open_for(repository.id, name)
    policy = result.policy
    if policy is None:
        first = str(result.errors[0]) if result.errors else "the rules cannot be read"
        house.store.marks.put(board.key(repository.id, name), board.trouble(snapshot, name, first))
        answer_all(house, subject, github, snapshot, requests, f"The rules file is invalid: {code(first)}")
        return Looked(outcome=f"refused: {first}")
    environment = policy.environment(name)
    if environment is None:
        house.store.marks.put(safety.key(repository.id, name), None)
        strange = f"`{name}` is not an environment of {policy.path}."
        answer_all(house, subject, github, snapshot, requests, strange)
        return Looked(outcome=f"skipped: {name} is not an environment")
    house.store.marks.put(board.key(repository.id, name), board.value(policy, snapshot, name))
    frozen = freeze(policy.freeze, name, house.clock()).verdict.outcome is not Outcome.PASS
    told = safety.mark(snapshot.repository, policy, environment, frozen=frozen)
    house.store.marks.put(safety.key(repository.id, name), told)
    ended = ended_unrecorded(house, subject, policy, snapshot)
    if ended and (waits := waits_for_the_record(house, subject, ended)):
        return waits
    # First what goes back: it places the hold that what follows must respect.
    back: list[str | None] = [
        *rollback.look(house, subject, github, policy, environment, snapshot, going_back)
    ]
    urgent, requests = _apart(requests)
    proposed = _hotfixes(house, subject, github, policy, environment, snapshot, urgent)
    proposed += [
        propose(house, subject, github, policy, environment, source, snapshot, _for(requests, source))
        for source in policy.sources
    ]
    held = hold_of(house, repository.id, name) is not None
    alerts = alert_promotion.look(house, subject, github, policy, environment, snapshot, requests, held=held)
    spoken = [said for said in (*back, *(each.headline for each in proposed), alerts) if said]
    said = "\n".join(spoken) or f"Nothing to promote to {name}."
    answer_all(house, subject, github, snapshot, requests, said, [each.name for each in policy.sources])
    if all(each.settled for each in proposed) and not any(back) and not alerts:
        seen.saw(house, subject, snapshot.base_sha)
    return Looked(outcome=" | ".join(spoken) or "nothing")


def _apart(requests: Sequence[Request]) -> tuple[tuple[Request, ...], tuple[Request, ...]]:
    """Those that ask for a hotfix, and the others."""
    return tuple(each for each in requests if each.hotfix), tuple(
        each for each in requests if not each.hotfix
    )


def _hotfixes(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    requests: tuple[Request, ...],
) -> list[Proposed]:
    """Before the ordinary way, which has to know what is open here; who asked for a hotfix is answered by it alone."""
    found: list[Proposed] = []
    if takes_hotfixes(environment):
        found = [
            propose(
                house, subject, github, policy, environment, source, snapshot, _for(requests, source),
                kind=PromotionKind.HOTFIX,
            )
            for source in policy.sources
        ]  # fmt: skip
        said = (
            "\n".join(each.headline for each in found if each.headline)
            or f"No hotfix for {environment.name} is on record."
        )
    else:
        said = f"{environment.name} takes no hotfixes of their own: see `hotfix` in {policy.path}."
    answer_all(house, subject, github, snapshot, requests, said, [each.name for each in policy.sources])
    return found


def _for(requests: Sequence[Request], source: Source) -> tuple[Request, ...]:
    return tuple(
        request
        for request in requests
        if not request.components or set(request.components) & set(source.components)
    )
