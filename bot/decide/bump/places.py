"""Finds a component's image in a values file and tells in which form it stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from bot.decide.bump.lookup import Missing, find, to_pointer
from bot.decide.bump.nodes import Kind, Node, inherited
from bot.decide.bump.parse import Parsed
from bot.decide.bump.reference import split_reference
from bot.decide.bump.values import BumpRefused
from bot.model.image import ImageAt

COMPONENT = "{component}"


class Form(Enum):
    """How an image stands in a file."""

    STRING = "repository:tag@digest in one string"
    KEYS = "a mapping with tag and digest"
    TAG_KEY = "a mapping whose tag holds tag@digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One component's image: the node at its path, what it says, and the nodes to edit."""

    document: int
    tokens: tuple[str, ...]
    node: Node
    form: Form
    now: ImageAt
    tag: tuple[Node, Node] | None = None
    digest: tuple[Node, Node] | None = None


def path_tokens(path: str, component: str) -> tuple[str, ...]:
    r"""The steps of a path template: `services.{component}.image` → `services`, `api`, `image`.

    Dots separate; `\\.` is a dot in a key. `.` or nothing is the root. The component is put in after
    splitting, so a dot in its name stays inside its step.
    """
    if path in {"", "."}:
        return ()
    steps = re.findall(r"(?:\\.|[^.\\])+|(?<=\.)(?=\.)|^(?=\.)|(?<=\.)$", path)
    return tuple(re.sub(r"\\(.)", r"\1", step).replace(COMPONENT, component) for step in steps)


def locate(parsed: Parsed, component: str, path: str) -> Place | Missing:
    """Where `component` stands, or Missing when its path is not there at all; raises BumpRefused for all
    else.
    """
    tokens = path_tokens(path, component)
    found = find(parsed, tokens, None)
    if isinstance(found, Missing):
        if found.absent:
            return found
        raise parsed.refuse(found.position, found.message)
    document, node = found
    if node.kind is Kind.SCALAR:
        return _string(parsed, document, tokens, node)
    if node.kind is Kind.MAPPING:
        return _mapping(parsed, document, tokens, node)
    name = to_pointer(tokens)
    raise parsed.refuse(
        node.start, f"{name} is a list, not an image; let the path go on to one item (as in .0)"
    )


def _string(parsed: Parsed, document: int, tokens: tuple[str, ...], node: Node) -> Place:
    reference = split_reference(node.text)
    if not reference.repository or any(c.isspace() for c in node.text):
        message = f"{to_pointer(tokens)} is no image (repository:tag or repository@digest); correct the path"
        raise parsed.refuse(node.head(), message)
    now = ImageAt(
        repository=reference.repository,
        tag=reference.tag,
        digest=reference.digest,
        line=parsed.line(node.start),
    )
    return Place(document=document, tokens=tokens, node=node, form=Form.STRING, now=now)


def _mapping(parsed: Parsed, document: int, tokens: tuple[str, ...], node: Node) -> Place:
    name = to_pointer(tokens) or "the document"
    tag, digest = node.get("tag"), node.get("digest")
    if tag is None and (source := inherited(node, "tag")) is not None:
        raise _merged(parsed, node, name, "tag", source)
    if tag is None and digest is None:
        message = f"{name} has neither tag nor digest; correct the path or add a tag"
        raise parsed.refuse(node.head(), message)
    tag_text, digest_text = _text(parsed, name, "tag", tag), _text(parsed, name, "digest", digest)
    form = Form.KEYS
    if tag_text is not None and "@" in tag_text:
        if digest is not None:
            raise parsed.refuse(_start(tag), f"{name} says its digest twice, in tag and in digest; keep one")
        form = Form.TAG_KEY
        tag_text, _, digest_text = tag_text.partition("@")
    now = ImageAt(
        repository=_repository(parsed, node),
        tag=tag_text or None,
        digest=digest_text or None,
        line=parsed.line((tag or digest or (node, node))[1].start),
    )
    return Place(document=document, tokens=tokens, node=node, form=form, now=now, tag=tag, digest=digest)


def _text(parsed: Parsed, name: str, key: str, entry: tuple[Node, Node] | None) -> str | None:
    if entry is None:
        return None
    value = entry[1].real()
    if value.kind is not Kind.SCALAR:
        raise parsed.refuse(
            value.start, f"{name}/{key} is a {value.kind.value}, not a single value; correct the file"
        )
    if value.style is None and value.text.lower() in {"", "~", "null"}:
        return None
    return value.text


def _start(entry: tuple[Node, Node] | None) -> int | None:
    return None if entry is None else entry[0].start


def _merged(parsed: Parsed, node: Node, name: str, key: str, source: Node) -> BumpRefused:
    line = parsed.line(source.start)
    message = (
        f"{name} has {key!r} only through a merge key (<<) from line {line}; write the key out here first"
    )
    return parsed.refuse(node.head(), message)


def _repository(parsed: Parsed, node: Node) -> str | None:
    """`registry/repository` as Helm charts write it; `image` is read where charts use it for `repository`."""
    repository = _scalar(node, "repository") or _scalar(node, "image")
    registry = _scalar(node, "registry")
    if repository and registry:
        return f"{registry}/{repository}"
    return repository


def _scalar(node: Node, key: str) -> str | None:
    entry = node.get(key)
    value = entry[1].real() if entry is not None else inherited(node, key)
    value = value.real() if value is not None else None
    if value is None or value.kind is not Kind.SCALAR or not value.text or value.text in {"~", "null"}:
        return None
    return value.text
