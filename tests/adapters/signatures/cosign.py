"""Signs as cosign does: keys made here, payloads and envelopes as its specification says.

https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
SLSA = "https://slsa.dev/provenance/v1"
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Layer = tuple[str, bytes, dict[str, str]]


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: Private) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(key: Private, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data)


def payload(repository: str, digest: str) -> bytes:
    return json.dumps(
        {
            "critical": {
                "identity": {"docker-reference": repository},
                "image": {"docker-manifest-digest": digest},
                "type": "cosign container image signature",
            },
            "optional": None,
        }
    ).encode()


def signature(key: Private, repository: str, digest: str) -> Layer:
    """A layer of the `.sig` manifest."""
    data = payload(repository, digest)
    return signed_layer(key, data)


def signed_layer(key: Private, data: bytes) -> Layer:
    text = base64.b64encode(sign(key, data)).decode()
    return (SIMPLE_SIGNING, data, {"dev.cosignproject.cosign/signature": text})


def statement(digest: str, predicate_type: str, predicate: object) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "image", "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    ).encode()


def pae(data: bytes, payload_type: str = IN_TOTO) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(data), data)


def envelope(key: Private, data: bytes, payload_type: str = IN_TOTO) -> dict[str, Any]:
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(data).decode(),
        "signatures": [{"sig": base64.b64encode(sign(key, pae(data, payload_type))).decode()}],
    }


def attestation(key: Private, data: bytes) -> Layer:
    """A layer of the `.att` manifest."""
    return (ENVELOPE, json.dumps(envelope(key, data)).encode(), {"predicateType": SLSA})


def slsa(
    repository: str = "https://github.com/splattop/app",
    commit: str = "a" * 40,
    workflow: str = ".github/workflows/build.yml",
    ref: str = "refs/heads/main",
) -> dict[str, Any]:
    """What GitHub's builders write: https://actions.github.io/buildtypes/workflow/v1"""
    return {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": ref, "repository": repository, "path": workflow}},
            "resolvedDependencies": [
                {"uri": f"git+{repository}@{ref}", "digest": {"gitCommit": commit}},
            ],
        },
        "runDetails": {"builder": {"id": f"{repository}/{workflow}@{ref}"}},
    }
