"""Asks Argo CD's HTTP API: `GET /api/v1/applications/{name}` and, the only write, `POST …/sync`.

https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/
To a question without `project` about an application that does not exist Argo CD answers 403, the same as to one that
the token may not see; the sentence says both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from bot.adapters.argocd import answers
from bot.adapters.outbound import Answer, Blocked, NoAnswer, Outbound
from bot.errors import Retryable, UserError
from bot.model.argocd import ApplicationState
from bot.model.facts import Unknown

LIMIT = 16 * 1024 * 1024
"""Bytes of one application; it lists every resource, and Kubernetes keeps it below about 1.5 MiB in its store."""
TIMEOUT = 10.0
_SAID = 300
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names"""
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


class ArgoCD:
    """One server. `url` is ARGOCD_SERVER and `token` ARGOCD_AUTH_TOKEN; while one is not set everything says so."""

    def __init__(
        self, url: str | None, token: str | None, outbound: Outbound, *, timeout: float = TIMEOUT
    ) -> None:
        self._base = (url or "").rstrip("/")
        self._token = token or ""
        self._outbound = outbound
        self._timeout = timeout

    def __repr__(self) -> str:
        return "ArgoCD()"

    def application(
        self,
        name: str,
        at: datetime,
        *,
        namespace: str | None = None,
        project: str | None = None,
        refresh: bool = False,
    ) -> ApplicationState | Unknown:
        """The application as Argo CD last saw it; `at` is the aware time now. `namespace` None: Argo CD's own.

        `refresh` has Argo CD compare it with Git first. It answers when that is done; a controller that stands still
        means no answer in time. Raises UserError for a name that Kubernetes would not accept.
        """
        where = _where(name, namespace, project)
        unset = self._unset()
        if unset:
            return Unknown(why=unset)
        asked = {"refresh": "normal", **where} if refresh else where
        query = f"?{urlencode(asked)}" if asked else ""
        try:
            answer = self._request("GET", f"/api/v1/applications/{quote(name, safe='')}{query}")
            if answer.status != 200:
                return Unknown(why=self._refused(answer, name, project, "get"))
            return self._state(answer, name, at)
        except (NoAnswer, Blocked, ValueError) as error:
            return Unknown(why=f"Argo CD: {error}")

    def session(self) -> str | Unknown:
        """Whom Argo CD takes the token for, for the doctor: `GET /api/v1/session/userinfo`."""
        unset = self._unset()
        if unset:
            return Unknown(why=unset)
        try:
            answer = self._request("GET", "/api/v1/session/userinfo")
            said = json.loads(answer.body) if answer.status == 200 else {}
        except (NoAnswer, Blocked) as error:
            return Unknown(why=f"Argo CD: {error}", passing=isinstance(error, NoAnswer))
        except (ValueError, RecursionError):
            return Unknown(why="Argo CD: its answer is no JSON; is ARGOCD_SERVER the address of Argo CD?")
        if answer.status >= 300:
            return Unknown(
                why=self._refused(answer, "the session", None, "read"), passing=answer.status >= 500
            )
        if not isinstance(said, dict) or said.get("loggedIn") is not True:
            return Unknown(why="Argo CD does not accept ARGOCD_AUTH_TOKEN: it is wrong, expired or revoked")
        name = str(said.get("username") or "an account").replace(self._token, "…")
        return f"accepts the token of {name[:80]}"

    def sync(
        self,
        name: str,
        revision: str,
        at: datetime,
        *,
        namespace: str | None = None,
        project: str | None = None,
        positions: Sequence[int] = (),
    ) -> ApplicationState:
        """Begins a sync at a commit, nothing else: no pruning, no force. It is begun when this returns, not done.

        An application with several sources needs `positions`, counted from 1: those sources take the commit.
        Raises Retryable when nobody answers or a sync runs already; UserError, in words for a person, when Argo CD
        refuses: no permission, no such application, a sync window, or an application that syncs by itself and
        follows something else than this commit.
        """
        where = _where(name, namespace, project)
        if not _REVISION.fullmatch(revision):
            raise UserError(
                f"{revision[:50]!r} is no full commit id; an application is synced at a commit only"
            )
        unset = self._unset()
        if unset:
            raise UserError(unset)
        body: dict[str, Any] = {"name": name, **where, "revision": revision}
        if positions:
            del body["revision"]
            body |= {"revisions": [revision] * len(positions), "sourcePositions": [str(n) for n in positions]}
        try:
            answer = self._request("POST", f"/api/v1/applications/{quote(name, safe='')}/sync", body)
        except NoAnswer as error:
            raise Retryable(f"Argo CD: {error}") from None
        if answer.status == 200:
            try:
                return self._state(answer, name, at)
            except ValueError as error:
                raise Retryable(f"Argo CD took the sync, but {error}") from None
        why = self._refused(answer, name, project, "sync")
        if answer.status >= 500 or answer.status == 429 or "operation is already in progress" in why:
            raise Retryable(why)
        raise UserError(why)

    def _refused(self, answer: Answer, name: str, project: str | None, right: str) -> str:
        """The sentence, without the token: whatever answers may repeat what it was sent (attack case 93)."""
        return _refused(answer, name, project, right).replace(self._token, "…")

    def _unset(self) -> str:
        if not self._base:
            return "ARGOCD_SERVER is not set: set it to the address of your Argo CD"
        if not self._token:
            return "ARGOCD_AUTH_TOKEN is not set: make one with `argocd account generate-token`"
        return ""

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self._token}"}
        if body is not None:
            # Argo CD refuses a write that a page in a browser could send by itself.
            headers["Content-Type"] = "application/json"
        return self._outbound.request(
            method,
            self._base + path,
            headers=headers,
            body=None if body is None else json.dumps(body).encode(),
            limit=LIMIT,
            timeout=self._timeout,
        )

    def _state(self, answer: Answer, name: str, at: datetime) -> ApplicationState:
        """Raises ValueError, in words."""
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise ValueError("its answer is no JSON; is ARGOCD_SERVER the address of Argo CD?") from None
        try:
            return answers.application(said, name, at, self._base)
        except ValueError as error:
            raise ValueError(f"its answer has another shape than its API describes: {error}") from None


def _where(name: str, namespace: str | None, project: str | None) -> dict[str, str]:
    """The parameters that say which application is meant."""
    named = {"application": name, "namespace": namespace, "project": project}
    for what, text in named.items():
        if text is not None and not _NAME.fullmatch(text):
            raise UserError(f"argocd: the {what} {text[:80]!r} is no name that Kubernetes accepts")
    asked = {"appNamespace": namespace, "project": project}
    return {key: text for key, text in asked.items() if text is not None}


def _refused(answer: Answer, name: str, project: str | None, right: str) -> str:
    """What a status other than 200 means, in a sentence; Argo CD's own words with it, shortened."""
    said = _words(answer)
    if answer.status == 401:
        return "Argo CD does not accept ARGOCD_AUTH_TOKEN (401): it is wrong, expired or revoked"
    if answer.status == 403:
        or_gone = "" if project else ", or there is no such application (setting its `project` tells which)"
        return f"Argo CD forbids to {right} {name} (403): {said}; the token needs `applications, {right}`{or_gone}"
    if answer.status == 404:
        where = f" in the project {project}" if project else ""
        return f"Argo CD has no application {name}{where} (404)"
    if 300 <= answer.status < 400:
        return f"Argo CD answered with a redirect ({answer.status}): set ARGOCD_SERVER to where it leads"
    return f"Argo CD answered with status {answer.status}: {said}"


def _words(answer: Answer) -> str:
    try:
        said = json.loads(answer.body)
        text = said.get("message") or said.get("error") if isinstance(said, dict) else None
    except (ValueError, RecursionError):
        text = None
    return " ".join(str(text or "it gives no reason").split())[:_SAID]
