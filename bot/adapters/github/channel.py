"""The way to one installation: budget first, then token, then one request, then its answer sorted.

Every request is counted for the installation and its purpose, and in `Channel.requests` for the run that makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.github.auth import Clock, InstallationAuth, Token, TokenKeeper
from bot.adapters.github.budget import Budget, ContentThrottle
from bot.adapters.github.errors import Limit, limit_of, limited, reset_of, trouble, wait_after
from bot.adapters.github.graphql import Reply, reply_of
from bot.adapters.github.known import Known
from bot.adapters.github.objects import Objects
from bot.adapters.github.transport import Answer, Transport
from bot.errors import Retryable, Stale, Terminal

MOST_PAGES = 1000


@dataclass(slots=True, kw_only=True)
class Shared:
    """What all runs of one installation share in this process."""

    throttle: ContentThrottle = field(default_factory=ContentThrottle)
    known: Known = field(default_factory=Known)
    objects: Objects = field(default_factory=Objects)
    struck: bool = False
    """Whether a secondary limit without a time came last, so that the next success calms the budget."""


class Channel:
    """Sends requests for one installation. Raises Retryable, Terminal or Stale; never waits, never repeats a write."""

    def __init__(
        self,
        *,
        installation_id: int,
        transport: Transport,
        auth: InstallationAuth,
        tokens: TokenKeeper,
        budget: Budget,
        shared: Shared,
        clock: Clock,
    ) -> None:
        self.installation_id = installation_id
        self.transport = transport
        self.budget = budget
        self.clock = clock
        self.shared = shared
        self.requests: Counter[str] = Counter()
        self._auth = auth
        self._tokens = tokens

    def __repr__(self) -> str:
        return f"Channel(installation_id={self.installation_id})"

    def count(self, purpose: str) -> None:
        """Counts one request before it is made."""
        self.requests[purpose] += 1
        self.budget.count(self.installation_id, purpose, 1)

    def rest(
        self,
        verb: str,
        path: str,
        *,
        purpose: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        allow: Collection[int] = (),
    ) -> Answer:
        """One REST request. Answers below 300 and those in `allow` come back, others are raised by their kind."""
        what = f"{verb} {path.partition('?')[0]}"
        self._admit(what, content=verb != "GET")
        answer = self._sent(purpose, lambda: self.transport.send(verb, path, params=params, body=body))
        self._heed(answer, what)
        if answer.status >= 300 and answer.status not in allow:
            if answer.status in (301, 307, 308):
                self.shared.known.forget_named("/".join(path.split("/")[2:4]))
            raise trouble(answer.status, answer.headers, answer.data, what)
        return answer

    def graphql(self, document: str, variables: Mapping[str, Any], *, purpose: str) -> Reply:
        """One GraphQL document. Raises Retryable when GitHub could not work on it, Terminal when it does not
        understand it; errors at single fields are the caller's to judge."""
        what = f"GraphQL ({purpose})"
        self._admit(what, content=document.lstrip().startswith("mutation"))
        answer = self._sent(purpose, lambda: self.transport.graphql(document, variables))
        self._heed(answer, what)
        if answer.status >= 300:
            raise trouble(answer.status, answer.headers, answer.data, what)
        reply = reply_of(answer.data, what)
        if reply.rate_limited:
            limit = limit_of(403, answer.headers, answer.data, self.clock())
            raise self._limited(limit or Limit(until=None), what)
        return reply

    def pages(
        self,
        path: str,
        *,
        purpose: str,
        key: str | None,
        params: Mapping[str, Any],
        allow: Collection[int] = (),
    ) -> Iterator[Any]:
        """All entries of a paginated list; `key` names the list in the answer, None when the answer is the list."""
        answer = self.rest("GET", path, purpose=purpose, params=params, allow=allow)
        for _ in range(MOST_PAGES):
            if answer.status >= 300:
                return
            yield from answer.data[key] if key else answer.data
            if answer.next_page is None:
                return
            following = answer.next_page.removeprefix(self.transport.prefix)
            answer = self.rest("GET", following, purpose=purpose)
        raise Terminal(f"GET {path} has more than {MOST_PAGES} pages")

    def admit(self, what: str) -> None:
        """Raises Retryable when nothing may be asked for this installation now."""
        until = self.budget.blocked_until(self.installation_id)
        if until is not None and until > self.clock():
            raise limited(what, until)

    def _admit(self, what: str, *, content: bool) -> None:
        self.admit(what)
        if content:
            free = self.shared.throttle.take(self.clock())
            if free is not None:
                raise limited(what, free)

    def _sent(self, purpose: str, send: Callable[[], Answer]) -> Answer:
        """Sends; after a 401 once more with a new token: GitHub did nothing for the first (attack case 18)."""
        token = self._tokens.fresh(self._minting)
        answer = self._once(purpose, token, send)
        if answer.status == 401:
            self._tokens.refused(token)
            answer = self._once(purpose, self._tokens.fresh(self._minting), send)
        return answer

    def _minting(self) -> None:
        """The mint itself counts for the installation's budget; here it counts for the run."""
        self.requests["token"] += 1

    def _once(self, purpose: str, token: Token, send: Callable[[], Answer]) -> Answer:
        self._auth.use(token)
        self.count(purpose)
        return send()

    def _heed(self, answer: Answer, what: str) -> None:
        """Takes in the rate-limit headers, and raises Retryable when the answer is a rate limit."""
        headers = answer.headers
        reset = reset_of(headers)
        if reset is not None and "x-ratelimit-remaining" in headers:
            self.budget.note(
                self.installation_id,
                str(headers.get("x-ratelimit-resource", "core")),
                int(float(headers["x-ratelimit-remaining"])),
                int(float(headers.get("x-ratelimit-limit", 0))),
                reset,
            )
        limit = limit_of(answer.status, headers, answer.data, self.clock())
        if limit is not None:
            raise self._limited(limit, what)
        if answer.status < 300 and self.shared.struck:
            self.shared.struck = False
            self.budget.calm(self.installation_id)

    def _limited(self, limit: Limit, what: str) -> Retryable:
        until = limit.until
        if until is None:
            self.shared.struck = True
            until = self.clock() + wait_after(self.budget.strike(self.installation_id))
        self.budget.block(self.installation_id, until)
        return limited(what, until, asked=True)


def owner_and_name(full_name: str) -> tuple[str, str]:
    """Splits `owner/name`. Raises Stale for anything else, since no repository has such a name."""
    owner, slash, name = full_name.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise Stale(f"{full_name!r} is no repository's full name")
    return owner, name
