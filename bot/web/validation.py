"""`POST /api/alerts/production-validation`: a workflow says that its validation failed (row C8, cases 3, 93, 94).

Who speaks is proven by GitHub's OIDC token, or by the shared token of the settings. What is said is an alert as its
contract has it; it is stored for the worker, which reads the run again. 202 means stored.
"""

from __future__ import annotations

import hmac
import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from bot.decide.globs import matches_any
from bot.decide.validation.alert import NoAlert, Sent, read_alert
from bot.errors import LockstepError, Retryable
from bot.model.delivery import Delivery
from bot.model.facts import Repository
from bot.model.subject import validation
from bot.model.validation import RunClaims, TokenRefused
from bot.run.validation.received import EVENT, payload
from bot.web.incoming import Refused, parse
from bot.web.metrics import Refusal
from bot.web.ports import Clock, Inbox

PATH = "/api/alerts/production-validation"
_log = logging.getLogger(__name__)


class Tokens(Protocol):
    """What verifies OIDC tokens."""

    def verify(self, token: str) -> RunClaims:
        """Raises TokenRefused; Retryable when the issuer does not answer."""


class Marks(Protocol):
    """What the worker's looks keep."""

    def under(self, prefix: str) -> Mapping[str, Any]:
        """All marks whose key starts with `prefix`."""


class Repositories(Protocol):
    """What the installations cover."""

    def named(self, installation_id: int, full_name: str) -> Repository | None:
        """The repository of that name."""


class Store(Protocol):
    """What this door needs."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def marks(self) -> Marks: ...
    @property
    def repositories(self) -> Repositories: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """A validation that the alert is of."""

    installation_id: int
    config_repository_id: int
    repository: Repository


def production_validation(
    store: Store, clock: Clock, token: str | None, tokens: Tokens, allows: Callable[[str], bool]
) -> Blueprint:
    """The route, for `create_app(rooms=…)`. `token` is VALIDATION_TOKEN; None: only OIDC tokens are taken. `allows`
    says whether an account's events are worked on."""
    routes = Blueprint("validation", __name__)

    @routes.route(PATH, methods=["POST"], provide_automatic_options=False)
    def alerted() -> ResponseReturnValue:
        """An alert."""
        try:
            claims = _proven(request.environ, token, tokens)
            sent = _read(parse(request.get_data()))
            meant = [each for each in _meant(store, sent, claims) if allows(each.repository.account)]
            if not meant:
                raise Refused(403, Refusal.TOKEN, _nobody(claims))
            for each in meant:
                _store_it(store, clock, each, sent, claims)
        except Refused as refused:
            _log.info("alert refused", extra={"status": refused.status, "why": refused.text})
            return jsonify(error=refused.text), refused.status
        except Retryable as error:
            _log.warning("alert not taken: %s", error)
            return (
                jsonify(error="the token cannot be verified now, try again later"),
                503,
                {"Retry-After": "10"},
            )
        except LockstepError:
            _log.exception("alert not stored")
            return jsonify(error="not stored, try again later"), 503, {"Retry-After": "10"}
        return jsonify(status="stored", validations=len(meant)), 202

    return routes


def _proven(environ: Mapping[str, Any], token: str | None, tokens: Tokens) -> RunClaims | None:
    """The run that speaks; None for the shared token, which speaks for no run. A query string is never looked at."""
    scheme, _, given = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        raise Refused(401, Refusal.TOKEN, "send GitHub's OIDC token, or VALIDATION_TOKEN, as a bearer token")
    known = hmac.compare_digest(given.encode("latin-1", "replace"), (token or "").encode())
    if token and known:
        return None
    if given.count(".") != 2:
        raise Refused(401, Refusal.TOKEN, "the bearer token is neither an OIDC token nor VALIDATION_TOKEN")
    try:
        return tokens.verify(given)
    except TokenRefused as refused:
        raise Refused(401, Refusal.TOKEN, str(refused)) from None


def _read(given: Mapping[str, Any]) -> Sent:
    try:
        return read_alert(given)
    except NoAlert as error:
        raise Refused(400, Refusal.MALFORMED, str(error)) from None


def _meant(store: Store, sent: Sent, claims: RunClaims | None) -> Iterator[_Meant]:
    """The validations of the rules whose run it is. A token's run must be the one that the alert names."""
    if claims is not None and claims.run_id != sent.run_id:
        raise Refused(403, Refusal.TOKEN, "githubJobUrl: the token was given to another run")
    for key, kept in store.marks.under("validation:").items():
        if not kept:
            continue
        _, installation, config = key.split(":")
        repository = store.repositories.named(int(installation), kept["repository"])
        if repository is not None and _is_run_of(kept, repository, sent, claims):
            yield _Meant(
                installation_id=int(installation), config_repository_id=int(config), repository=repository
            )


def _is_run_of(kept: Mapping[str, Any], repository: Repository, sent: Sent, claims: RunClaims | None) -> bool:
    """A proven run by GitHub's numeric id, workflow and branch; an unproven one by what its address says."""
    if claims is None:
        said, full = sent.repository.lower(), str(kept["repository"])
        return said in (full, full.rpartition("/")[2])
    return (
        claims.repository_id == repository.id
        and claims.repository.lower() == kept["repository"]
        and claims.workflow == kept["workflow"]
        and claims.branch is not None
        and matches_any(kept["branches"], claims.branch)
    )


def _nobody(claims: RunClaims | None) -> str:
    what = "this repository, workflow and branch" if claims is not None else "this repository"
    return f"no rules file names {what} under `validation`"


def _store_it(store: Store, clock: Clock, meant: _Meant, sent: Sent, claims: RunClaims | None) -> None:
    now = clock()
    delivery = Delivery(
        id=f"validation-{uuid.uuid4()}",
        event=EVENT,
        action=None,
        subject=str(validation(meant.installation_id, meant.config_repository_id)),
        installation_id=meant.installation_id,
        account=meant.repository.account,
        repository_id=meant.config_repository_id,
        received_at=now,
    )
    store.inbox.receive(delivery, json.dumps(payload(sent, claims)).encode(), now)
