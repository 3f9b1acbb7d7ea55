"""Image references in Kubernetes manifests, Kustomize files and Helm values, with the line of each (row R8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.decide.bump.nodes import Kind, Node
from bot.decide.guards.documents import Documents, embedded, entries, scalar, walk

CONTAINERS = frozenset(("containers", "initContainers", "ephemeralContainers", "steps", "sidecars"))
"""Lists whose items run an image (Tekton's among them)."""
_AROUND = frozenset(("container", "script", "stepTemplate", "initContainer"))
"""Single containers: Argo Workflows', Tekton's."""
_NOT_RUN = frozenset(("CustomResourceDefinition", "ConfigMap", "Secret"))
_REFERENCE = re.compile(r"[A-Za-z0-9${}_][^\s]*[:/@][^\s]*")
_IMAGE_KEY = re.compile(r"(^image|Image|_image)$")
_VALUES = re.compile(r"(^|/)([^/]*[._-])?values([._-][^/]*)?\.ya?ml$", re.IGNORECASE)
_KUSTOMIZATION = re.compile(r"(^|/)kustomization(\.ya?ml)?$", re.IGNORECASE)
_DIGEST_KEYS = ("digest", "sha", "sha256", "imageDigest", "imageSha", "hash")
_TAG_KEYS = ("tag", "imageTag", "image_tag", "version")

Fact = dict[str, Any]


def is_named_values(path: str) -> bool:
    """Whether a file holds Helm values by its name."""
    return _VALUES.search(path) is not None


def is_kustomization(path: str, root: Node | None) -> bool:
    """Whether a document is Kustomize's, by the file's name or by what it says it is."""
    if _KUSTOMIZATION.search(path):
        return True
    said = (
        scalar(entries(root).get("apiVersion", (None, None))[1])
        if root and root.kind is Kind.MAPPING
        else None
    )
    return (said or "").startswith("kustomize.config.k8s.io/")


def is_manifest(root: Node) -> bool:
    """Whether a document is a Kubernetes object."""
    if root.kind is not Kind.MAPPING:
        return False
    own = entries(root)
    return all(name in own and scalar(own[name][1]) for name in ("apiVersion", "kind"))


def in_manifest(documents: Documents, root: Node, kind: str | None = None) -> Iterator[Fact]:
    """The images that a Kubernetes object runs: in any pod spec, however deep, and in custom resources."""
    said = scalar(entries(root)["kind"][1]) if kind is None else kind
    if said in _NOT_RUN:
        return
    if said == "List":
        items = entries(root).get("items")
        for each in items[1].real().items if items else ():
            if is_manifest(each.real()):
                yield from in_manifest(documents, each.real())
        return
    if said == "ImageTagTransformer" and "imageTag" in entries(root):
        yield from _override(documents, entries(root)["imageTag"][1].real())
    yield from _below(documents, root, ())


def _below(documents: Documents, root: Node, above: tuple[str, ...]) -> Iterator[Fact]:
    """The images that are run below `root`, which stands at the path `above` of an object."""
    for node, inner in walk(root):
        path = (*above, *inner)
        if path[:1] == ("status",):
            continue  # what ran, not what will
        key = path[-1] if path else ""
        text = documents.text(node)
        if (
            key == "image"
            and text
            and (_in_container(path) or (_REFERENCE.fullmatch(text) and "://" not in text))
        ) or (key == "reference" and path[-2:-1] == ("image",) and text):
            yield _fact(text, documents.line(node), _where(path))
        elif path[-2:-1] == ("images",) and path[-3:-2] == ("kustomize",) and text:
            yield _fact(text.partition("=")[2] or text, documents.line(node), _where(path))
        elif node.kind is Kind.MAPPING and key == "image" and not text:
            yield from _split(documents, node, path)
        elif "\n" in text and "image" in text and "kind" in text:
            yield from _in_text(embedded(text, node, documents))


def _in_text(inner: Documents | None) -> Iterator[Fact]:
    """Manifests in a block of text, such as an Argo workflow's `resource.manifest`."""
    for root in inner.roots if inner else ():
        if inner is not None and is_manifest(root):
            yield from in_manifest(inner, root)


def in_kustomization(documents: Documents, root: Node) -> Iterator[Fact]:
    """`images:` that set a tag and no digest, and images in patches and inline values."""
    if root.kind is not Kind.MAPPING:
        return
    listed = entries(root).get("images")
    for node in listed[1].real().items if listed else ():
        yield from _override(documents, node.real())
    for node, path in walk(root):
        if path[:1] == ("images",):
            continue
        if path[-1:] == ("valuesInline",) and node.kind is Kind.MAPPING:
            yield from in_values(documents, node)
        text = documents.text(node)
        if (
            path
            and "valuesInline" not in path
            and path[-1] == "image"
            and _REFERENCE.fullmatch(text)
            and "://" not in text
        ):
            yield _fact(text, documents.line(node), _where(path))
        elif (
            text
            and "\n" in text
            and "image" in text
            and path[:1] in (("patches",), ("patchesStrategicMerge",), ("patchesJson6902",))
        ):
            yield from _in_patch(embedded(text, node, documents))


def _override(documents: Documents, node: Node) -> Iterator[Fact]:
    if node.kind is not Kind.MAPPING:
        return
    own = {name: value for name, (_, value) in entries(node).items()}
    tag, digest = scalar(own.get("newTag")), scalar(own.get("digest"))
    name = scalar(own.get("newName")) or scalar(own.get("name")) or "?"
    if digest:
        yield _fact(f"{name}@{digest}", documents.line(own["digest"]), "images")
    elif tag:
        yield {**_fact(f"{name}:{tag}", documents.line(own["newTag"]), "images"), "beside": "newTag"}


def _in_patch(inner: Documents | None) -> Iterator[Fact]:
    for root in inner.roots if inner else ():
        if inner is None:
            continue
        if root.kind is Kind.MAPPING:
            yield from in_manifest(inner, root, kind="patch")
        yield from in_list(inner, root)


def in_list(documents: Documents, root: Node) -> Iterator[Fact]:
    """A list at the top of a file: of objects, or of a JSON patch's steps."""
    for each in root.items:
        if each.real().kind is not Kind.MAPPING:
            continue
        if is_manifest(each.real()):
            yield from in_manifest(documents, each.real())
            continue
        own = {name: value for name, (_, value) in entries(each.real()).items()}
        if "op" in own and "value" in own and scalar(own["op"]) != "test":
            yield from _step(documents, own["value"], scalar(own.get("path")) or "")


def _step(documents: Documents, value: Node, path: str) -> Iterator[Fact]:
    """What one step of a JSON patch (RFC 6902) writes: an image, or something with images in it."""
    text = scalar(value)
    if text and path.endswith("/image"):
        yield _fact(text, documents.line(value), "a patch")
    elif text is None:
        yield from _below(documents, value, tuple(path.strip("/").split("/")))


def in_values(documents: Documents, root: Node) -> Iterator[Fact]:
    """Images in Helm values: one string, or repository, tag and digest as keys of their own."""
    for node, path in walk(root):
        key = path[-1] if path else ""
        text = documents.text(node)
        if node.kind is Kind.MAPPING and not text:
            yield from _split(documents, node, path)
        elif "\n" in text and ("image:" in text or "repository:" in text):
            yield from _in_block(embedded(text, node, documents))
        elif _IMAGE_KEY.search(key) and _is_reference(text, key) and not _has_sibling_tag(node):
            yield _fact(text, documents.line(node), _where(path))


def _is_reference(text: str, key: str) -> bool:
    """Whether a value under `…Image` names an image: under `image` itself any word does."""
    switch = text.lower() in ("", "true", "false", "null", "~", "yes", "no")
    return not switch and "://" not in text and (key == "image" or _REFERENCE.fullmatch(text) is not None)


def _in_block(inner: Documents | None) -> Iterator[Fact]:
    """A block of text that is YAML, such as `extraInitContainers: |`."""
    for root in inner.roots if inner else ():
        if inner is not None and root.kind is not Kind.SCALAR:
            yield from in_values(inner, root)


def _split(documents: Documents, node: Node, path: tuple[str, ...]) -> Iterator[Fact]:
    """A mapping that names an image by parts."""
    key = path[-1] if path else ""
    own = {name: value for name, (_, value) in entries(node).items()}
    named = "repository" in own or ("image" in own and any(each in own for each in _TAG_KEYS[:3]))
    if not (named or (_IMAGE_KEY.search(key) and ("tag" in own or "name" in own))):
        return
    base = next(
        (scalar(own[each]) for each in ("repository", "image", "name") if each in own and scalar(own[each])),
        None,
    )
    tag_key = next((each for each in _TAG_KEYS if each in own and own[each].real().kind is Kind.SCALAR), None)
    if named and base is not None and ("://" in base or base.endswith(".git")):
        return  # a Git repository
    if named and base is None and not _IMAGE_KEY.search(key):
        return
    if "repository" in own and tag_key is None and not _IMAGE_KEY.search(key):
        return  # a chart's or a Git repository
    if tag_key == "version" and not _IMAGE_KEY.search(key):
        return
    tag = documents.raw(own[tag_key].real()) if tag_key else ""
    digest = next((scalar(own[each]) for each in _DIGEST_KEYS if each in own and scalar(own[each])), None)
    if digest and re.fullmatch("[0-9a-f]{64}", digest):
        digest = f"sha256:{digest}"
    at = own[tag_key] if tag_key else own.get("repository") or own.get("image") or own.get("name") or node
    text = (
        (base or "…")  # an override of the tag alone: the repository stands in another file
        + (f":{tag}" if tag and tag not in ("null", "~") else "")
        + (f"@{digest}" if digest else "")
    )
    if text != "…":
        beside = {"beside": tag_key} if tag_key else {}
        yield {**_fact(text, documents.line(at), _where(path)), **beside}


def _has_sibling_tag(node: Node) -> bool:
    parent = node.parent
    return parent is not None and any(parent.get(each) is not None for each in _TAG_KEYS[:3])


def _in_container(path: tuple[str, ...]) -> bool:
    return (len(path) > 2 and path[-3] in CONTAINERS) or (len(path) > 1 and path[-2] in _AROUND)


def _fact(text: str, line: int, where: str) -> Fact:
    """`beside`, where it is added, names the key of a tag that stands alone: the digest goes beside it."""
    return {"image": text.strip(), "line": line, "where": where, "built": False}


def _where(path: tuple[str, ...]) -> str:
    return ".".join(path[-6:])
