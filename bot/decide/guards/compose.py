"""Compose files: which variables each service gets and which image it runs, wherever YAML lets one write them.

https://docs.docker.com/reference/compose-file/services/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.decide.bump.nodes import Kind, Node
from bot.decide.guards.documents import Documents, child, entries, items, scalar
from bot.decide.guards.interpolation import possible

_FILE = re.compile(
    r"(^|/)(docker-)?compose([._-][^/]*)?\.ya?ml$|(^|/)[^/]*[._-]compose\.ya?ml$", re.IGNORECASE
)
_DEVELOPMENT = re.compile(r"(^|[._/-])dev(elopment)?([._/-]|$)", re.IGNORECASE)
_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]{0,99})=(\$\{[^}]*\}+|[^\s;&|]*)")
CANDIDATE = "AUTOHEAL"
"""Only variables with this in their names are handed to Rego: the others would cost and tell nothing."""
_NAMED = 3
"""Services named in one finding."""
_TELLING = frozenset(("build", "environment", "env_file", "extends", "command", "entrypoint", "configs"))
"""What a service of Compose has, and what other files call services has not."""
_QUOTES = " \t\r\n\"'"
"""In the list form quotes are part of the value; whoever wrote them meant what is inside."""
_ONE = re.compile(r"\+?(0[xob])?[0_]*1(\.0*)?", re.IGNORECASE)
"""What YAML reads as the number 1, and Compose hands on as `1`."""
RESET = "!reset"
"""Compose's tag for a value that an override file takes away: https://docs.docker.com/reference/compose-file/merge/"""
HOOKS = ("pre_start", "post_start", "pre_stop")
"""Lists of commands around a service's life, which may run in an image of their own."""
MARK = "x-environment"
"""The top-level key by which a Compose file says that it is for development."""


def is_named_compose(path: str) -> bool:
    """Whether Compose would take the file by its name."""
    return _FILE.search(path) is not None


def is_compose(root: Node) -> bool:
    """Whether a document is a Compose file by what is in it."""
    if root.kind is not Kind.MAPPING or root.get("apiVersion") or root.get("kind"):
        return False
    services = child(root, "services")
    if services is None or services.kind is not Kind.MAPPING:
        return False
    return any(
        scalar(child(each, "image")) or _TELLING & entries(each).keys()
        for _, each in entries(services).values()
        if each.real().kind is Kind.MAPPING
    )


def is_development(root: Node, path: str) -> bool:
    """Whether the file is marked as development: by `dev` in its name or `x-environment: development` at its top."""
    said = scalar(child(root, MARK)) if root.kind is Kind.MAPPING else None
    name = path.rpartition("/")[2]
    return (said or "").lower() in ("dev", "development") or _DEVELOPMENT.search(name) is not None


def services(root: Node) -> Iterator[tuple[str, Node]]:
    """The services, by name; also those of files from before `services:` existed."""
    listed = child(root, "services")
    if listed is None and root.kind is Kind.MAPPING:
        listed = root
    if listed is None or listed.kind is not Kind.MAPPING:
        return
    for name, (_, node) in entries(listed).items():
        if node.real().kind is Kind.MAPPING:
            yield name, node.real()


def environment(
    documents: Documents, root: Node, path: str, known: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Every variable (with CANDIDATE in its name) that a service sets, as facts: name, the values it may take, line,
    service, profiles.

    `known`: the variables of the `.env` file beside it.
    """
    development = is_development(root, path)
    found: list[dict[str, Any]] = []
    for name, service in (*services(root), *_inline_configs(root)):
        candidates = [each for each in _variables(service) if CANDIDATE in each[0].upper()]
        if not candidates:
            continue
        profiles = [scalar(each) or "" for each in items(child(service, "profiles"))]
        for variable, value, node in candidates:
            found.append(
                {
                    "name": variable.strip(),
                    "values": sorted({_spelt(each) for each in possible(value, known)}),
                    "line": documents.line(node),
                    "service": name,
                    "profiles": profiles,
                    "development": development,
                }
            )
    return _together(found)


def _together(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Facts that differ in their service alone as one: what stands in an anchor is told once, not for each user."""
    shared: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for fact in found:
        rest = {name: value for name, value in fact.items() if name != "service"}
        shared.setdefault(repr(rest), (rest, []))[1].append(fact["service"])
    return [{**rest, "service": _listed(names)} for rest, names in shared.values()]


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _inline_configs(root: Node) -> Iterator[tuple[str, Node]]:
    """Files whose text stands in the Compose file (https://docs.docker.com/reference/compose-file/configs/)."""
    listed = child(root, "configs") if root.kind is Kind.MAPPING else None
    for name, (_, node) in entries(listed).items() if listed is not None else ():
        if node.real().kind is Kind.MAPPING:
            yield f"the config {name}", node.real()


def _spelt(value: str) -> str:
    bare = value.strip(_QUOTES)
    return "1" if _ONE.fullmatch(bare) else bare


def _variables(service: Node) -> Iterator[tuple[str, str, Node]]:
    """Name, value and where it stands: in `environment`, in build arguments, in commands, at any depth."""
    seen: set[int] = set()
    for key, (_, value) in entries(service).items():
        yield from _within(key, value.real(), value, seen)


def _within(key: str, node: Node, written: Node, seen: set[int]) -> Iterator[tuple[str, str, Node]]:
    # An anchor defined elsewhere is followed once for each service; `seen` keeps a bomb from unfolding.
    stack = [(key, node, written)]
    while stack:
        name, here, place = stack.pop()
        if id(here) in seen or (here.tag or "") == RESET:
            continue
        if here.kind is Kind.SCALAR:
            if here.text:
                yield from _in_scalar(name, here.text, here if place.target is None else place)
            continue
        seen.add(id(here))
        if here.kind is Kind.MAPPING:
            below = entries(here)
            assigned = scalar(below["name"][1]) if "name" in below else None
            if assigned is not None and "value" in below and scalar(below["value"][1]) is not None:
                yield assigned, scalar(below["value"][1]) or "", below["value"][1]
            stack += [(each, value.real(), value) for each, (_, value) in below.items()]
        else:
            stack += [("", each.real(), each) for each in here.items]


def _in_scalar(name: str, text: str, place: Node) -> Iterator[tuple[str, str, Node]]:
    if name:
        yield name, text, place
    if "=" not in text:
        return
    written = {text, *possible(text, {})} if "$" in text.partition("=")[0] else {text}
    for each in sorted(written):
        left, _, right = each.partition("=")
        if re.fullmatch(r"\s*[A-Za-z_][A-Za-z0-9_]*\s*", left):
            yield left, right, place
        for found in _ASSIGNED.finditer(each[:10_000]):
            yield found[1], found[2], place


def environment_files(root: Node, known: Mapping[str, str]) -> list[str]:
    """The paths that `env_file` of services and of `include` names, with what `known` (`.env`) may make of them."""
    found: list[str] = []
    around = [each.real() for each in items(child(root, "include"))] if root.kind is Kind.MAPPING else []
    for service in (*(each for _, each in services(root)), *around):
        node = child(service, "env_file")
        for each in items(node) or ([node] if node is not None else []):
            path = scalar(each) or scalar(child(each, "path"))
            if path:
                found += sorted(possible(path, known))
    return found


def images(documents: Documents, root: Node) -> list[dict[str, Any]]:
    """The image of each service, of the hooks that run beside it, and of volumes that are made from one.
    `built`: the service is built here, so its image is first of all a name."""
    found = []
    for name, service in services(root):
        for node, where in _references(service):
            text = scalar(node)
            built = where == "" and _is_built(service)
            never_pulled = built and (scalar(child(service, "pull_policy")) or "") in ("build", "never")
            if text and (node.real().tag or "") != RESET and not never_pulled:
                place = {"line": documents.line(node), "service": name, "what": where}
                found.append({"image": text, "built": built, **place})
    return [_image(each) for each in _together(found)]


def _image(fact: dict[str, Any]) -> dict[str, Any]:
    """As the guards ask about images: `where` for the service and what of it."""
    where = f"service {fact['service']}{fact['what']}"
    return {"image": fact["image"], "line": fact["line"], "where": where, "built": fact["built"]}


def _references(service: Node) -> Iterator[tuple[Node, str]]:
    """Each value that names an image, as written, and what it is for; "" for the service's own."""
    own = entries(service)
    if "image" in own:
        yield own["image"][1], ""
    for hook in HOOKS:
        for each in items(child(service, hook)):
            below = entries(each)
            if "image" in below:
                yield below["image"][1], f", {hook}"
    for each in items(child(service, "volumes")):
        if each.real().kind is Kind.MAPPING and scalar(child(each, "type")) == "image":
            below = entries(each)
            if "source" in below:
                yield below["source"][1], ", a volume"


def _is_built(service: Node) -> bool:
    build = child(service, "build")
    return build is not None and (build.kind is not Kind.SCALAR or bool(scalar(build)))


__all__ = [
    "CANDIDATE",
    "MARK",
    "environment",
    "environment_files",
    "images",
    "is_compose",
    "is_development",
    "is_named_compose",
    "services",
]
