"""Following a request from the terminal: asked, opened, gates set aside, approved, merged, each with a line about it.

Everything that changes anything is done by the worker, or said on the pull request by the person who asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

import click

from bot import cli_asking as asked
from bot.decide import names
from bot.decide.commands import LIMIT
from bot.decide.overrides import overridable
from bot.errors import Retryable, UserError
from bot.model.door import Door
from bot.model.facts import Actor
from bot.model.policy import Policy
from bot.model.release import Promotion, PromotionState, Request
from bot.run import rules
from bot.run.ask import NotAllowed, ask, served
from bot.run.wanted import Wanted
from bot.wiring import Works, person

Found = TypeVar("Found")
PAUSE = 0.5
"""Seconds between two looks at the database."""
SLOW = 3.0
"""Seconds between two looks at GitHub."""
_AFTER = 1.5
"""GitHub counts whole seconds: what is said in the second of the head commit could have been said before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted beside the promotion itself."""

    approve: bool
    override: str | None
    """The reason for setting every gate aside that holds it."""
    until: str | None
    timeout: float
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far it came; `code` is the exit code."""

    into: str
    code: int
    answer: str
    by: str
    promotions: tuple[Promotion, ...] = ()
    said: tuple[str, ...] = ()
    """The worker's answers to `/override` and `/approve`."""


class Speaker(Protocol):
    """The person who asks, by a token of their own."""

    def who(self) -> Actor:
        """Who it is, by GitHub's word."""

    def says(self, repository: str, number: int, text: str) -> int:
        """Comments on a pull request; the comment's id."""


class _Wait:
    """Patience until a moment."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._never = threading.Event()

    def until(self, look: Callable[[], Found | None], what: str, pause: float = PAUSE) -> Found:
        """What `look` finds in the end. Raises Retryable when the time is over."""
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() >= self._end:
                raise Retryable(
                    f"{what} did not happen in time; what was asked stays on record. Is a worker running?"
                )
            self._never.wait(pause)

    def moment(self) -> None:
        """Lets GitHub's clock go on by a second."""
        self._never.wait(_AFTER)


def follow(parts: Works, wanted: Wanted, wish: Wish, token: str, *, key: str) -> Followed:
    """Asks, and goes along as far as is wished. Raises UserError, and Retryable when the time is over."""
    speaker = person(parts.settings, token)
    by = speaker.who()
    wanted = replace(wanted, asker=by)
    place, github = wanted.place, parts.house.github(wanted.place.installation_id)
    file = next(iter(github.rules_files([place.repository.id])), None)
    policy = rules.of(parts.house, file).policy if file is not None else None
    if policy is None:
        raise UserError(f"the rules of {place.repository.full_name} cannot be read; see `lockstep check`")
    request = ask(parts.house, policy, wanted, via=Door.TERMINAL, key=key)
    if isinstance(request, NotAllowed):
        return Followed(into=wanted.into, code=1, answer=request.why, by=by.login)
    _say(wish, f"{by.login} asked for the promotion to {wanted.into}.")
    if wish.until is None and wish.override is None and not wish.approve:
        answer = "On record; a worker opens the pull request. --wait opened follows it."
        return Followed(into=wanted.into, code=0, answer=answer, by=by.login)
    return _followed(parts, wanted, wish, policy, request, speaker)


def _followed(
    parts: Works, wanted: Wanted, wish: Wish, policy: Policy, request: Request, speaker: Speaker
) -> Followed:
    wait = _Wait(wish.timeout)
    answer = wait.until(lambda: _answer(parts, request), "The worker's answer")
    _say(wish, answer)
    found = served(parts.house, request, [each.name for each in policy.sources])
    result = Followed(into=wanted.into, code=0, answer=answer, by=wanted.asker.login, promotions=found)
    if not found:
        return replace(result, code=1 if any(each.refused for each in asked.looked(parts, wanted)) else 0)
    spoken = [
        said
        for each in found
        if each.state is PromotionState.OPEN
        for said in _speak(parts, wanted, wish, each, speaker, wait)
    ]
    result = replace(
        result, said=tuple(words for words, _ in spoken), code=0 if all(ok for _, ok in spoken) else 1
    )
    if wish.until != "merged" or result.code:
        return result
    ended = tuple(
        wait.until(partial(_ended, parts, each), f"The merge of #{each.pull_number}") for each in found
    )
    for each in ended:
        _say(wish, f"#{each.pull_number} is {each.state.value}.")
    closed = any(each.state is PromotionState.CLOSED for each in ended)
    return replace(result, promotions=ended, code=1 if closed else 0)


def _answer(parts: Works, request: Request) -> str | None:
    found = parts.store.requests.find(request.comment_id, request.environment)
    return found.answer if found is not None and found.answered_at is not None else None


def _ended(parts: Works, promotion: Promotion) -> Promotion | None:
    now = parts.store.promotions.by_pull(promotion.config_repository_id, promotion.pull_number)
    return now if now is not None and now.state is not PromotionState.OPEN else None


def _speak(
    parts: Works, wanted: Wanted, wish: Wish, promotion: Promotion, speaker: Speaker, wait: _Wait
) -> Iterator[tuple[str, bool]]:
    """Says `/override` for each gate that holds it, then `/approve`; the worker's answer, and whether it was a yes."""
    repository, number = wanted.place.repository, promotion.pull_number
    if wish.override is not None or wish.approve:
        wait.moment()
    if wish.override is not None:
        gates = _holding(parts, wanted, promotion)
        for some in (gates[at : at + LIMIT] for at in range(0, len(gates), LIMIT)):
            text = "\n\n".join(f"/override {gate} reason: {wish.override}" for gate in some)
            comment = speaker.says(repository.full_name, number, text)
            answer = _answered(parts, wanted, number, comment, wait)
            kept = {
                each.gate
                for each in parts.store.overrides.of(repository.id, number)
                if each.comment_id == comment
            }
            _say(wish, answer)
            yield answer, set(some) <= kept
    if wish.approve:
        comment = speaker.says(repository.full_name, number, "/approve")
        answer = _answered(parts, wanted, number, comment, wait)
        _say(wish, answer)
        yield answer, _counts(parts, wanted, promotion)


def _holding(parts: Works, wanted: Wanted, promotion: Promotion) -> tuple[str, ...]:
    """The gates that hold it now and may be set aside."""
    looked = asked.looked(parts, replace(wanted, source=promotion.source))
    return tuple(gate for each in looked for gate in overridable(each.gates))


def _counts(parts: Works, wanted: Wanted, promotion: Promotion) -> bool:
    """Whether the asker's yes counts now; what was merged meanwhile did not lack it."""
    if _ended(parts, promotion) is not None:
        return True
    looked = asked.looked(parts, replace(wanted, source=promotion.source))
    found = [each.approvals for each in looked if each.approvals is not None]
    return any(yes.yes.person.id == wanted.asker.id for each in found for yes in each.counting)


def _answered(parts: Works, wanted: Wanted, number: int, comment: int, wait: _Wait) -> str:
    """The worker's answer to a comment, as it stands on the pull request, without its hidden marker."""
    marker = names.answer_marker(comment)

    def look() -> str | None:
        seen = parts.house.github(wanted.place.installation_id).pull(
            wanted.place.repository.id, number, files=()
        )
        own = next((each.body for each in seen.comments if marker in each.body), None) if seen else None
        return own.replace(marker, "").strip() if own is not None else None

    return wait.until(look, f"The answer on #{number}", pause=SLOW)


def _say(wish: Wish, text: str) -> None:
    if not wish.quiet:
        click.echo(text, err=True)
