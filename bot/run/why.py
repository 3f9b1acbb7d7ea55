"""Reading what `lockstep why` answers from: the values files now, the store's records, and Git's note (row B6).

Nothing here writes: the house comes from `looking.only_looking`.
"""

from __future__ import annotations

from bot.decide.content import Problem
from bot.decide.why import Why, WhyFacts, answer, record_of, running
from bot.errors import UserError
from bot.model.evidence import EVENT, NOTES_REF
from bot.model.facts import Repository, Unknown
from bot.model.ledger import LedgerRow
from bot.model.ports import GitHub
from bot.run import rules
from bot.run.house import House
from bot.run.wanted import Wanted, destination
from bot.run.where import Place

PUSHES = 50
"""Direct pushes that are looked through for one that changed what runs."""


def why(house: House, place: Place, environment: str, component: str) -> Why:
    """Why a component runs in an environment as it does.

    Raises UserError for names that the rules do not know, invalid rules, and values files that cannot be read.
    """
    github, repository = house.github(place.installation_id), place.repository
    snapshot, ruling = rules.environment_snapshot(house, github, repository, environment)
    if ruling.policy is None:
        first = str(ruling.errors[0]) if ruling.errors else "they cannot be read"
        raise UserError(f"the rules of {repository.full_name} are invalid: {first}")
    into = destination(ruling.policy, Wanted(place=place, into=environment, components=(component,)))
    found = running(into, component, snapshot.files)
    if isinstance(found, Problem):
        raise UserError(found.message)
    if found is None:
        files = ", ".join(values.file for values in into.values)
        raise UserError(f"{component} does not run in {environment}: it stands in none of {files}.")
    promotions = house.store.promotions.arrived(repository.id, environment, component)
    row = _row(house, repository.id, promotions[0].pull_number) if promotions else None
    note, message = _git(github, repository, row)
    return answer(
        WhyFacts(
            environment=environment,
            component=component,
            running=found,
            promotions=promotions,
            row=row,
            note=note,
            message=message,
            debts=tuple(
                each
                for each in house.store.debts.active(repository.id)
                if (each.environment, each.component) == (environment, component)
            ),
            pushes=house.store.ledger.rows(event="direct_push", repository_id=repository.id, limit=PUSHES),
        )
    )


def _row(house: House, repository_id: int, pull_number: int) -> LedgerRow | None:
    rows = house.store.ledger.rows(event=EVENT, repository_id=repository_id, pull_number=pull_number, limit=1)
    return rows[-1] if rows else None


def _git(
    github: GitHub, repository: Repository, row: LedgerRow | None
) -> tuple[bytes | Unknown | None, str | Unknown | None]:
    """The note about the merge commit, and its message; two questions."""
    record = record_of(row)
    sha = record["merged"]["sha"] if record else None
    if sha is None:
        return None, None
    note = github.note(repository.full_name, NOTES_REF, sha)
    history = github.history(repository.full_name, sha, None, limit=1)
    if isinstance(history, Unknown):
        return note, history
    return note, next((each.message for each in history.commits if each.sha == sha), None)
