"""Obeying comments: read, authorize, acknowledge, answer. A comment is consumed once, by its id."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.decide import commands as grammar
from bot.decide import names
from bot.decide.approvals import Evaluation, answer_approve
from bot.decide.authorize import authorize
from bot.decide.text import code
from bot.model.action import PutComment, React
from bot.model.approval_facts import ApproveComment, Cancellation
from bot.model.delivery import StoredDelivery
from bot.model.facts import Actor, PullState
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, Request
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject, environment
from bot.run import approvals
from bot.run.acts import Cause, carry_out
from bot.run.house import House, note


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A comment as its author created it; later edits are never read (attack case 64)."""

    delivery_id: str
    comment_id: int
    node_id: str
    body: str
    author: Actor
    at: datetime
    """When it was received."""
    created_at: datetime | None
    """When it was written, by GitHub's clock."""


def heard(deliveries: Sequence[StoredDelivery]) -> Iterable[Heard]:
    """The created comments among the deliveries; anything incomplete (a deleted account) is no command."""
    for delivery in deliveries:
        if (delivery.event, delivery.action) != ("issue_comment", "created"):
            continue
        comment = json.loads(delivery.payload).get("comment") or {}
        user = comment.get("user") or {}
        if not (comment.get("id") and comment.get("node_id") and user.get("id") and user.get("login")):
            continue
        yield Heard(
            delivery_id=delivery.id,
            comment_id=int(comment["id"]),
            node_id=str(comment["node_id"]),
            body=str(comment.get("body") or ""),
            author=Actor(id=int(user["id"]), login=str(user["login"]), is_bot=user.get("type") == "Bot"),
            at=delivery.received_at,
            created_at=_moment(comment.get("created_at")),
        )


def _moment(text: object) -> datetime | None:
    """GitHub's time, or None when it is none: what comes with a webhook is not believed to be well-formed."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """An `/approve` or its cancellation that was kept; the answer is what the evaluation makes of it."""

    cancels: bool


def obey(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    policy: Policy | None,
    promotion: Promotion | None,
    deliveries: Sequence[StoredDelivery],
    *,
    judge: Callable[[], Evaluation | None],
) -> None:
    """Every command gets a reaction at once and one answer; `/promote` is answered by the environment's look.

    `judge` evaluates the approvals, those that were just given among them: it is asked when all commands were read.
    """
    spoken: list[tuple[Cause, Heard, list[str | _Said]]] = []
    for comment in heard(deliveries):
        commands = grammar.parse(comment.body)
        if not commands or comment.author.is_bot or _answered(snapshot, comment):
            continue
        cause = Cause(
            subject=subject,
            delivery_id=comment.delivery_id,
            actor_id=comment.author.id,
            actor_login=comment.author.login,
        )
        seen = React(because="the command was read", comment_node_id=comment.node_id, content="THUMBS_UP")
        carry_out(house, cause, snapshot.repository, [seen])
        permission = github.permission(snapshot.repository.full_name, comment.author.login, comment.author.id)
        answers = [
            _obey_one(house, subject, snapshot, policy, promotion, comment, command, permission)
            for command in commands
        ]
        if any(answers):
            spoken.append((cause, comment, [answer for answer in answers if answer]))
    for cause, comment, words in spoken:
        found = judge() if any(isinstance(word, _Said) for word in words) else None
        marker = names.answer_marker(comment.comment_id)
        lines = [_sentence(word, found, comment) if isinstance(word, _Said) else word for word in words]
        reply = PutComment(
            because=f"answers {comment.author.login}",
            number=snapshot.pull.number,
            node_id=snapshot.pull.node_id,
            marker=marker,
            body="\n".join([marker, f"@{comment.author.login}", *lines]),
        )
        carry_out(house, cause, snapshot.repository, [reply])


def _sentence(said: _Said, found: Evaluation | None, comment: Heard) -> str:
    """What became of an approval, in a sentence or two."""
    if found is None:
        return "Noted; nobody's approval is demanded here."
    if said.cancels:
        return f"Your approval is taken back. {found.verdict.headline}."
    return answer_approve(found, comment.author, comment.comment_id)


def _answered(snapshot: PullSnapshot, comment: Heard) -> bool:
    marker = names.answer_marker(comment.comment_id)
    return any(marker in own.body for own in snapshot.comments)


def _obey_one(
    house: House,
    subject: Subject,
    snapshot: PullSnapshot,
    policy: Policy | None,
    promotion: Promotion | None,
    comment: Heard,
    command: grammar.Command,
    permission: str,
) -> str | _Said | None:
    if isinstance(command, grammar.TooMany):
        return f"At most {command.limit} commands in one comment; `/{command.name}` and what follows was not read."
    if isinstance(command, grammar.Malformed):
        return f"{command.problem} Usage: `{command.usage}`"
    permit = authorize(command.name, comment.author, permission)
    note(
        house,
        subject,
        f"command_{command.name.replace('-', '_')}",
        "done" if permit.allowed else "refused",
        permit.reason,
        pull_number=snapshot.pull.number,
        head_sha=snapshot.pull.head_sha,
        delivery_id=comment.delivery_id,
        actor_id=comment.author.id,
        actor_login=comment.author.login,
    )
    if not permit.allowed:
        return permit.reason
    if isinstance(command, grammar.Help):
        return _help()
    if isinstance(command, grammar.Promote):
        return _promote(house, subject, snapshot, policy, promotion, comment, command)
    if isinstance(command, grammar.Approve | grammar.CancelApproval):
        return _approve(house, subject, snapshot, promotion, comment, command)
    return f"`/{command.name}` is not available in this version. {_available()}"


def _approve(
    house: House,
    subject: Subject,
    snapshot: PullSnapshot,
    promotion: Promotion | None,
    comment: Heard,
    command: grammar.Command,
) -> str | _Said:
    """Keeps the word with the head that its author saw; refused when that cannot be the one of now (attack case 56)."""
    pull = snapshot.pull
    if promotion is None or pull.state is not PullState.OPEN:
        return "There is nothing to approve here: this is no open promotion of Lockstep's."
    written = comment.created_at
    if isinstance(command, grammar.CancelApproval):
        word = Cancellation(
            comment_id=comment.comment_id, author=comment.author, created_at=written or comment.at
        )
        house.store.approvals.said(snapshot.repository.id, pull.number, word)
        return _Said(cancels=True)
    changed = approvals.changed_at(house, snapshot)
    if written is None or written <= changed:
        why = (
            f"Head moved: this pull request last changed at {changed.astimezone(UTC):%H:%M:%S} UTC, and your approval "
            f"is not from after that. Look at {pull.head_sha[:7]} and approve again."
        )
        note(
            house, subject, "approval_void", "refused", why,
            pull_number=pull.number, head_sha=pull.head_sha, delivery_id=comment.delivery_id,
            actor_id=comment.author.id, actor_login=comment.author.login,
        )  # fmt: skip
        return why
    given = ApproveComment(
        comment_id=comment.comment_id,
        author=comment.author,
        head_sha=pull.head_sha,
        created_at=written,
    )
    house.store.approvals.said(snapshot.repository.id, pull.number, given)
    return _Said(cancels=False)


def _promote(
    house: House,
    subject: Subject,
    snapshot: PullSnapshot,
    policy: Policy | None,
    promotion: Promotion | None,
    comment: Heard,
    command: grammar.Promote,
) -> str | None:
    """Puts the request on record and wakes the environment, whose look answers; or says what is wrong with it."""
    if policy is None:
        return "The rules file of the default branch is invalid; mend it first. See the check run `/ config`."
    wanted = _destination(policy, promotion, command)
    if isinstance(wanted, str):
        return wanted
    name, components = wanted.environment, wanted.components
    asked = Request(
        comment_id=comment.comment_id,
        installation_id=subject.installation_id,
        config_repository_id=snapshot.repository.id,
        pull_number=snapshot.pull.number,
        environment=name,
        components=components,
        actor_id=comment.author.id,
        actor_login=comment.author.login,
        asked_at=comment.at,
    )
    house.store.requests.ask(asked)
    wake(house.store, environment(subject.installation_id, snapshot.repository.id, name))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Destination:
    environment: str
    components: tuple[str, ...]


def _destination(policy: Policy, promotion: Promotion | None, command: grammar.Promote) -> _Destination | str:
    """`/promote [environment] [component…]`: the first word may be left out on a promotion pull request."""
    name, components = command.target({each.name for each in policy.environments})
    known = {component for source in policy.sources for component in source.components}
    for word in components:
        if word not in known:
            choices = [*(each.name for each in policy.environments), *sorted(known)]
            return f"{code(word)} is neither an environment nor a component.{_near(word, choices)}"
    if name is None:
        following = policy.after(promotion.environment) if promotion else ()
        if len(following) != 1:
            listed = ", ".join(code(each.name) for each in policy.environments)
            return f"Say where to: `/promote <environment>`, one of {listed}."
        name = following[0].name
    return _Destination(environment=name, components=components)


def _near(word: str, choices: Sequence[str]) -> str:
    found = difflib.get_close_matches(word, choices, n=1)
    return f" Did you mean {code(found[0])}?" if found else ""


AVAILABLE = ("promote", "approve", "help")


def _available() -> str:
    return "Available now: " + ", ".join(f"`/{name}`" for name in AVAILABLE) + "."


def _help() -> str:
    rows = ["| command | does |", "|---|---|"]
    rows += [f"| `{usage.syntax}` | {usage.does} |" for usage in grammar.USAGE if usage.name in AVAILABLE]
    return "\n".join(["", *rows])
