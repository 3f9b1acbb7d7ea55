"""What a rules file leaves out: the shipped environment of the same name, or careful defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.adapters.rules import load_policy
from bot.model.policy import Concurrency, Environment, MergeRule, Policy
from bot.model.policy_after import Guards, Level, Rollback, Verify
from bot.model.policy_gates import Gates, ImageGate, Signature

STAGING = """\
  staging:
    from: dev
    values: [{file: helm/values-staging.yaml, path: "{component}.image"}]
"""

Reader = Callable[[str], Policy]


def staging(policy: Policy) -> Environment:
    found = policy.environment("staging")
    assert found is not None
    return found


def test_a_source_has_the_documented_defaults(policy: Reader, valid: str) -> None:
    source = policy(valid).sources[0]
    assert (source.name, source.branches, source.hotfix_branches, source.events, source.artifact) == (
        "app",
        ("main",),
        (),
        ("push", "workflow_dispatch"),
        "component-tags",
    )


def test_an_environment_of_a_shipped_name_takes_its_gates(policy: Reader, valid: str) -> None:
    gates = staging(policy(valid + STAGING)).gates
    assert gates.coverage is not None
    assert gates.coverage.min_percent == 70


def test_dev_merges_by_itself_as_shipped(policy: Reader, valid: str) -> None:
    dev = policy(valid).environments[0]
    assert (dev.merge, dev.concurrency) == (MergeRule.AUTO, Concurrency.LATEST)


def test_an_environment_of_another_name_is_careful(policy: Reader, valid: str) -> None:
    other = policy(valid.replace("  dev:", "  lab:")).environments[0]
    assert (other.merge, other.concurrency, other.auto_promote, other.merge_method) == (
        MergeRule.APPROVED,
        Concurrency.PINNED,
        False,
        "merge",
    )


def test_an_environment_of_another_name_still_checks_image_and_source(policy: Reader, valid: str) -> None:
    other = policy(valid.replace("  dev:", "  lab:")).environments[0]
    assert (other.gates, other.verify, other.rollback) == (Gates(), Verify(), Rollback())


def test_a_gate_that_is_written_replaces_only_that_gate(policy: Reader, valid: str) -> None:
    gates = staging(policy(valid + STAGING + "    gates: {coverage: {min_percent: 75}}\n")).gates
    assert gates.coverage is not None
    assert gates.slo is not None
    assert (gates.coverage.min_percent, gates.slo.min_availability_percent) == (75, 99)


def test_a_gate_that_is_written_replaces_the_whole_gate(policy: Reader, valid: str) -> None:
    gates = staging(policy(valid + STAGING + "    gates: {slo: {min_availability_percent: 98}}\n")).gates
    assert gates.slo is not None
    assert gates.slo.max_error_rate_percent is None


@pytest.mark.parametrize("word", ["off", "'off'", "false", "null", "~", ""])
def test_a_shipped_gate_can_be_switched_off(policy: Reader, valid: str, word: str) -> None:
    gates = staging(policy(valid + STAGING + f"    gates:\n      coverage: {word}\n")).gates
    assert gates.coverage is None


def test_the_image_gate_is_on_and_demands_nobodys_signature(policy: Reader, valid: str) -> None:
    assert staging(policy(valid + STAGING)).gates.image == ImageGate()


def test_the_image_gate_can_be_switched_off(policy: Reader, valid: str) -> None:
    assert staging(policy(valid + STAGING + "    gates: {image: off}\n")).gates.image is None


PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuQ3GMXMs/AtFaxPwiVgzz7V6OntH
LxWZeMHRfABL7WXXboFsoy4oiu9I9Q/fAocistn/vqMV3zuP1tZRx1ao6w==
-----END PUBLIC KEY-----
"""


def image(signature: dict[str, str], name: str = "signature") -> str:
    return f"    gates: {{image: {{{name}: {json.dumps(signature)}}}}}\n"


def test_a_public_key_may_stand_in_the_rules(policy: Reader, valid: str) -> None:
    found = staging(policy(valid + STAGING + image({"key": PEM}))).gates.image
    assert found == ImageGate(signature=Signature(key=PEM))


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        (image({}), "expected exactly one of `key`, `key_file`, `identity`"),
        (image({"key": PEM, "identity": "x"}), "expected exactly one of `key`, `key_file`, `identity`"),
        (image({"key": PEM, "issuer": "https://x.example"}), "`issuer` belongs to an `identity`"),
        (image({"key": "ssh-rsa AAAA"}), "expected a public key as PEM text"),
        (image({"key": PEM, "key_file": "a.pub"}, "provenance"), "expected at most one of"),
    ],
)
def test_a_signer_is_one_key_or_one_identity(
    errors: Callable[[str], list[str]], valid: str, gate: str, says: str
) -> None:
    (found,) = errors(valid + STAGING + gate)
    assert says in found


def test_switching_one_gate_off_leaves_the_others_on(policy: Reader, valid: str) -> None:
    assert staging(policy(valid + STAGING + "    gates: {coverage: off}\n")).gates.security is not None


def test_approvals_that_are_written_replace_the_shipped_ones(policy: Reader, valid: str) -> None:
    canary = STAGING.replace("staging", "canary") + "    approvals: [{role: sre}]\n"
    found = policy(valid + canary).environment("canary")
    assert found is not None
    assert [approval.role for approval in found.approvals] == ["sre"]


def test_an_empty_list_asks_for_nobody(policy: Reader, valid: str) -> None:
    found = policy(valid + STAGING.replace("staging", "production") + "    approvals: []\n")
    assert found.environments[1].approvals == ()


def test_a_soak_can_be_given(policy: Reader, valid: str) -> None:
    assert staging(policy(valid + STAGING + "    soak: 90m\n")).soak == timedelta(minutes=90)


def test_a_hotfix_origin_that_the_team_does_not_have_is_left_out(policy: Reader, valid: str) -> None:
    production = STAGING.replace("staging", "production") + "    approvals: []\n"
    assert policy(valid + production).environments[1].hotfix.comes_from is None


def test_a_hotfix_reaches_production_from_staging_as_shipped(policy: Reader, valid: str) -> None:
    production = STAGING.replace("staging", "production") + "    approvals: []\n"
    assert policy(valid + STAGING + production).environments[2].hotfix.comes_from == "staging"


def test_a_hotfix_enters_staging_as_shipped_and_is_not_held_by_what_it_mends(
    policy: Reader, valid: str
) -> None:
    staging = policy(valid + STAGING).environments[1].hotfix
    assert (staging.entrance, staging.confirm) == (True, False)
    assert staging.skip_gates == ("slo", "error_budget", "critical_alerts", "stability")


def test_guards_deny_unless_told_otherwise(policy: Reader, valid: str) -> None:
    assert policy(valid).guards == Guards()


def test_guards_that_are_written_are_replaced_as_a_whole(policy: Reader, valid: str) -> None:
    assert policy(valid + "guards: {digest_only: off}\n").guards == Guards(digest_only=Level.OFF)


def test_the_policy_knows_where_it_was_read(policy: Reader, valid: str) -> None:
    found = policy(valid)
    assert (found.path, found.sha) == ("promotion/promotion-rules.yaml", "a" * 40)


@pytest.mark.parametrize("place", ["promotion/promotion-rules.yaml", ".github/promotion-rules.yaml"])
def test_both_places_are_read(valid: str, place: str) -> None:
    result = load_policy({place: valid.encode()}, sha="b" * 40)
    assert result.policy is not None
    assert (result.policy.path, result.policy.sha) == (place, "b" * 40)


def test_two_rules_files_are_an_error(valid: str) -> None:
    both = ("promotion/promotion-rules.yaml", ".github/promotion-rules.yaml")
    result = load_policy(dict.fromkeys(both, valid.encode()), sha="b" * 40)
    assert [str(error) for error in result.errors] == [
        ".github/promotion-rules.yaml:1:1: (file): there is promotion/promotion-rules.yaml as well; "
        "keep one of the two"
    ]


def test_no_rules_file_is_an_error() -> None:
    result = load_policy({}, sha="b" * 40)
    assert [error.message for error in result.errors] == [
        "no rules file; write promotion/promotion-rules.yaml or .github/promotion-rules.yaml"
    ]


def test_a_result_never_holds_both_a_policy_and_errors(valid: str) -> None:
    result = load_policy({"promotion/promotion-rules.yaml": (valid + "x: 1\n").encode()}, sha="b" * 40)
    assert result.policy is None
