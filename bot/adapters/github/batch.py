"""Mutations that wait for each other's company, and what came of each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.adapters.github.channel import Channel
from bot.adapters.github.graphql import FieldError, Reply, write_trouble
from bot.adapters.github.mutations import Mutation, document_of
from bot.errors import LockstepError
from bot.model.facts import Repository

Result = Mapping[str, Any]
MOST_TOGETHER = 12
"""GitHub gives a document ten seconds; each mutation takes some tenths of one."""


def nothing(_payload: Mapping[str, Any]) -> Result:
    """Reads nothing of a payload."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    index: int
    mutation: Mutation
    read: Callable[[Mapping[str, Any]], Result]
    failed: Callable[[FieldError], Result]


class Batch:
    """Collects mutations of one repository. `results` holds what each action, by its place, came to; `app_id` tells our
    check runs from other Apps', `alone` leads to a token that holds one optional permission alone."""

    def __init__(
        self,
        channel: Channel,
        repository: Repository,
        app_id: int,
        alone: Callable[[str], Channel] | None = None,
    ) -> None:
        self.channel = channel
        self.alone = alone or (lambda _permission: channel)
        self.repository = repository
        self.app_id = app_id
        self.results: dict[int, dict[str, Any]] = {}
        self._waiting: list[_Waiting] = []

    def note(self, index: int, result: Result) -> None:
        """Adds to what an action came to."""
        self.results.setdefault(index, {}).update(result)

    def add(
        self,
        index: int,
        mutation: Mutation,
        read: Callable[[Mapping[str, Any]], Result] = nothing,
        failed: Callable[[FieldError], Result] | None = None,
    ) -> None:
        """Lets a mutation wait. `read` takes its payload; `failed` turns its error into a result, or raises."""
        refuse = failed or (lambda error: _refuse(error, mutation.field))
        self._waiting.append(_Waiting(index=index, mutation=mutation, read=read, failed=refuse))

    def flush(self) -> None:
        """Sends what waits. All payloads are read before the first error is raised: they were carried out."""
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            reply = self.send([entry.mutation for entry in together])
            trouble: LockstepError | None = None
            for place, entry in enumerate(together):
                error = reply.error_of(f"m{place}")
                try:
                    self.note(entry.index, self._result(reply, place, entry, error))
                except LockstepError as raised:
                    trouble = trouble or raised
            if trouble is not None:
                self._waiting.clear()
                raise trouble

    def send(self, mutations: list[Mutation]) -> Reply:
        """Sends one document now and gives its answer unjudged."""
        document, variables = document_of(mutations)
        return self.channel.graphql(document, variables, purpose="write")

    @staticmethod
    def _result(reply: Reply, place: int, entry: _Waiting, error: FieldError | None) -> Result:
        if error is not None:
            return entry.failed(error)
        payload = reply.data.get(f"m{place}")
        if payload is None:
            silent = FieldError(type="INTERNAL", path=(f"m{place}",), message="GitHub gave no answer to it")
            return entry.failed(silent)
        return entry.read(payload)


def _refuse(error: FieldError, field: str) -> Result:
    raise write_trouble(error, field)
