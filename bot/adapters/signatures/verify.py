"""Is this image signed, and where was it built, by somebody whose word counts? (attack case 41, row B10)

Of all documents that are attached one must prove it; the others are nobody's business. What is found and does not prove
it is told, document by document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from bot.adapters.registry import BUNDLE, ENVELOPE, SIMPLE_SIGNING, Document, Registry
from bot.adapters.signatures.documents import (
    COSIGN_SIGNATURE,
    Statement,
    check_payload,
    decoded,
    document,
    envelope,
    statement,
)
from bot.adapters.signatures.keyless import Sigstore
from bot.adapters.signatures.keys import Key
from bot.adapters.signatures.provenance import built_from
from bot.adapters.signatures.refused import NotTrusted
from bot.model.facts import Unknown
from bot.model.measurements import Attested, BuiltFrom, Signed, Trust, Unsigned

Found = TypeVar("Found")
_TOLD = 3
"""How many refused documents are told of."""
_OLD_KEYLESS = "dev.sigstore.cosign/certificate"
_SIGNATURE = "dev.cosignproject.cosign/signature"


class Signatures:
    """Verifies what a registry, or GitHub, has about an image."""

    def __init__(self, registry: Registry, sigstore: Sigstore) -> None:
        self._registry = registry
        self._sigstore = sigstore

    def signature(
        self, repository: str, digest: str, trust: Trust, at: datetime
    ) -> Signed | Unsigned | Unknown:
        """Whether the trusted key or identity signed exactly this image. Raises UserError for a key or root that cannot
        be used."""
        found = self._registry.attached(repository, digest, "sig")
        if isinstance(found, Unknown):
            return found
        key = Key(trust.key) if trust.key is not None else None

        def proven(each: Document) -> str:
            if each.media_type == SIMPLE_SIGNING:
                return _payload_signed(each, repository, digest, key)
            said, by = self._said(document(each.data), digest, trust, key)
            if said.predicate_type != COSIGN_SIGNATURE:
                raise NotTrusted(f"it says {said.predicate_type[:80]}, which is no signature of the image")
            return by

        proofs, refused = _tried(found, proven)
        if proofs:
            return Signed(by=proofs[0], source=repository.partition("/")[0], at=at)
        return Unsigned(why=_why("no signature", refused), at=at)

    def provenance(
        self, repository: str, digest: str, trust: Trust, bundles: Sequence[bytes] | None, at: datetime
    ) -> Attested | Unsigned | Unknown:
        """What the trusted key or identity says of where exactly this image was built.

        `bundles` are GitHub's attestations of it; None: the registry is asked. Raises UserError as `signature` does.
        """
        found = self._attested(repository, digest, bundles)
        if isinstance(found, Unknown):
            return found
        key = Key(trust.key) if trust.key is not None else None
        signers: list[str] = []

        def proven(each: Document) -> BuiltFrom:
            data = document(each.data)
            if each.media_type == ENVELOPE:
                said, by = _envelope_signed(data, digest, key)
                built = built_from(said)
            elif key is None:
                said, signer = self._sigstore.statement(data, digest, trust)
                built, by = signer.built(built_from(said)), signer.identity
            else:
                said, by = self._said(data, digest, trust, key)
                built = built_from(said)
            signers.append(by)
            return built

        proofs, refused = _tried(found, proven)
        source = repository.partition("/")[0] if bundles is None else "attestations on GitHub"
        if proofs:
            return Attested(built=tuple(proofs), by=signers[0], source=source, at=at)
        return Unsigned(why=_why("no provenance", refused), at=at)

    def _attested(
        self, repository: str, digest: str, bundles: Sequence[bytes] | None
    ) -> Iterable[Document] | Unknown:
        if bundles is None:
            return self._registry.attached(repository, digest, "att")
        return tuple(Document(media_type=BUNDLE, data=each) for each in bundles)

    def _said(
        self, bundle: Mapping[str, Any], digest: str, trust: Trust, key: Key | None
    ) -> tuple[Statement, str]:
        """What a Sigstore bundle says, by key or by identity, and who says it."""
        if key is None:
            said, signer = self._sigstore.statement(bundle, digest, trust)
            return said, signer.identity
        inner = bundle.get("dsseEnvelope")
        if not isinstance(inner, dict):
            raise NotTrusted("it holds no envelope")
        return _envelope_signed(inner, digest, key)


def _payload_signed(found: Document, repository: str, digest: str, key: Key | None) -> str:
    if key is None:
        old = _OLD_KEYLESS in found.annotations
        raise NotTrusted(
            "it is in cosign's older format, which is not verified without a key; sign with cosign 3"
            if old
            else "it is signed with a key, not by an identity"
        )
    try:
        signature = decoded(found.annotations[_SIGNATURE])
    except (KeyError, ValueError):
        raise NotTrusted("it has no signature beside its payload") from None
    key.verify(signature, found.data)
    check_payload(found.data, repository, digest)
    return key.name


def _envelope_signed(data: Mapping[str, Any], digest: str, key: Key | None) -> tuple[Statement, str]:
    if key is None:
        raise NotTrusted("it is signed with a key, not by an identity")
    found = envelope(data)
    key.verify(found.signature, found.signed)
    return statement(found.payload_type, found.payload, digest), key.name


def _tried(found: Iterable[Document], proven: Callable[[Document], Found]) -> tuple[list[Found], list[str]]:
    """What the documents prove, and why the others prove nothing."""
    proofs: list[Found] = []
    refused: list[str] = []
    for each in found:
        try:
            proofs.append(proven(each))
        except NotTrusted as error:
            refused.append(str(error))
    return proofs, refused


def _why(what: str, refused: Sequence[str]) -> str:
    if not refused:
        return f"there is {what}"
    told = "; ".join(dict.fromkeys(refused[:_TOLD]))
    return f"there is {what} that counts: {told}"
