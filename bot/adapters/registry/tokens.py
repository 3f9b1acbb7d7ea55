"""The registry's challenge and its answer: Basic, or a bearer token for pulling one repository.

https://distribution.github.io/distribution/spec/auth/token/
The scope is ours, never the challenge's: a token is good for `pull` on the one repository. Credentials go to the
registry's own host and its own token server; elsewhere a token is asked for without them.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode, urlsplit, urlunsplit

from bot.adapters.outbound import Answer, Outbound
from bot.adapters.registry.credentials import Credentials, is_token_server

LIMIT = 64 * 1024
_CHALLENGE = re.compile(r"(bearer|basic)(?:\s+(.*))?", re.ASCII | re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r'([A-Za-z_]+)="([^"\\]*)"', re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)


class Refused(Exception):
    """The registry, or its token server, did not give what was asked. The message holds no secret."""


def authorization(
    answer: Answer,
    outbound: Outbound,
    *,
    host: str,
    name: str,
    credentials: Credentials | None,
    insecure: bool,
    timeout: float,
) -> str:
    """The Authorization header that a 401 asks for. Raises Refused; NoAnswer and Blocked come from `outbound`."""
    found = _CHALLENGE.fullmatch(answer.headers.get("www-authenticate", "").strip())
    if not found:
        raise Refused(f"{host} asks for an authorization that is neither Bearer nor Basic")
    if found[1].lower() == "basic":
        if not credentials:
            raise Refused(f"{host} asks for credentials, and there are none for it")
        return credentials.basic
    parameters = {key.lower(): value for key, value in _PARAMETER.findall(found[2] or "")}
    return "Bearer " + _token(parameters, outbound, host, name, credentials, insecure, timeout)


def _token(
    parameters: dict[str, str],
    outbound: Outbound,
    host: str,
    name: str,
    credentials: Credentials | None,
    insecure: bool,
    timeout: float,
) -> str:
    realm = urlsplit(parameters.get("realm", ""))
    if realm.scheme != "https" and not (insecure and realm.scheme == "http"):
        raise Refused(f"the token server of {host} is not at an https address")
    ours = is_token_server(realm.netloc.lower(), host)
    asked = {"service": parameters["service"]} if "service" in parameters else {}
    query = urlencode({**asked, "scope": f"repository:{name}:pull"})
    url = urlunsplit((realm.scheme, realm.netloc, realm.path, query, ""))
    headers = {"Accept": "application/json"}
    if credentials and ours:
        headers["Authorization"] = credentials.basic
    answer = outbound.request("GET", url, headers=headers, limit=LIMIT, timeout=timeout)
    if answer.status != 200:
        stranger = credentials and not ours
        hint = f"; it is not {host}'s own, so it was not shown the credentials" if stranger else ""
        raise Refused(f"the token server {realm.hostname} answered with status {answer.status}{hint}")
    try:
        said = json.loads(answer.body)
        token = said.get("token") or said.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Refused(f"the token server {realm.hostname} gave no token")
    return token
