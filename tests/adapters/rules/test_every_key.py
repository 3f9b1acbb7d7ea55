"""One file that uses every key loads, says what it means, and obeys the schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.adapters.rules import (
    after_spec,
    around_spec,
    check_text,
    gates_spec,
    json_schema,
    measured_spec,
    rules_spec,
)
from bot.adapters.rules.document import read_document
from bot.adapters.rules.spec import Spec
from bot.model.policy import Concurrency, MergeRule, Policy
from bot.model.policy_after import Level, Sync


def specs() -> list[type[Spec]]:
    modules = (gates_spec, measured_spec, after_spec, around_spec, rules_spec)
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return sorted((each for each in found if issubclass(each, Spec) and each is not Spec), key=str)


def keys_used(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from keys_used(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys_used(inner)


@pytest.fixture(scope="module")
def everything(data: Path) -> Policy:
    result = check_text("everything.yaml", (data / "everything.yaml").read_bytes())
    assert result.policy is not None, [str(error) for error in result.errors]
    return result.policy


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.__name__)
def test_every_key_has_a_description(spec: type[Spec]) -> None:
    assert [name for name, field in spec.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.__name__)
def test_every_key_is_used_in_the_full_file(spec: type[Spec], data: Path) -> None:
    used = set(keys_used(read_document("", (data / "everything.yaml").read_bytes()).data))
    assert {field.alias or name for name, field in spec.model_fields.items()} - used == set()


def plain_specs() -> list[type[Spec]]:
    """Those whose fields go into their dataclass one by one; a gate left out is the dataclass's own affair."""
    return [each for each in specs() if hasattr(each, "makes") and each is not gates_spec.GatesSpec]


@pytest.mark.parametrize("spec", plain_specs(), ids=lambda spec: spec.__name__)
def test_the_defaults_are_those_of_the_model(spec: type[Spec]) -> None:
    theirs = {field.name: field for field in dataclasses.fields(spec.makes)}
    for name, field in spec.model_fields.items():
        ours = field.get_default(call_default_factory=True)
        default, factory = theirs[name].default, theirs[name].default_factory
        wanted = factory() if factory is not dataclasses.MISSING else default
        if field.is_required() or wanted is dataclasses.MISSING or isinstance(ours, Spec):
            continue
        assert (tuple(ours) if isinstance(ours, list) else ours) == wanted, name


@pytest.mark.parametrize("name", ["everything.yaml", "contract-example.yaml"])
def test_a_whole_file_obeys_the_schema(name: str, data: Path) -> None:
    document = read_document(name, (data / name).read_bytes())
    jsonschema.Draft202012Validator(json_schema()).validate(document.data)


def test_the_schema_refuses_an_unknown_key() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert not validator.is_valid({"version": 1, "enviroments": {}})


def test_the_contracts_example_loads_with_its_values(data: Path) -> None:
    policy = check_text("x.yaml", (data / "contract-example.yaml").read_bytes()).policy
    assert policy is not None
    staging = policy.environment("staging")
    assert staging is not None
    assert (staging.comes_from, staging.merge, staging.concurrency, staging.soak) == (
        "dev",
        MergeRule.APPROVED,
        Concurrency.PINNED,
        timedelta(hours=1),
    )


def test_the_contracts_example_confirms_its_sync(data: Path) -> None:
    policy = check_text("x.yaml", (data / "contract-example.yaml").read_bytes()).policy
    assert policy is not None
    applications = [each.argocd for each in policy.environments]
    assert [(each.application, each.sync) for each in applications[1]] == [("splattop-staging", Sync.CONFIRM)]


def test_a_freeze_holds_local_times(everything: Policy) -> None:
    holidays, weekend = everything.freeze
    assert (holidays.starts, holidays.ends) == (datetime(2026, 12, 20, 18), datetime(2027, 1, 4, 8))
    assert (weekend.days, weekend.from_time, weekend.to_time) == ((4, 5), time(16), time(8, 30))


def test_a_check_may_be_tied_to_its_app(everything: Policy) -> None:
    dev = everything.environments[0]
    assert (dev.required_checks, dict(dev.check_apps)) == (
        ("helm-lint", "kubeconform"),
        {"kubeconform": 15368},
    )


def test_a_duration_may_have_two_units(everything: Policy) -> None:
    assert everything.environments[1].soak == timedelta(hours=1, minutes=30)


def test_a_guard_can_be_switched_off(everything: Policy) -> None:
    assert everything.guards.no_plain_secrets is Level.OFF


def test_sources_keep_their_given_name(everything: Policy) -> None:
    assert everything.sources[0].name == "app-main"
