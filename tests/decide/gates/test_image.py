"""The image gate: the digest, the tag, exactly the configured repository (attack cases 38, 39)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decide.gates.image import image
from bot.model.facts import Unknown
from bot.model.measurements import (
    Attested,
    BuiltFrom,
    ImageReading,
    Missing,
    Resolved,
    Signed,
    Unsigned,
)
from bot.model.policy_gates import ImageGate, Provenance, Signature
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


def test_case_39_a_digest_that_is_not_there_is_shown_with_what_the_tag_points_at() -> None:
    verdict = image(
        ImageGate(), [reading(Missing(why=f"ghcr.io has no {ONE}", at=NOW, tag_digest=TWO))]
    ).verdict
    assert verdict.headline == f"api: ghcr.io has no {ONE}; its tag `1.7.3` points at {TWO}"


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


SIGNED = Signed(by="key sha256:1234", source="ghcr.io", at=NOW)
BUILT = BuiltFrom(
    repository="https://github.com/splattop/app",
    commit="a" * 40,
    workflow=".github/workflows/build.yml",
    ref="refs/heads/main",
)
SIGNATURE = ImageGate(signature=Signature(identity="https://github.com/splattop/app/x"))
PROVENANCE = ImageGate(provenance=Provenance())
TIMEOUT = Unknown(why="the registry was not read: ghcr.io did not answer within 10 s")


def attested(*built: BuiltFrom) -> Attested:
    return Attested(built=built, by="https://github.com/splattop/app/x", source="GitHub", at=NOW)


def signed(found: Signed | Unsigned | Unknown | None) -> ImageReading:
    return replace(reading(there()), signature=found)


def built(found: Attested | Unsigned | Unknown | None) -> ImageReading:
    return replace(reading(there()), provenance=found, built=BUILT)


@pytest.mark.parametrize(
    ("found", "outcome", "says"),
    [
        (SIGNED, Outcome.PASS, "signed as demanded"),
        (
            Unsigned(why="there is no signature", at=NOW),
            Outcome.BLOCK,
            "api is not signed as the rules demand: there is no signature",
        ),
        (
            Unsigned(why="there is no signature that counts: it is signed by another identity, x", at=NOW),
            Outcome.BLOCK,
            "it is signed by another identity, x",
        ),
        (
            TIMEOUT,
            Outcome.UNKNOWN,
            "api's signature could not be read: the registry was not read: ghcr.io did not answer within 10 s",
        ),
        (None, Outcome.UNKNOWN, "api's signature could not be read: it was not asked for"),
    ],
    ids=["signed", "unsigned", "another identity", "timeout", "not asked"],
)
def test_case_41_a_demanded_signature_is_never_taken_for_granted(
    found: Signed | Unsigned | Unknown | None, outcome: Outcome, says: str
) -> None:
    verdict = image(SIGNATURE, [signed(found)]).verdict
    assert verdict.outcome is outcome
    assert says in verdict.headline


@pytest.mark.parametrize(
    ("found", "outcome", "says"),
    [
        (attested(BUILT), Outcome.PASS, "built where the rules say"),
        (attested(replace(BUILT, commit="b" * 40), BUILT), Outcome.PASS, "built where the rules say"),
        (
            attested(replace(BUILT, repository="https://github.com/Splattop/App")),
            Outcome.PASS,
            "built where the rules say",
        ),
        (
            attested(replace(BUILT, repository="https://github.com/evil/app")),
            Outcome.BLOCK,
            "api: its provenance names `https://github.com/evil/app`, the rules `https://github.com/splattop/app`",
        ),
        (
            attested(replace(BUILT, workflow=".github/workflows/evil.yml")),
            Outcome.BLOCK,
            "api: its provenance names the workflow `.github/workflows/evil.yml`",
        ),
        (attested(replace(BUILT, workflow=None)), Outcome.BLOCK, "names the workflow `(none)`"),
        (attested(replace(BUILT, commit="b" * 40)), Outcome.BLOCK, f"names the commit `{'b' * 40}`"),
        (attested(replace(BUILT, commit=None)), Outcome.BLOCK, "names the commit `(none)`"),
        (attested(replace(BUILT, ref="refs/heads/topic")), Outcome.BLOCK, "names `refs/heads/topic`"),
        (Unsigned(why="there is no provenance", at=NOW), Outcome.BLOCK, "api's origin is not attested"),
        (TIMEOUT, Outcome.UNKNOWN, "api's provenance could not be read"),
        (None, Outcome.UNKNOWN, "api's provenance could not be read: it was not asked for"),
    ],
)
def test_case_41_provenance_names_exactly_the_mapped_repository_workflow_commit_and_branch(
    found: Attested | Unsigned | Unknown | None, outcome: Outcome, says: str
) -> None:
    verdict = image(PROVENANCE, [built(found)]).verdict
    assert verdict.outcome is outcome
    assert says in verdict.headline


def test_case_41_one_unsigned_image_among_signed_ones_holds_all() -> None:
    unsigned = replace(signed(Unsigned(why="there is no signature", at=NOW)), component="web")
    verdict = image(SIGNATURE, [signed(SIGNED), unsigned]).verdict
    assert verdict.headline.startswith("web is not signed")


def test_who_signed_is_evidence() -> None:
    *_, row = image(SIGNATURE, [signed(SIGNED)]).verdict.evidence
    assert (row.measured, row.source) == ("signed by key sha256:1234", "ghcr.io")
