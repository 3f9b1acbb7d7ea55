"""`repository_dispatch` on a config repository: a promotion asked for by a workflow or a script (row P5).

GitHub says who sent it, and that is who asks: the `sender` is signed with the rest of the webhook. A workflow's own
token sends as a bot and speaks for no person, so it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.decide.dispatch import EVENT_TYPE, DispatchAsk, Malformed, read_dispatch
from bot.decide.text import code
from bot.errors import UserError
from bot.model.delivery import StoredDelivery
from bot.model.door import Door
from bot.model.facts import Actor, Repository
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.snapshot import RulesFile
from bot.model.subject import Subject
from bot.run import rules
from bot.run.acts import Cause
from bot.run.ask import NotAllowed, ask
from bot.run.dry_run import told
from bot.run.house import House, note
from bot.run.looking import only_looking
from bot.run.preview import previews
from bot.run.shown import show_answer
from bot.run.wanted import Wanted
from bot.run.where import Place

EVENT = "repository_dispatch"
_BOT = (
    " A workflow's own GITHUB_TOKEN speaks for no person: send the dispatch with a person's token, for example a "
    "fine-grained one kept as a secret."
)


def obey_dispatches(
    house: House, subject: Subject, config: Repository, deliveries: Sequence[StoredDelivery]
) -> int:
    """Reads each `lockstep-promote`, asks for it, and answers what is refused at once; how many there were."""
    read = [(each, json.loads(each.payload)) for each in deliveries if each.event == EVENT]
    meant = [(each, payload) for each, payload in read if payload.get("action") == EVENT_TYPE]
    if not meant:
        return 0
    github = house.github(subject.installation_id)
    file = next(iter(github.rules_files([config.id])), None)
    if file is None:
        return 0
    for delivery, payload in meant:
        asker = _sender(payload)
        if asker is not None:
            _obey(house, subject, github, file, asker, delivery, payload)
    return len(meant)


def _obey(
    house: House,
    subject: Subject,
    github: GitHub,
    file: RulesFile,
    asker: Actor,
    delivery: StoredDelivery,
    payload: Mapping[str, Any],
) -> None:
    cause = Cause(subject=subject, delivery_id=delivery.id, actor_id=asker.id, actor_login=asker.login)
    place = Place(installation_id=subject.installation_id, repository=file.repository)
    wish, ruling = read_dispatch(payload.get("client_payload")), rules.of(house, file)
    if isinstance(wish, Malformed):
        _refuse(house, cause, file, None, wish.problem)
        return
    if ruling.policy is None:
        first = str(ruling.errors[0]) if ruling.errors else "no rules file"
        _refuse(house, cause, file, None, f"The rules file is invalid: {code(first)}")
        return
    wanted = Wanted(
        place=place,
        into=wish.into,
        comes_from=wish.comes_from,
        components=wish.components,
        asker=asker,
    )
    known = wish.into if ruling.policy.environment(wish.into) else None
    try:
        refused = _asked(house, github, ruling.policy, wanted, wish, cause, file)
    except UserError as error:
        refused = str(error)
    if refused is not None:
        _refuse(house, cause, file, known, refused)


def _asked(
    house: House,
    github: GitHub,
    policy: Policy,
    wanted: Wanted,
    wish: DispatchAsk,
    cause: Cause,
    file: RulesFile,
) -> str | None:
    """Puts it on record, or shows the dry run; why not, when not."""
    if wish.dry_run:
        text = "\n\n".join(told(each) for each in previews(only_looking(house), wanted))
        answer = f"Dry run: nothing was written.\n\n{text or 'Nothing to promote.'}"
        show_answer(house, cause, file.repository, file.head_sha, wanted.into, "neutral", answer)
        return None
    key = cause.delivery_id or ""
    found = ask(house, policy, wanted, via=Door.DISPATCH, key=key, delivery_id=cause.delivery_id)
    if not isinstance(found, NotAllowed):
        return None
    return found.why + (_BOT if wanted.asker.is_bot else "")


def _refuse(house: House, cause: Cause, file: RulesFile, environment: str | None, why: str) -> None:
    note(
        house, cause.subject, "dispatch", "refused", why,
        delivery_id=cause.delivery_id, actor_id=cause.actor_id, actor_login=cause.actor_login,
        once=f"dispatch {cause.delivery_id} refused",
    )  # fmt: skip
    show_answer(house, cause, file.repository, file.head_sha, environment, "failure", why)


def _sender(payload: Mapping[str, Any]) -> Actor | None:
    """Who sent it, by GitHub's word; None for an account that is gone."""
    user = payload.get("sender") or {}
    if not (user.get("id") and user.get("login")):
        return None
    return Actor(id=int(user["id"]), login=str(user["login"]), is_bot=user.get("type") != "User")
