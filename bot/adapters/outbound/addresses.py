"""Which addresses may be asked: the form of a URL, and the IP addresses that its name leads to (attack case 90)."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import unquote, urlsplit, urlunsplit

from bot.errors import UserError

_METADATA = frozenset(
    ipaddress.ip_address(each) for each in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
"""Metadata services outside the link-local range: Alibaba, Azure, AWS over IPv6."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Blocked(UserError):
    """The address may not be asked. The message names the host, never a path, query or credentials."""


def without_credentials(url: str) -> tuple[str, str]:
    """`https://user:word@host/x` as (`https://host/x`, `user:word`); the second is empty when there are none."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(user) if at else ""


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host by the system's resolver. Raises OSError."""
    return list(
        dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    )


def refusal(address: str, *, own: bool) -> str | None:
    """Why this IP address is not connected to; None when it may be. `own`: it is the operator's own server."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    for each in _meant(ip):
        if each.is_link_local or each in _METADATA:
            return "a link-local or metadata address"
        if each.is_multicast or each.is_unspecified:
            return "not the address of one server"
        if not own and (not each.is_global or each.is_reserved):
            return "a private address"
    return None


def _meant(ip: Address) -> tuple[Address, ...]:
    """The addresses that are reached by it: the IPv4 address inside a NAT64 or mapped one, and inside tunnels too."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return (ip,)
    if ip in _NAT64:  # how an IPv6-only network reaches the IPv4 world
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    if ip.ipv4_mapped is not None:
        return (ip.ipv4_mapped,)
    return (ip, *(each for each in (ip.sixtofour, *(ip.teredo or ())) if each is not None))


def place(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address. Raises Blocked for one that is no plain http(s) address."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        raise Blocked("an address that cannot be read is not asked; write it as https://host/path") from None
    if scheme not in ("http", "https") or not host:
        raise Blocked(f"only http and https addresses are asked, not {scheme[:20] or 'one without a scheme'}")
    if "@" in parts.netloc:
        raise Blocked(f"the address at {host} holds a user name; credentials belong into the settings")
    if not re.fullmatch(r"[A-Za-z0-9._:%-]{1,253}", host, re.ASCII):
        raise Blocked("a host name that is not plain ASCII is not asked")
    return scheme, host, port or (443 if scheme == "https" else 80)
