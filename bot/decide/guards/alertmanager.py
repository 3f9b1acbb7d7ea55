"""Alertmanager's configuration, wherever it is kept: every address that Alertmanager will call.

https://prometheus.io/docs/alerting/latest/configuration/
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from bot.decide.bump.nodes import Kind, Node
from bot.decide.guards.documents import Documents, child, embedded, entries, scalar, walk
from bot.decide.guards.hosts import URL, destination

_FILE = re.compile(r"(^|/)[^/]*alertmanager[^/]*\.ya?ml$", re.IGNORECASE)
_DISPLAY = frozenset(
    [
        "imageurl",
        "thumburl",
        "iconurl",
        "titlelink",
        "authorlink",
        "authoricon",
        "footericon",
        "clienturl",
        "urltitle",
        "link",
        "href",
        "avatarurl",
    ]
)
"""Fields that are shown in a message and never called."""
_OFTEN_DISPLAY = {"pushover": "url", "pagerduty": "href"}
KNOWN = {
    "slack": ("slack.com", "hooks.slack.com"),
    "opsgenie": ("api.opsgenie.com", "api.eu.opsgenie.com"),
    "pagerduty": ("events.pagerduty.com", "events.eu.pagerduty.com"),
    "victorops": ("alert.victorops.com",),
    "pushover": ("api.pushover.net",),
    "wechat": ("qyapi.weixin.qq.com",),
    "telegram": ("api.telegram.org",),
    "discord": ("discord.com", "discordapp.com"),
    "webex": ("webexapis.com",),
    "rocketchat": ("open.rocket.chat",),
}
"""Receiver kind → the service's own hosts: telling people there is no remediation."""
_KNOWN_SUFFIX = {
    "msteams": (".webhook.office.com", ".logic.azure.com"),
    "msteamsv2": (".logic.azure.com", ".powerplatform.com"),
    "sns": (".amazonaws.com",),
    "jira": (".atlassian.net",),
}


def is_named_alertmanager(path: str) -> bool:
    """Whether a file is one by its name."""
    return _FILE.search(path) is not None


def configurations(documents: Documents, root: Node) -> Iterator[tuple[Documents, Node]]:
    """Every Alertmanager configuration in a document: the document itself, a part of Helm values, an
    `AlertmanagerConfig`, or text in a Secret or ConfigMap."""
    for node, path in walk(root):
        if node.kind is Kind.MAPPING and _is_configuration(node):
            yield documents, node
        elif node.kind is Kind.SCALAR and (text := _text(node, path, root)) is not None:
            inner = embedded(text, node, documents)
            for each in inner.roots if inner else ():
                if inner is not None and _is_configuration(each):
                    yield inner, each


def _is_configuration(node: Node) -> bool:
    if node.kind is not Kind.MAPPING:
        return False
    receivers = node.get("receivers")
    if receivers is None or receivers[1].real().kind is not Kind.SEQUENCE:
        return False
    return node.get("route") is not None or any(map(_is_receiver, receivers[1].real().items))


def _is_receiver(node: Node) -> bool:
    return node.real().kind is Kind.MAPPING and any(_kind(name) for name in entries(node))


def _text(node: Node, path: tuple[str, ...], root: Node) -> str | None:
    """Text that may hold a configuration: a block of YAML, or base64 of it under a Secret's `data`."""
    if "receivers" in node.text and "\n" in node.text:
        return node.text
    if path[:1] == ("data",) and scalar(child(root, "kind")) == "Secret" and len(node.text) > 40:
        try:
            text = base64.b64decode("".join(node.text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        return text if "receivers" in text else None
    return None


def targets(documents: Documents, configuration: Node) -> list[dict[str, Any]]:
    """Every address that Alertmanager is told to call, as facts: host, kind, key, receiver kind, line."""
    found = []
    for node, path in walk(configuration):
        real = node.real()
        key = path[-1] if path else ""
        if real.kind is not Kind.SCALAR or not URL.match(real.text) or not _is_called(path, key):
            continue
        host, kind = destination(documents.raw(real))
        receiver = next((each for each in map(_kind, path) if each), "") or _kind_of_global(path, key)
        found.append(
            {
                "host": host,
                "kind": kind,
                "key": key,
                "receiver": receiver,
                "known": _is_known(receiver, host),
                "line": documents.line(node),
            }
        )
    return found


def _is_called(path: tuple[str, ...], key: str) -> bool:
    name = _folded(key)
    kind = next((each for each in map(_kind, path) if each), "")
    if "templates" in path[:1] or name in _DISPLAY or not name.endswith(("url", "urls")):
        return False
    return not (
        _OFTEN_DISPLAY.get(kind) == name
        or {"actions", "images", "links", "fields", "annotations"} & set(path)
    )


def _kind(key: str) -> str:
    """`slack` for `slack_configs` and `slackConfigs`, and so on."""
    name = _folded(key)
    return name.removesuffix("configs") if name.endswith("configs") and name != "configs" else ""


def _kind_of_global(path: tuple[str, ...], key: str) -> str:
    name = _folded(key)
    return next((each for each in KNOWN if path[0] == "global" and name.startswith(each)), "")


def _is_known(receiver: str, host: str) -> bool:
    suffixes = _KNOWN_SUFFIX.get(receiver, ())
    return host in KNOWN.get(receiver, ()) or any(host.endswith(each) for each in suffixes)


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()
