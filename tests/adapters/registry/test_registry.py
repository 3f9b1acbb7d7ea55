"""The registry: a digest's bytes, a tag's digest, tokens, and who is shown credentials (attack cases 38, 39, 90)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.adapters.outbound import Outbound
from bot.adapters.registry import Credentials, Registry
from bot.model.facts import Unknown
from bot.model.measurements import Missing, Resolved
from tests.adapters.registry.stand_in import INDEX, StandIn, digest_of, manifest_bytes, serving

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAME = "splattop/api"
ABSENT = "sha256:" + "0" * 64


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving() as registry:
        yield registry


def client(*stand_ins: StandIn, **credentials: Credentials) -> Registry:
    return Registry(
        Outbound([f"http://{each.host}" for each in stand_ins]),
        insecure=[each.host for each in stand_ins],
        credentials={each.host: credentials["known"] for each in stand_ins[:1]} if credentials else None,
        timeout=2,
    )


def asked(
    stand_in: StandIn, digest: str, tag: str | None = "1.7.3", using: Registry | None = None
) -> Resolved | Missing | Unknown:
    return (using or client(stand_in)).resolve(f"{stand_in.host}/{NAME}", digest, tag, NOW)


def why(found: object) -> str:
    assert isinstance(found, Unknown), found
    return found.why


def test_a_digest_that_is_there_is_resolved_with_its_tag(stand_in: StandIn) -> None:
    digest = stand_in.push(NAME, "1.7.3", manifest_bytes("one"))
    assert asked(stand_in, digest) == Resolved(digest=digest, tag_digest=digest, media_type=INDEX, at=NOW)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ],
)
def test_every_kind_of_manifest_is_accepted(stand_in: StandIn, media_type: str) -> None:
    digest = stand_in.push(NAME, "1.7.3", manifest_bytes("one"), media_type)
    found = asked(stand_in, digest)
    assert isinstance(found, Resolved)
    assert found.media_type == media_type


def test_case_39_a_tag_that_moved_shows_both_digests(stand_in: StandIn) -> None:
    claimed = stand_in.push(NAME, "1.7.3", manifest_bytes("claimed"))
    moved = stand_in.push(NAME, "1.7.3", manifest_bytes("moved"))
    found = asked(stand_in, claimed)
    assert isinstance(found, Resolved)
    assert (found.digest, found.tag_digest) == (claimed, moved)


def test_a_tag_is_hashed_when_the_registry_names_no_digest(stand_in: StandIn) -> None:
    stand_in.names_digests = False
    claimed = stand_in.push(NAME, "1.7.3", manifest_bytes("claimed"))
    moved = stand_in.push(NAME, "1.7.3", manifest_bytes("moved"))
    found = asked(stand_in, claimed)
    assert isinstance(found, Resolved)
    assert found.tag_digest == moved


def test_a_tag_that_is_gone_is_told_apart_from_one_that_was_not_asked(stand_in: StandIn) -> None:
    digest = stand_in.push(NAME, "other", manifest_bytes("one"))
    gone, unasked = asked(stand_in, digest), asked(stand_in, digest, None)
    assert isinstance(gone, Resolved)
    assert isinstance(unasked, Resolved)
    assert (gone.tag_missing, unasked.tag_missing) == (True, False)


def test_one_resolution_asks_twice_and_no_more(stand_in: StandIn) -> None:
    digest = stand_in.push(NAME, "1.7.3", manifest_bytes("one"))
    asked(stand_in, digest)
    assert stand_in.manifest_requests == [
        f"GET /v2/{NAME}/manifests/{digest}",
        f"HEAD /v2/{NAME}/manifests/1.7.3",
    ]


def test_a_digest_that_is_not_there_is_missing(stand_in: StandIn) -> None:
    assert isinstance(asked(stand_in, ABSENT), Missing)


def test_case_39_a_digest_that_is_not_there_tells_what_the_tag_points_at(stand_in: StandIn) -> None:
    there = stand_in.push(NAME, "1.7.3", manifest_bytes("another"))
    found = asked(stand_in, ABSENT)
    assert isinstance(found, Missing)
    assert found.tag_digest == there


def test_a_digest_of_another_repository_is_missing(stand_in: StandIn) -> None:
    digest = stand_in.push("splattop/web", "1.7.3", manifest_bytes("one"))
    assert isinstance(asked(stand_in, digest), Missing)


def test_bytes_that_hash_to_something_else_are_unknown(stand_in: StandIn) -> None:
    digest = stand_in.push(NAME, "1.7.3", manifest_bytes("one"))
    stand_in.lies = manifest_bytes("other")
    assert digest_of(stand_in.lies) in why(asked(stand_in, digest))


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ((404, {}, b"<html>not found</html>"), "no reason"),
        ((500, {}, b""), "status 500"),
        ((429, {}, b""), "fewer requests"),
        ((403, {}, b""), "does not allow"),
        ((401, {}, b""), "neither Bearer nor Basic"),
        ((302, {"Location": "http://169.254.169.254/"}, b""), "not followed"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "no image manifest"),
        ((200, {"Content-Type": INDEX, "Content-Length": "99"}, b"{"), "cut short"),
        ((200, {"Content-Type": INDEX}, b" " * (4 * 1024 * 1024 + 1)), "larger than"),
    ],
)
def test_what_is_no_manifest_is_unknown(
    stand_in: StandIn, answers: tuple[int, dict[str, str], bytes], says: str
) -> None:
    stand_in.answers = answers
    assert says in why(asked(stand_in, ABSENT))


def test_a_registry_that_is_down_is_unknown() -> None:
    with serving() as gone:
        pass
    assert "refused the connection" in why(asked(gone, ABSENT))


def test_a_token_is_fetched_for_pulling_this_repository_alone(stand_in: StandIn) -> None:
    stand_in.auth = "bearer"
    digest = stand_in.push(NAME, "1.7.3", manifest_bytes("one"))
    assert isinstance(asked(stand_in, digest), Resolved)
    tokens = [path for _, path, _ in stand_in.asked if path.startswith("/token")]
    assert tokens == ["/token?service=stand-in&scope=repository%3Asplattop%2Fapi%3Apull"]


@pytest.mark.parametrize("auth", ["bearer", "basic"])
def test_credentials_open_a_private_repository(stand_in: StandIn, auth: str) -> None:
    stand_in.auth, stand_in.user = auth, "robot:word"
    digest = stand_in.push(NAME, "1.7.3", manifest_bytes("one"))
    known = client(stand_in, known=Credentials(user="robot", password="word"))
    assert isinstance(asked(stand_in, digest, using=known), Resolved)


def test_wrong_credentials_are_unknown_and_not_repeated(stand_in: StandIn) -> None:
    stand_in.auth, stand_in.user = "bearer", "robot:word"
    known = client(stand_in, known=Credentials(user="robot", password="canary-secret"))
    assert "canary-secret" not in why(asked(stand_in, ABSENT, using=known))


def test_credentials_are_not_shown_to_another_hosts_token_server(stand_in: StandIn) -> None:
    with serving() as stranger:
        stand_in.auth, stand_in.realm = "bearer", f"http://{stranger.host}/token"
        stranger.user = "robot:word"
        known = client(stand_in, stranger, known=Credentials(user="robot", password="word"))
        assert "not shown the credentials" in why(asked(stand_in, ABSENT, using=known))
        assert [sent for _, _, sent in stranger.asked] == [""]


def test_case_90_a_token_server_at_a_metadata_address_is_not_asked(stand_in: StandIn) -> None:
    stand_in.auth, stand_in.realm = "bearer", "http://169.254.169.254/token"
    assert "metadata" in why(asked(stand_in, ABSENT))


def test_case_90_a_registry_at_a_private_address_is_not_asked() -> None:
    registry = Registry(Outbound(resolve=lambda host, port: ["10.0.0.5"]))
    assert "private address" in why(registry.resolve("registry.example/api", ABSENT, None, NOW))


@pytest.mark.parametrize("realm", ["file:///etc/passwd", "ftp://x/", "none", "/token"])
def test_a_token_server_without_a_proper_address_is_refused(stand_in: StandIn, realm: str) -> None:
    stand_in.auth, stand_in.realm = "bearer", realm
    assert "not at an https address" in why(asked(stand_in, ABSENT))


@pytest.mark.parametrize(
    "repository",
    [
        "ghcr.io@evil.example/org/app",
        "ghcr.io/../app",
        "ghcr.io/org/app?x=1",
        "ghcr.io/org/app#x",
        "ghcr.io/Org/app",
        "ghсr.io/org/app",  # a Cyrillic letter in the host
        "ghcr.io\\evil/app",
        "app",
        "https://ghcr.io/org/app",
        "ghcr.io/org/app\n",
    ],
)
def test_case_38_a_repository_that_is_no_host_and_path_is_never_asked(repository: str) -> None:
    registry = Registry(Outbound(resolve=lambda host, port: pytest.fail(f"{host} was looked up")))
    with pytest.raises(ValueError, match="not of the form"):
        registry.resolve(repository, ABSENT, None, NOW)


@pytest.mark.parametrize(
    ("repository", "host"),
    [
        ("ghcr.io/org/app", "ghcr.io"),
        ("ghcr.io.evil.tld/org/app", "ghcr.io.evil.tld"),
        ("docker.io/library/nginx", "registry-1.docker.io"),
        ("docker.io/nginx", "registry-1.docker.io"),
    ],
)
def test_case_38_exactly_the_named_host_is_asked(repository: str, host: str) -> None:
    looked_up: list[str] = []

    def resolve(name: str, port: int) -> list[str]:
        looked_up.append(f"{name}:{port}")
        return ["10.0.0.5"]

    Registry(Outbound(resolve=resolve)).resolve(repository, ABSENT, None, NOW)
    assert looked_up == [f"{host}:443"]


def test_credentials_are_not_shown_where_a_registry_redirects_to(stand_in: StandIn) -> None:
    with serving() as stranger:
        stand_in.auth, stand_in.user = "basic", "robot:word"
        known = client(stand_in, stranger, known=Credentials(user="robot", password="word"))
        stand_in.push(NAME, "1.7.3", manifest_bytes("one"))
        stand_in.answers = (307, {"Location": f"http://{stranger.host}/v2/{NAME}/manifests/{ABSENT}"}, b"")
        assert "not followed" in why(asked(stand_in, ABSENT, using=known))
        assert stranger.asked == []
