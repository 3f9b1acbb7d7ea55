"""Named faults: what goes wrong between a bot and GitHub, on demand.

Every fault may be narrowed by ``method``, ``path_pattern`` (a regular expression searched in the path) and
``operation`` (the name of a GraphQL operation, or a word in it such as ``createCommitOnBranch``), and lasts
for ``times`` requests (None: until ``clear()``). The first one that fits is used up.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.actions.refs import move, person
from bot.sandbox.state import Pull, Repository, World


@dataclass(kw_only=True)
class Call:
    """A request as the faults see it."""

    method: str
    path: str
    operation: str | None = None
    query: str = ""
    body: bytes = b""


@dataclass(kw_only=True)
class Fault:
    """One thing that goes wrong. ``before`` happens first, under the lock; ``after``: perform, then fail."""

    kind: str
    method: str | None = None
    path_pattern: str | None = None
    operation: str | None = None
    times: int | None = 1
    status: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    until: float | None = None
    before: Callable[[Call], None] | None = None
    merges: bool = False

    def fits(self, call: Call) -> bool:
        """Whether it strikes this request; ``merges``: a merge by REST or GraphQL."""
        if self.merges:
            rest = call.method == "PUT" and re.search(r"/pulls/\d+/merge$", call.path)
            return bool(rest or re.search(r"\bmergePullRequest\b", call.query))
        if self.method and self.method.upper() != call.method:
            return False
        if self.path_pattern and not re.search(self.path_pattern, call.path):
            return False
        if self.operation:
            word = rf"\b{re.escape(self.operation)}\b"
            return call.operation == self.operation or bool(re.search(word, call.query))
        return True


class Faults:
    """The faults that wait for their request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[Fault] = []
        self._lost: list[tuple[str | None, str | None, int | None]] = []
        self._lock = threading.Lock()

    def fails(
        self,
        status: int = 502,
        *,
        method: str | None = None,
        path_pattern: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
        message: str = "Server Error",
    ) -> None:
        """Answer so without doing anything."""
        self._add("fails", method, path_pattern, operation, times, status=status, message=message)

    def performs_then_fails(
        self,
        status: int = 502,
        *,
        method: str | None = None,
        path_pattern: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Do what was asked and answer with a failure all the same."""
        self._add("after", method, path_pattern, operation, times, status=status, message="Server Error")

    def slow(
        self,
        seconds: float,
        *,
        method: str | None = None,
        path_pattern: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer correctly, but only after so many seconds."""
        self._add("slow", method, path_pattern, operation, times, seconds=seconds)

    def drops_connection(
        self,
        *,
        method: str | None = None,
        path_pattern: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
        performs: bool = False,
    ) -> None:
        """Close the connection without an answer; ``performs``: after having done what was asked."""
        kind = "drop_after" if performs else "drop"
        self._add(kind, method, path_pattern, operation, times)

    def rate_limited(
        self,
        *,
        primary: float | None = None,
        secondary: float | str | None = None,
        method: str | None = None,
        path_pattern: str | None = None,
        operation: str | None = None,
        times: int | None = None,
    ) -> None:
        """``primary``: seconds until the reset, refused until then (by the sandbox's clock);
        ``secondary``: seconds for ``retry-after`` (once), or ``"bare"`` for none of the headers.

        https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        if primary is not None:
            until = self._world.clock.now().timestamp() + primary
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(until))}
            text = "API rate limit exceeded for installation."
            self._add(
                "fails", method, path_pattern, operation, times, 403, text, headers=headers, until=until
            )
            return
        headers = {} if secondary in (None, "bare") else {"Retry-After": f"{secondary:g}"}
        text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        self._add("fails", method, path_pattern, operation, times or 1, 403, text, headers=headers)

    def base_modified_on_merge(self, times: int = 1) -> None:
        """Answer a merge with 405 ``Base branch was modified``, which passes by itself."""
        text = "Base branch was modified. Review and try the merge again."
        self._waiting.append(Fault(kind="fails", merges=True, times=times, status=405, message=text))

    def swap_head_on_merge(
        self, *, by: str | None = None, files: dict[str, bytes] | None = None, times: int | None = 1
    ) -> None:
        """Push a commit to the head branch just before a merge call is performed."""

        def swap(call: Call) -> None:
            pull = self._pull_of(call)
            if pull is None or pull.state != "open":
                return
            account = self._world.accounts[by.lower()] if by else pull.repo.owner
            writer = person(self._world, account)
            repo: Repository = pull.head_repo
            changes: dict[str, bytes | None] = {**(files or {"swapped.txt": b"swapped\n"})}
            sha = repo.git.commit_files(pull.head_sha, changes, "Swapped just before the merge", writer)
            move(self._world, repo, f"heads/{pull.head_ref}", pull.head_sha, sha, account)

        self._waiting.append(Fault(kind="before", merges=True, times=times, before=swap))

    def before(
        self,
        act: Callable[[Call], None],
        *,
        method: str | None = None,
        path_pattern: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Do something of one's own under the lock just before the request is performed."""
        self._waiting.append(
            Fault(
                kind="before",
                method=method,
                path_pattern=path_pattern,
                operation=operation,
                times=times,
                before=act,
            )
        )

    def loses_webhooks(
        self, event: str | None = None, action: str | None = None, times: int | None = None
    ) -> None:
        """Deliveries do not arrive; the log shows them as failed (502), so they can be asked for again."""
        self._lost.append((event, action, times))

    def clear(self) -> None:
        """All is well again."""
        self._waiting, self._lost = [], []

    def loses(self, event: str, action: str | None) -> bool:
        """Whether this delivery gets lost; used up when it does."""
        for index, (name, verb, times) in enumerate(self._lost):
            if name not in (None, event) or verb not in (None, action):
                continue
            if times is not None:
                self._lost[index : index + 1] = [(name, verb, times - 1)] if times > 1 else []
            return True
        return False

    def strike(self, call: Call) -> list[Fault]:
        """The faults for this request, each used once: any ``slow`` and ``before``, one that answers."""
        struck: list[Fault] = []
        now = self._world.clock.now().timestamp()
        with self._lock:
            self._waiting = [f for f in self._waiting if f.until is None or f.until > now]
            answered = False
            for fault in list(self._waiting):
                answers = fault.kind not in ("slow", "before")
                if not fault.fits(call) or (answers and answered):
                    continue
                answered = answered or answers
                struck.append(fault)
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
        return struck

    def _add(
        self,
        kind: str,
        method: str | None,
        path_pattern: str | None,
        operation: str | None,
        times: int | None,
        status: int = 0,
        message: str = "",
        *,
        headers: dict[str, str] | None = None,
        seconds: float = 0.0,
        until: float | None = None,
    ) -> None:
        self._waiting.append(
            Fault(
                kind=kind,
                method=method,
                path_pattern=path_pattern,
                operation=operation,
                times=times,
                status=status,
                message=message,
                headers=headers or {},
                seconds=seconds,
                until=until,
            )
        )

    def _pull_of(self, call: Call) -> Pull | None:
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)/pulls/(\d+)/merge", call.path)
        if found:
            return self._world.repository(found[1]).pull(int(found[2]))
        for value in re.findall(r"PR_[\w-]+", call.body.decode(errors="replace")):
            entity = self._world.nodes.get(value)
            if isinstance(entity, Pull):
                return entity
        return None
