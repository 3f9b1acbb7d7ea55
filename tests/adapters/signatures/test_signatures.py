"""Signatures and provenance in a registry, by key and by identity, with keys made here (attack case 41)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from bot.adapters.outbound import Outbound
from bot.adapters.registry import Registry
from bot.adapters.signatures import Signatures, Sigstore
from bot.errors import UserError
from bot.model.facts import Unknown
from bot.model.measurements import Attested, BuiltFrom, Signed, Trust, Unsigned
from tests.adapters.registry.stand_in import StandIn, manifest_bytes, serving
from tests.adapters.signatures import cosign
from tests.adapters.signatures.instance import ACTIONS, BUNDLE, Instance

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAME = "splattop/api"
IDENTITY = "https://github.com/splattop/app/.github/workflows/build.yml@refs/heads/main"
KEY = cosign.new_key()
BY_KEY = Trust(key=cosign.public(KEY))
BY_IDENTITY = Trust(issuer=ACTIONS, identity=IDENTITY)
BUILT = BuiltFrom(
    repository="https://github.com/splattop/app",
    commit="a" * 40,
    workflow=".github/workflows/build.yml",
    ref="refs/heads/main",
)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving() as registry:
        yield registry


@pytest.fixture(scope="module")
def instance() -> Instance:
    return Instance()


@pytest.fixture(scope="module")
def root(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sigstore") / "trusted_root.json"
    path.write_text(instance.trusted_root())
    return path


def using(stand_in: StandIn, *others: StandIn, root: Path | None = None, timeout: float = 5) -> Signatures:
    hosts = [stand_in.host, *(each.host for each in others)]
    outbound = Outbound([f"http://{each}" for each in hosts])
    return Signatures(Registry(outbound, insecure=hosts, timeout=timeout), Sigstore(root))


def image(stand_in: StandIn) -> str:
    return stand_in.push(NAME, "1.7.3", manifest_bytes("one"))


def signature(
    stand_in: StandIn, digest: str, trust: Trust = BY_KEY, root: Path | None = None
) -> Signed | Unsigned | Unknown:
    return using(stand_in, root=root).signature(f"{stand_in.host}/{NAME}", digest, trust, NOW)


def provenance(
    stand_in: StandIn, digest: str, trust: Trust = BY_KEY, bundles: Any = None, root: Path | None = None
) -> Attested | Unsigned | Unknown:
    return using(stand_in, root=root).provenance(f"{stand_in.host}/{NAME}", digest, trust, bundles, NOW)


def why(found: object) -> str:
    assert isinstance(found, Unsigned), found
    return found.why


KEYS = [KEY, ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()]


@pytest.mark.parametrize("key", KEYS, ids=["P-256", "P-384", "Ed25519"])
def test_a_signature_by_the_trusted_key_counts(stand_in: StandIn, key: Any) -> None:
    digest = image(stand_in)
    layer = cosign.signature(key, f"{stand_in.host}/{NAME}", digest)
    stand_in.attach(NAME, digest, "sig", [layer])
    found = signature(stand_in, digest, Trust(key=cosign.public(key)))
    assert isinstance(found, Signed)
    assert found.by.startswith("key sha256:")


def test_an_rsa_key_signs_too(stand_in: StandIn) -> None:
    key, digest = rsa.generate_private_key(65537, 2048), image(stand_in)
    stand_in.attach(NAME, digest, "sig", [cosign.signature(key, f"{stand_in.host}/{NAME}", digest)])
    assert isinstance(signature(stand_in, digest, Trust(key=cosign.public(key))), Signed)


def test_one_good_signature_among_others_is_enough(stand_in: StandIn) -> None:
    digest, here = image(stand_in), f"{stand_in.host}/{NAME}"
    layers = [cosign.signature(cosign.new_key(), here, digest), cosign.signature(KEY, here, digest)]
    stand_in.attach(NAME, digest, "sig", layers)
    assert isinstance(signature(stand_in, digest), Signed)


def test_case_41_an_unsigned_image_is_said_to_be(stand_in: StandIn) -> None:
    assert why(signature(stand_in, image(stand_in))) == "there is no signature"


def test_case_41_another_key_does_not_count(stand_in: StandIn) -> None:
    digest = image(stand_in)
    layer = cosign.signature(cosign.new_key(), f"{stand_in.host}/{NAME}", digest)
    stand_in.attach(NAME, digest, "sig", [layer])
    assert "it is not signed by key sha256:" in why(signature(stand_in, digest))


def test_case_41_a_signature_of_another_image_does_not_count(stand_in: StandIn) -> None:
    digest, other = image(stand_in), "sha256:" + "2" * 64
    layer = cosign.signature(KEY, f"{stand_in.host}/{NAME}", other)
    stand_in.attach(NAME, digest, "sig", [layer])
    assert f"it is of another image, {other}" in why(signature(stand_in, digest))


@pytest.mark.parametrize(
    "reference", ["{host}/splattop/web", "{host}/splattop/api:1.7.3", "evil.example/splattop/api"]
)
def test_case_41_a_signature_of_another_repository_does_not_count(stand_in: StandIn, reference: str) -> None:
    digest = image(stand_in)
    layer = cosign.signature(KEY, reference.format(host=stand_in.host), digest)
    stand_in.attach(NAME, digest, "sig", [layer])
    assert "in another repository" in why(signature(stand_in, digest))


def test_a_payload_that_was_changed_after_signing_does_not_count(stand_in: StandIn) -> None:
    digest, here = image(stand_in), f"{stand_in.host}/{NAME}"
    kind, _, notes = cosign.signature(KEY, here, "sha256:" + "2" * 64)
    stand_in.attach(NAME, digest, "sig", [(kind, cosign.payload(here, digest), notes)])
    assert "it is not signed by" in why(signature(stand_in, digest))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"critical": 1}', b"\xff", b"[" * 50_000])
def test_a_payload_of_another_shape_does_not_count(stand_in: StandIn, data: bytes) -> None:
    digest = image(stand_in)
    stand_in.attach(NAME, digest, "sig", [cosign.signed_layer(KEY, data)])
    assert "not what cosign signs" in why(signature(stand_in, digest))


@pytest.mark.parametrize("notes", [{}, {"dev.cosignproject.cosign/signature": "!!"}])
def test_a_payload_without_its_signature_does_not_count(stand_in: StandIn, notes: dict[str, str]) -> None:
    digest = image(stand_in)
    data = cosign.payload(f"{stand_in.host}/{NAME}", digest)
    stand_in.attach(NAME, digest, "sig", [(cosign.SIMPLE_SIGNING, data, notes)])
    assert "no signature beside its payload" in why(signature(stand_in, digest))


@pytest.mark.parametrize("knows", [True, False], ids=["referrers", "fallback tag"])
def test_a_bundle_among_the_referrers_counts_by_its_key(stand_in: StandIn, knows: bool) -> None:
    digest, stand_in.knows_referrers = image(stand_in), knows
    data = cosign.statement(digest, "https://sigstore.dev/cosign/sign/v1", {})
    bundle = {"mediaType": BUNDLE, "dsseEnvelope": cosign.envelope(KEY, data)}
    stand_in.refer(NAME, digest, BUNDLE, json.dumps(bundle).encode())
    assert isinstance(signature(stand_in, digest), Signed)


def test_a_blob_that_is_kept_elsewhere_is_fetched_without_authorization(stand_in: StandIn) -> None:
    with serving() as storage:
        digest = image(stand_in)
        stand_in.attach(NAME, digest, "sig", [cosign.signature(KEY, f"{stand_in.host}/{NAME}", digest)])
        storage.blobs, stand_in.blobs_at = dict(stand_in.blobs), f"http://{storage.host}"
        stand_in.auth = "bearer"
        found = using(stand_in, storage).signature(f"{stand_in.host}/{NAME}", digest, BY_KEY, NOW)
        assert isinstance(found, Signed)
        assert {sent for _, _, sent in storage.asked} == {""}


def test_case_90_a_blob_that_is_kept_at_a_metadata_address_is_not_fetched(stand_in: StandIn) -> None:
    digest = image(stand_in)
    stand_in.attach(NAME, digest, "sig", [cosign.signature(KEY, f"{stand_in.host}/{NAME}", digest)])
    stand_in.blobs_at = "http://169.254.169.254"
    found = signature(stand_in, digest)
    assert isinstance(found, Unknown)
    assert "metadata" in found.why


def test_a_blob_with_other_bytes_is_unknown(stand_in: StandIn) -> None:
    digest = image(stand_in)
    stand_in.attach(NAME, digest, "sig", [cosign.signature(KEY, f"{stand_in.host}/{NAME}", digest)])
    stand_in.blobs = dict.fromkeys(stand_in.blobs, b"other")
    found = signature(stand_in, digest)
    assert isinstance(found, Unknown)
    assert "hash to" in found.why


def test_a_document_that_is_too_large_is_unknown(stand_in: StandIn) -> None:
    digest = image(stand_in)
    stand_in.attach(NAME, digest, "sig", [(cosign.SIMPLE_SIGNING, b" " * (1024 * 1024 + 1), {})])
    found = signature(stand_in, digest)
    assert isinstance(found, Unknown)
    assert "larger than" in found.why


def test_too_many_documents_are_unknown(stand_in: StandIn) -> None:
    digest = image(stand_in)
    stand_in.attach(NAME, digest, "sig", [(cosign.SIMPLE_SIGNING, b"%d" % n, {}) for n in range(21)])
    found = signature(stand_in, digest)
    assert isinstance(found, Unknown)
    assert "more than 20" in found.why


@pytest.mark.parametrize("data", [b"{}", b'{"layers": 1}', b'{"layers": [{"digest": "md5:x"}]}', b"["])
def test_a_signature_manifest_of_another_shape_is_unknown(stand_in: StandIn, data: bytes) -> None:
    digest = image(stand_in)
    kind = "application/vnd.oci.image.manifest.v1+json"
    stand_in.push(NAME, f"{digest.replace(':', '-')}.sig", data, kind)
    found = signature(stand_in, digest)
    assert isinstance(found, Unknown)
    assert "no proper layers" in found.why


def test_case_41_a_registry_that_does_not_answer_in_time_is_unknown() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        registry = Registry(Outbound([f"http://{host}"]), insecure=[host], timeout=0.3)
        found = Signatures(registry, Sigstore()).signature(
            f"{host}/{NAME}", "sha256:" + "1" * 64, BY_KEY, NOW
        )
    assert isinstance(found, Unknown)
    assert "did not answer within 0.3 s" in found.why


@pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_key_that_is_none_is_told_to_a_person(stand_in: StandIn, pem: str) -> None:
    with pytest.raises(UserError, match="the public key"):
        signature(stand_in, image(stand_in), Trust(key=pem))


def keyless(instance: Instance, digest: str, *, identity: str = IDENTITY, **more: Any) -> bytes:
    data = cosign.statement(digest, "https://sigstore.dev/cosign/sign/v1", {})
    return json.dumps(instance.bundle(data, identity, **more)).encode()


def test_a_signature_by_the_trusted_identity_counts(
    stand_in: StandIn, instance: Instance, root: Path
) -> None:
    digest = image(stand_in)
    stand_in.refer(NAME, digest, BUNDLE, keyless(instance, digest))
    found = signature(stand_in, digest, BY_IDENTITY, root)
    assert isinstance(found, Signed)
    assert found.by == IDENTITY


@pytest.mark.parametrize(
    ("identity", "pattern", "counts"),
    [
        (IDENTITY, IDENTITY.replace("main", "*"), True),
        (IDENTITY.replace("main", "release/1"), IDENTITY.replace("main", "*"), False),
        (IDENTITY + "-evil", IDENTITY, False),
        (IDENTITY.replace("splattop/app", "splattop-evil/app"), IDENTITY, False),
        (IDENTITY.replace("splattop/app", "evil/app"), IDENTITY.replace("splattop/app", "*/app"), True),
        (IDENTITY.replace("github.com", "githubXcom"), IDENTITY, False),
    ],
)
def test_case_41_the_identity_is_exactly_the_wanted_one(
    stand_in: StandIn, instance: Instance, root: Path, identity: str, pattern: str, counts: bool
) -> None:
    digest = image(stand_in)
    stand_in.refer(NAME, digest, BUNDLE, keyless(instance, digest, identity=identity))
    found = signature(stand_in, digest, Trust(issuer=ACTIONS, identity=pattern), root)
    assert isinstance(found, Signed) is counts
    assert counts or f"it is signed by another identity, {identity}" in why(found)


def test_case_41_another_issuer_does_not_count(stand_in: StandIn, instance: Instance, root: Path) -> None:
    digest = image(stand_in)
    stand_in.refer(NAME, digest, BUNDLE, keyless(instance, digest, issuer="https://evil.example"))
    assert "vouched for by https://evil.example" in why(signature(stand_in, digest, BY_IDENTITY, root))


def test_case_41_another_sigstore_does_not_count(stand_in: StandIn, root: Path) -> None:
    digest = image(stand_in)
    stand_in.refer(NAME, digest, BUNDLE, keyless(Instance(), digest))
    assert "Sigstore does not verify it" in why(signature(stand_in, digest, BY_IDENTITY, root))


def test_the_shipped_root_knows_no_instance_of_ours(stand_in: StandIn, instance: Instance) -> None:
    digest = image(stand_in)
    stand_in.refer(NAME, digest, BUNDLE, keyless(instance, digest))
    assert "Sigstore does not verify it" in why(signature(stand_in, digest, BY_IDENTITY))


def test_a_root_that_cannot_be_read_names_the_setting(stand_in: StandIn, tmp_path: Path) -> None:
    broken, digest = tmp_path / "root.json", image(stand_in)
    broken.write_text("{}")
    stand_in.refer(NAME, digest, BUNDLE, b"{}")
    with pytest.raises(UserError, match="SIGSTORE_TRUSTED_ROOT"):
        signature(stand_in, digest, BY_IDENTITY, broken)


def changed(bundle: bytes, what: str) -> bytes:
    """The bundle with one part taken from another world."""
    data = json.loads(bundle)
    material = data["verificationMaterial"]
    if what == "payload":
        data["dsseEnvelope"]["payload"] = base64.b64encode(b"{}").decode()
    elif what == "signature":
        data["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(b"x" * 70).decode()
    elif what == "log":
        material["tlogEntries"] = []
    elif what == "time":
        material["tlogEntries"][0]["integratedTime"] = "1"
    elif what == "proof":
        material["tlogEntries"][0]["inclusionProof"]["rootHash"] = base64.b64encode(b"0" * 32).decode()
    elif what == "certificate":
        material["certificate"]["rawBytes"] = base64.b64encode(b"no certificate").decode()
    else:
        data = {}
    return json.dumps(data).encode()


@pytest.mark.parametrize("what", ["payload", "signature", "log", "time", "proof", "certificate", "all"])
def test_a_bundle_that_was_tampered_with_does_not_count(
    stand_in: StandIn, instance: Instance, root: Path, what: str
) -> None:
    digest = image(stand_in)
    stand_in.refer(NAME, digest, BUNDLE, changed(keyless(instance, digest), what))
    assert "that counts" in why(signature(stand_in, digest, BY_IDENTITY, root))


def test_an_attestation_of_something_else_is_no_signature(
    stand_in: StandIn, instance: Instance, root: Path
) -> None:
    digest = image(stand_in)
    data = cosign.statement(digest, "https://example.com/failed-scan", {})
    stand_in.refer(NAME, digest, BUNDLE, json.dumps(instance.bundle(data, IDENTITY)).encode())
    assert "is no signature of the image" in why(signature(stand_in, digest, BY_IDENTITY, root))


def test_the_older_keyless_format_is_told_by_its_name(stand_in: StandIn) -> None:
    digest = image(stand_in)
    kind, data, notes = cosign.signature(KEY, f"{stand_in.host}/{NAME}", digest)
    stand_in.attach(NAME, digest, "sig", [(kind, data, {**notes, "dev.sigstore.cosign/certificate": "x"})])
    assert "sign with cosign 3" in why(signature(stand_in, digest, BY_IDENTITY))


def test_provenance_signed_by_the_trusted_key_tells_where_it_was_built(stand_in: StandIn) -> None:
    digest = image(stand_in)
    data = cosign.statement(digest, cosign.SLSA, cosign.slsa())
    stand_in.attach(NAME, digest, "att", [cosign.attestation(KEY, data)])
    found = provenance(stand_in, digest)
    assert isinstance(found, Attested)
    assert found.built == (BUILT,)


def test_the_older_provenance_format_is_read_too(stand_in: StandIn) -> None:
    digest = image(stand_in)
    source = {
        "uri": "git+https://github.com/splattop/app@refs/heads/main",
        "digest": {"sha1": "a" * 40},
        "entryPoint": ".github/workflows/build.yml",
    }
    old = {"invocation": {"configSource": source}}
    data = cosign.statement(digest, "https://slsa.dev/provenance/v0.2", old)
    stand_in.attach(NAME, digest, "att", [cosign.attestation(KEY, data)])
    found = provenance(stand_in, digest)
    assert isinstance(found, Attested)
    assert found.built == (BUILT,)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda d: cosign.statement("sha256:" + "2" * 64, cosign.SLSA, cosign.slsa()), "about another image"),
        (lambda d: cosign.statement(d, "https://spdx.dev/Document", {}), "not where the image was built"),
        (lambda d: cosign.statement(d, cosign.SLSA, {}), "names no repository"),
        (lambda d: b"{}", "incomplete"),
        (lambda d: b"[]", "no JSON object"),
    ],
    ids=["another image", "another statement", "an empty one", "no statement", "no object"],
)
def test_case_41_a_statement_that_does_not_say_where_does_not_count(
    stand_in: StandIn, data: Any, says: str
) -> None:
    digest = image(stand_in)
    stand_in.attach(NAME, digest, "att", [cosign.attestation(KEY, data(digest))])
    assert says in why(provenance(stand_in, digest))


def test_case_41_provenance_by_another_key_does_not_count(stand_in: StandIn) -> None:
    digest = image(stand_in)
    data = cosign.statement(digest, cosign.SLSA, cosign.slsa())
    stand_in.attach(NAME, digest, "att", [cosign.attestation(cosign.new_key(), data)])
    assert "it is not signed by" in why(provenance(stand_in, digest))


def attested(instance: Instance, digest: str, said: dict[str, Any] | None = None, **more: str) -> bytes:
    data = cosign.statement(digest, cosign.SLSA, said or cosign.slsa())
    return json.dumps(instance.bundle(data, IDENTITY, **more)).encode()


def test_githubs_attestation_tells_where_it_was_built_and_asks_no_registry(
    stand_in: StandIn, instance: Instance, root: Path
) -> None:
    digest = image(stand_in)
    bundles = [attested(instance, digest, x12="https://github.com/splattop/app", x13="a" * 40)]
    found = provenance(stand_in, digest, BY_IDENTITY, bundles, root)
    assert isinstance(found, Attested)
    assert (found.built, found.by) == ((BUILT,), IDENTITY)
    assert stand_in.asked == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"x12": "https://github.com/evil/app"}, "its certificate https://github.com/evil/app"),
        ({"x13": "b" * 40}, f"its certificate {'b' * 40}"),
        ({"x14": "refs/heads/topic"}, "its certificate refs/heads/topic"),
        (
            {
                "x12": "https://github.com/splattop/app",
                "x18": "https://github.com/splattop/app/.github/workflows/evil.yml@refs/heads/main",
            },
            "its certificate .github/workflows/evil.yml",
        ),
    ],
    ids=["repository", "commit", "branch", "workflow"],
)
def test_case_41_a_statement_that_its_certificate_contradicts_does_not_count(
    stand_in: StandIn, instance: Instance, root: Path, more: dict[str, str], says: str
) -> None:
    digest = image(stand_in)
    found = provenance(stand_in, digest, BY_IDENTITY, [attested(instance, digest, **more)], root)
    assert says in why(found)


def test_no_attestation_on_github_is_said_to_be_none(stand_in: StandIn) -> None:
    assert why(provenance(stand_in, image(stand_in), BY_IDENTITY, [])) == "there is no provenance"
