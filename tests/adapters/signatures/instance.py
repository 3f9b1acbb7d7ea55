"""A Sigstore instance of its own: certificate authority, certificate log and signature log, with keys made here.

What it issues are bundles like the public instance's, and its trusted root verifies them.
https://github.com/sigstore/protobuf-specs · RFC 6962 (SCT, Merkle tree) · https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.adapters.signatures import cosign

ACTIONS = "https://token.actions.githubusercontent.com"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_FULCIO = "1.3.6.1.4.1.57264.1."
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def log_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(der(key)).digest()


def utf8(text: str) -> bytes:
    """A DER UTF8String."""
    data = text.encode()
    size = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
    return b"\x0c" + size + data


@dataclass
class Instance:
    """The authorities, at one moment."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    ca: ec.EllipticCurvePrivateKey = field(default_factory=cosign.new_key)
    certificates: ec.EllipticCurvePrivateKey = field(default_factory=cosign.new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=cosign.new_key)

    def __post_init__(self) -> None:
        self.root = self._root()

    def trusted_root(self) -> str:
        """The file that `SIGSTORE_TRUSTED_ROOT` names."""
        start = {"start": (self.now - timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")}

        def of(key: ec.EllipticCurvePrivateKey, url: str) -> dict[str, Any]:
            public = {"rawBytes": b64(der(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": start}
            return {
                "baseUrl": url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": public,
                "logId": {"keyId": b64(log_id(key))},
            }

        chain = {"certificates": [{"rawBytes": b64(self.root.public_bytes(Encoding.DER))}]}
        subject = {"organization": "tests", "commonName": "tests"}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [of(self.log, "https://rekor.example")],
                "certificateAuthorities": [
                    {"subject": subject, "uri": "https://ca.example", "certChain": chain, "validFor": start}
                ],
                "ctlogs": [of(self.certificates, "https://ctfe.example")],
                "timestampAuthorities": [],
            }
        )

    def bundle(
        self, statement: bytes, identity: str, *, issuer: str = ACTIONS, **extensions: str
    ) -> dict[str, Any]:
        """What `actions/attest-build-provenance` leaves: a statement, signed by an identity for ten minutes.

        `extensions` by their number: `x12` is the source repository, `x13` the commit.
        """
        key = cosign.new_key()
        certificate = self._issued(key, identity, {"8": issuer, **_numbers(extensions)})
        envelope = cosign.envelope(key, statement)
        return {
            "mediaType": BUNDLE,
            "verificationMaterial": {
                "certificate": {"rawBytes": b64(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [self._entry(statement, envelope, certificate)],
            },
            "dsseEnvelope": envelope,
        }

    def _root(self) -> x509.Certificate:
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "tests"),
                x509.NameAttribute(NameOID.COMMON_NAME, "tests"),
            ]
        )
        usage = {
            each: each in ("key_cert_sign", "crl_sign")
            for each in (
                "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
            )
        }  # fmt: skip
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.ca.public_key())
            .serial_number(1)
            .not_valid_before(self.now - timedelta(days=300))
            .not_valid_after(self.now + timedelta(days=300))
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.ca.public_key()), critical=False)
            .sign(self.ca, hashes.SHA256())
        )

    def _issued(
        self, key: ec.EllipticCurvePrivateKey, identity: str, numbers: dict[str, str]
    ) -> x509.Certificate:
        usage = dict.fromkeys(
            (
                "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
                "crl_sign", "encipher_only", "decipher_only",
            ),
            False,
        )  # fmt: skip
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(minutes=5))
            .not_valid_after(self.now + timedelta(minutes=5))
            .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True
            )
        )
        for number, text in numbers.items():
            value = x509.UnrecognizedExtension(x509.ObjectIdentifier(_FULCIO + number), utf8(text))
            builder = builder.add_extension(value, critical=False)
        before = builder.sign(self.ca, hashes.SHA256())
        return builder.add_extension(
            x509.UnrecognizedExtension(_SCTS, self._sct(before)), critical=False
        ).sign(self.ca, hashes.SHA256())

    def _sct(self, before: x509.Certificate) -> bytes:
        """The certificate log's promise, as the extension's DER: an OCTET STRING with a list of one."""
        body = before.tbs_certificate_bytes
        entry = hashlib.sha256(der(self.ca)).digest() + len(body).to_bytes(3, "big") + body
        moment = int(self.now.timestamp() * 1000)
        signature = cosign.sign(self.certificates, struct.pack("!BBQH", 0, 0, moment, 1) + entry + b"\0\0")
        one = struct.pack("!B32sQH", 0, log_id(self.certificates), moment, 0)
        one += struct.pack("!BBH", 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(one) + 2, len(one)) + one
        return b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else bytes([0x81, len(listed)])) + listed

    def _entry(
        self, statement: bytes, envelope: dict[str, Any], certificate: x509.Certificate
    ) -> dict[str, Any]:
        """The signature log's entry, in a tree of one."""
        verifier = b64(certificate.public_bytes(Encoding.PEM))
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(statement).hexdigest()},
            "signatures": [{"signature": envelope["signatures"][0]["sig"], "verifier": verifier}],
        }
        entry = {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}
        body = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        moment, known = int(self.now.timestamp()), log_id(self.log)
        promise = {
            "body": b64(body),
            "integratedTime": moment,
            "logID": known.hex(),
            "logIndex": 0,
        }
        promised = json.dumps(promise, sort_keys=True, separators=(",", ":")).encode()
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"rekor.example - 1\n1\n{b64(root)}\n"
        signed = b64(known[:4] + cosign.sign(self.log, note.encode()))
        return {
            "logIndex": "0",
            "logId": {"keyId": b64(known)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(moment),
            "inclusionPromise": {"signedEntryTimestamp": b64(cosign.sign(self.log, promised))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— rekor.example {signed}\n"},
            },
            "canonicalizedBody": b64(body),
        }


def _numbers(extensions: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("x"): text for name, text in extensions.items()}
