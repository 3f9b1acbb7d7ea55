"""Sigstore bundles: a certificate of an identity for minutes, and the log in which its use stands.

Verified by sigstore-python against a trusted root that is at hand, so that nothing is asked: the library ships the
public instance's; `SIGSTORE_TRUSTED_ROOT` names another (`gh attestation trusted-root` and `cosign trusted-root create`
write one). https://docs.sigstore.dev/about/bundle/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from cryptography.x509 import (
    Certificate,
    ExtensionNotFound,
    ObjectIdentifier,
    SubjectAlternativeName,
    UniformResourceIdentifier,
    UnrecognizedExtension,
)
from sigstore.errors import Error
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier

from bot.adapters.signatures.documents import Statement, statement
from bot.adapters.signatures.provenance import address
from bot.adapters.signatures.refused import NotTrusted
from bot.errors import UserError
from bot.model.measurements import BuiltFrom, Trust

_PUBLIC = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
_FULCIO = "1.3.6.1.4.1.57264.1."
"""https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md"""
_ISSUER, _REPOSITORY, _COMMIT, _REF, _WORKFLOW = "8", "12", "13", "14", "18"


class Sigstore:
    """A Sigstore instance, known by its trusted root; None: the public one. It is read when it is first needed."""

    def __init__(self, trusted_root: Path | None = None) -> None:
        self._path = trusted_root

    @cached_property
    def _verifier(self) -> Verifier:
        try:
            if self._path is not None:
                return Verifier(trusted_root=TrustedRoot.from_file(str(self._path)))
            # The library's own way to it copies it into the home directory, where it outlives the next release.
            with as_file(files("sigstore") / "_store" / _PUBLIC / "trusted_root.json") as shipped:
                return Verifier(trusted_root=TrustedRoot.from_file(str(shipped)))
        except (Error, OSError, ValueError) as error:
            where = f"SIGSTORE_TRUSTED_ROOT ({self._path})" if self._path else "the shipped trusted root"
            raise UserError(f"{where} cannot be read ({type(error).__name__})") from None

    def statement(self, bundle: Mapping[str, Any], digest: str, trust: Trust) -> tuple[Statement, Signer]:
        """What the trusted identity says of exactly this image. Raises NotTrusted, or UserError for a bad root."""
        verifier = self._verifier
        try:
            found = Bundle.from_json(json.dumps(bundle))
            payload_type, payload = verifier.verify_dsse(found, _Identity(trust))
        except NotTrusted:
            raise
        except (Error, ValueError, TypeError, AttributeError) as error:
            raise NotTrusted(f"Sigstore does not verify it: {str(error)[:200]}") from None
        return statement(payload_type, payload, digest), Signer(found.signing_certificate)


class Signer:
    """The certificate of a verified bundle: who signed, and what the issuer knew of the build."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate

    @property
    def identity(self) -> str:
        """The one address in the certificate. Raises NotTrusted."""
        try:
            names = self._certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
            (identity,) = names.get_values_for_type(UniformResourceIdentifier)
        except (ExtensionNotFound, ValueError):
            raise NotTrusted("its certificate names no one identity") from None
        return identity

    @property
    def issuer(self) -> str | None:
        """Who vouched for the identity."""
        return self._text(_ISSUER)

    def built(self, said: BuiltFrom) -> BuiltFrom:
        """What the statement says, which the certificate must not contradict: the builder writes the one, the issuer
        knows the other. Raises NotTrusted."""
        repository, commit, workflow = self._text(_REPOSITORY), self._text(_COMMIT), self._text(_WORKFLOW)
        pairs = (
            (said.repository.lower(), repository and address(repository)[0].lower()),
            (said.commit, commit),
            (said.ref, self._text(_REF)),
            (said.workflow, workflow and workflow.partition("@")[0].removeprefix(f"{repository}/")),
        )
        for ours, theirs in pairs:
            if theirs is not None and ours != theirs:
                raise NotTrusted(
                    f"its provenance says {str(ours)[:100]}, its certificate {str(theirs)[:100]}"
                )
        return said

    def _text(self, number: str) -> str | None:
        """An extension that holds a DER UTF8String."""
        try:
            found = self._certificate.extensions.get_extension_for_oid(ObjectIdentifier(_FULCIO + number))
        except ExtensionNotFound:
            return None
        if not isinstance(found.value, UnrecognizedExtension):
            return None
        return _utf8_string(found.value.value)


def _utf8_string(data: bytes) -> str | None:
    """The text of a DER UTF8String of up to 64 KiB; None when it is none."""
    if len(data) < 2 or data[0] != 0x0C:
        return None
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
        if count not in (1, 2):
            return None
    try:
        return data[start:].decode() if len(data) == start + length else None
    except UnicodeDecodeError:
        return None


class _Identity:
    """Sigstore's policy: the certificate's identity and issuer are the trusted ones."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def verify(self, cert: Certificate) -> None:
        """Raises NotTrusted, which the library passes on."""
        signer, wanted = Signer(cert), self._trust.identity or ""
        if signer.issuer != self._trust.issuer:
            raise NotTrusted(f"its signer was vouched for by {str(signer.issuer)[:100]}")
        if not identity_matches(wanted, signer.identity):
            raise NotTrusted(f"it is signed by another identity, {signer.identity[:200]}")


def identity_matches(pattern: str, identity: str) -> bool:
    """Whether an identity is the wanted one; a `*` stands for any run of characters but `/`."""
    parts = (re.escape(part) for part in re.split(r"\*+", pattern))
    return re.fullmatch("[^/]*".join(parts), identity) is not None
