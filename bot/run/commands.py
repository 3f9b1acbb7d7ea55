"""Obeying comments: read, authorize, acknowledge, answer. A comment is consumed once, by its id."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.decide import commands as grammar
from bot.decide import names
from bot.decide.approvals import Evaluation
from bot.decide.authorize import authorize
from bot.decide.text import code
from bot.model.action import PutComment, React
from bot.model.delivery import StoredDelivery
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, Request
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject, environment
from bot.run.acts import Cause, carry_out
from bot.run.approve import Said, approve, sentence
from bot.run.heard import Heard, heard
from bot.run.house import House, note


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
    spoken: list[tuple[Cause, Heard, list[str | Said]]] = []
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
        found = judge() if any(isinstance(word, Said) for word in words) else None
        marker = names.answer_marker(comment.comment_id)
        lines = [sentence(word, found, comment) if isinstance(word, Said) else word for word in words]
        reply = PutComment(
            because=f"answers {comment.author.login}",
            number=snapshot.pull.number,
            node_id=snapshot.pull.node_id,
            marker=marker,
            body="\n".join([marker, f"@{comment.author.login}", *lines]),
        )
        carry_out(house, cause, snapshot.repository, [reply])


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
) -> str | Said | None:
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
        return approve(house, subject, snapshot, promotion, comment, command)
    return f"`/{command.name}` is not available in this version. {_available()}"


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
