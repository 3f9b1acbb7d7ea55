"""Where an address leads: to this machine, into the cluster, or out (row G1, attack case 90)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_CLUSTER = ("svc", "cluster.local", "local", "internal", "localdomain", "intranet")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_PLACEHOLDER = re.compile(r"\{\{|\$\{|\$\(|\$[A-Za-z_]|%[({]|<[a-z_ -]+>", re.IGNORECASE)
_WHOLE = re.compile(r"\s*(\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|<[^<>]*>)\s*")
URL = re.compile(r"\s*[a-z][a-z0-9+.-]*:[/\\]{2}", re.IGNORECASE)
"""What looks like an address, with whatever scheme and slashes."""


def destination(text: str) -> tuple[str, str]:
    """The host of an address, in lower case, and its kind.

    `loopback`, `cluster` (one word, or a name that only a private network resolves), `private` (an address that only
    a private network routes), `external`, `template` (the host is filled in elsewhere), or `odd`: written so that two
    readers may see two hosts, which nobody does by accident. `none`: it is no address at all.
    """
    if _WHOLE.fullmatch(text) or not URL.match(text):
        return "", "none"
    authority = re.split(r"[/?#]", text.strip().split("//", 1)[-1], maxsplit=1)[0]
    if _PLACEHOLDER.search(authority):
        return authority[:100], "template"
    if re.search(r"[\\\s\x00-\x1f]|[^\x21-\x7e]", authority) or "\\" in text.strip()[:9]:
        return authority[:100], "odd"
    try:
        parts = urlsplit(text.strip())
        written, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return authority[:100], "odd"
    host = written.removesuffix(".")
    # A dot behind the only word keeps it from being looked up in the cluster: `http://ai./` is a country's.
    top = written.endswith(".") and "." not in host and host != "localhost"
    return host, "external" if top else _kind(host)


def _kind(host: str) -> str:
    if ":" in host:
        return _address(host.partition("%")[0])
    labels = host.split(".")
    if all(_NUMERIC.fullmatch(each) for each in labels) or _NUMERIC.fullmatch(labels[-1]):
        return _address(host)
    if _NAME.fullmatch(host) is None:
        return "odd"
    if labels[-1] == "localhost":
        return "loopback"
    inside = len(labels) == 1 or any(host.endswith("." + each) for each in _CLUSTER)
    return "cluster" if inside else "external"


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "odd"  # a decimal, octal or hexadecimal way to write an address
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if address.is_loopback or address.is_unspecified:
        return "loopback"
    if address.is_link_local or address.is_global or address.is_multicast:
        return "external"  # link-local is where clouds keep their metadata service
    return "private"
