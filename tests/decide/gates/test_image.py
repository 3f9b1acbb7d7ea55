"""The image gate: the digest, the tag, exactly the configured repository (attack cases 38, 39)."""

from __future__ import annotations

import pytest

from bot.decide.gates.image import image
from bot.model.facts import Unknown
from bot.model.measurements import ImageReading, Missing, Resolved
from bot.model.policy_gates import ImageGate, Signature
from bot.model.verdict import Outcome
from tests.decide.gates.measured import NOW

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
HERE = "ghcr.io/splattop/api"


def reading(
    found: Resolved | Missing | Unknown, repository: str | None = HERE, component: str = "api"
) -> ImageReading:
    return ImageReading(
        component=component, configured=HERE, repository=repository, tag="1.7.3", digest=ONE, found=found
    )


def there(tag_digest: str | None = ONE, *, digest: str = ONE, gone: bool = False) -> Resolved:
    return Resolved(digest=digest, tag_digest=tag_digest, tag_missing=gone, media_type="x", at=NOW)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (there(), Outcome.PASS),
        (there(TWO), Outcome.BLOCK),
        (there(None, gone=True), Outcome.BLOCK),
        (there(None), Outcome.UNKNOWN),
        (there(digest=TWO), Outcome.UNKNOWN),
        (Missing(why="no such manifest", at=NOW), Outcome.BLOCK),
        (Unknown(why="the registry did not answer"), Outcome.UNKNOWN),
    ],
)
def test_digest_and_tag_must_be_there_and_agree(
    found: Resolved | Missing | Unknown, outcome: Outcome
) -> None:
    assert image(ImageGate(), [reading(found)]).verdict.outcome is outcome


def test_case_39_a_tag_that_moved_shows_both_digests() -> None:
    verdict = image(ImageGate(), [reading(there(TWO))]).verdict
    assert verdict.headline == f"api: tag `1.7.3` points at {TWO}, the release claims {ONE}"
    assert (verdict.evidence[0].measured, verdict.evidence[0].needed) == (TWO, ONE)


def test_a_tag_that_moved_is_nobodys_business_when_the_rules_say_so() -> None:
    found = image(ImageGate(tag_resolves=False), [reading(there(TWO))])
    assert found.verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    "repository",
    [
        "ghcr.io.evil.tld/splattop/api",
        "ghcr.io@evil/splattop/api",
        "ghcr.io/splattop-evil/api",
        "ghcr.io:5000/splattop/api",
        "ghсr.io/splattop/api",  # a Cyrillic letter in the host
        "GHCR.io/splattop/api",
    ],
)
def test_case_38_a_look_alike_repository_blocks(repository: str) -> None:
    assert image(ImageGate(), [reading(there(), repository)]).verdict.outcome is Outcome.BLOCK


def test_a_values_file_without_a_repository_stands_for_the_configured_one() -> None:
    assert image(ImageGate(), [reading(there(), None)]).verdict.outcome is Outcome.PASS


def test_one_bad_component_holds_all() -> None:
    found = image(ImageGate(), [reading(there()), reading(there(TWO), component="web")])
    assert found.verdict.headline.startswith("web: tag")


def test_nothing_to_look_at_is_unknown() -> None:
    assert image(ImageGate(), []).verdict.outcome is Outcome.UNKNOWN


def test_a_demanded_signature_is_never_taken_for_granted() -> None:
    gate = ImageGate(signature=Signature(identity="https://github.com/splattop/app/x"))
    assert image(gate, [reading(there())]).verdict.outcome is Outcome.UNKNOWN
