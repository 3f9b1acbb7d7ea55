"""Signatures by a key: ECDSA and RSA over SHA-256, and Ed25519, as cosign makes them.

https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from bot.adapters.signatures.refused import NotTrusted
from bot.errors import UserError

LEAST_RSA_BITS = 2048


class Key:
    """A public key. Raises UserError, in words for a person, when the text is none to verify signatures with."""

    def __init__(self, pem: str) -> None:
        try:
            key = load_pem_public_key(pem.strip().encode("ascii"))
        except (ValueError, UnsupportedAlgorithm):
            raise UserError("the public key is no PEM text (-----BEGIN PUBLIC KEY-----)") from None
        if not isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey):
            raise UserError("the public key is of a kind that cosign does not sign with")
        if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
            raise UserError(f"the public key is RSA of fewer than {LEAST_RSA_BITS} bits")
        self._key = key

    @property
    def name(self) -> str:
        """By which people tell keys apart: the hash of its DER form, as `openssl pkey -pubin -outform DER` gives it."""
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"key sha256:{hashlib.sha256(der).hexdigest()[:16]}"

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises NotTrusted when the signature is not this key's of these bytes."""
        try:
            if isinstance(self._key, EllipticCurvePublicKey):
                self._key.verify(signature, data, ECDSA(hashes.SHA256()))
            elif isinstance(self._key, RSAPublicKey):
                self._key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                self._key.verify(signature, data)
        except InvalidSignature:
            raise NotTrusted(f"it is not signed by {self.name}") from None
