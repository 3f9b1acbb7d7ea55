"""Names that must exist elsewhere in the rules file, be unique, or not run in a circle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Errors = Callable[[str], list[str]]

SECOND = """\
  - repository: splattop/other
    workflow: .github/workflows/build.yml
    components:
      NAME: {image: ghcr.io/splattop/other}
"""


def environment(name: str, origin: str | None = None, file: str | None = None) -> str:
    """An environment with its own values file."""
    come = f"    from: {origin}\n" if origin else ""
    file = file or f"helm/values-{name}.yaml"
    return f'  {name}:\n{come}    values: [{{file: {file}, path: "{{component}}.image"}}]\n'


def with_source(valid: str, source: str) -> str:
    return valid.replace("roles:\n", source + "roles:\n")


def test_a_component_of_two_sources_names_both_lines(errors: Errors, valid: str) -> None:
    assert errors(with_source(valid, SECOND.replace("NAME", "api"))) == [
        "10:7 sources[1].components.api: component `api` on line 10 is on line 6 too "
        "(sources[0].components.api); keep one"
    ]


def test_two_sources_of_one_name_need_names(errors: Errors, valid: str) -> None:
    second = SECOND.replace("NAME", "web").replace("splattop/other\n", "elsewhere/App\n", 1)
    assert errors(with_source(valid, second)) == [
        "7:5 sources[1].repository: source name `App` on line 7 is on line 3 too (sources[0].repository); "
        "give one a `name` of its own"
    ]


def test_a_given_name_solves_the_clash(errors: Errors, valid: str) -> None:
    second = SECOND.replace("NAME", "web").replace("- repo", "- name: two\n    repo")
    assert errors(with_source(valid, second.replace("splattop/other\n", "elsewhere/app\n", 1))) == []


def test_two_sources_cannot_wait_for_the_same_artifact(errors: Errors, valid: str) -> None:
    second = SECOND.replace("NAME", "web").replace("- repo", "- name: two\n    repo")
    assert errors(with_source(valid, second.replace("splattop/other\n", "Splattop/App\n", 1))) == [
        "9:5 sources[1].workflow: the same repository, workflow and artifact on line 9 is on line 4 too "
        "(sources[0].workflow); make them one source"
    ]


def test_a_role_is_asked_once(errors: Errors, valid: str) -> None:
    text = valid + "    merge: approved\n    approvals: [{role: sre}, {role: sre}]\n"
    assert errors(text) == [
        "13:37 environments.dev.approvals[1].role: role `sre` is listed already; raise its `count` instead"
    ]


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ("    merge: auto\n    approvals: [{role: sre}]\n", "12:12 environments.dev.merge"),
        ("    approvals: [{role: sre}]\n", "10:3 environments.dev.merge"),
    ],
)
def test_merging_by_itself_never_skips_people(errors: Errors, valid: str, block: str, place: str) -> None:
    assert errors(valid + block) == [
        f"{place}: `auto` waits for nobody, but approvals are demanded: write `approved`, or `approvals: []`"
    ]


def test_merging_by_itself_never_skips_shipped_approvals(errors: Errors, valid: str) -> None:
    text = valid.replace("  sre:", "  qa: {users: [ben]}\n  sre:") + environment("canary", "dev")
    assert [each.partition(": ")[0] for each in errors(text + "    merge: auto\n")] == [
        "16:12 environments.canary.merge"
    ]


def test_a_repository_whose_name_cannot_end_a_branch_needs_a_name(errors: Errors, valid: str) -> None:
    found = errors(valid.replace("splattop/app", "splattop/.github"))
    assert found == [
        "3:17 sources[0].repository: `.github` cannot end a branch name; give this source a `name`"
    ]


@pytest.mark.parametrize("block", ["sources", "environments"])
def test_a_block_that_is_missing_is_named(errors: Errors, valid: str, block: str) -> None:
    start = valid.index(block)
    end = valid.index("roles:") if block == "sources" else len(valid)
    found = errors(valid[:start] + valid[end:])
    assert [each.partition(";")[0] for each in found] == [f"1:1 {block}: missing"]


@pytest.mark.parametrize(("values", "place"), [("", "12:3"), ("    values: []\n", "14:13")])
def test_an_environment_without_values_is_an_error(
    errors: Errors, valid: str, values: str, place: str
) -> None:
    found = errors(valid + "  lab:\n    from: dev\n" + values)
    assert [each.partition(": ")[0] for each in found] == [f"{place} environments.lab.values"]


def test_an_unknown_origin_suggests_the_nearest(errors: Errors, valid: str) -> None:
    assert errors(valid + environment("lab", "dve")) == [
        "13:11 environments.lab.from: no such environment: `dve`; did you mean `dev`?"
    ]


@pytest.mark.parametrize(
    ("origins", "circle"),
    [
        ({"a": "a"}, "a ← a"),
        ({"a": "b", "b": "a"}, "a ← b ← a"),
        ({"a": "c", "b": "a", "c": "b"}, "a ← c ← b ← a"),
        ({"x": "a", "a": "b", "b": "a"}, "a ← b ← a"),
    ],
)
def test_a_circle_is_told_once(errors: Errors, valid: str, origins: dict[str, str], circle: str) -> None:
    head = valid[: valid.index("  dev:")]
    found = errors(head + "".join(environment(name, origin) for name, origin in origins.items()))
    assert [each.partition(": ")[2] for each in found] == [
        f"a circle: {circle}; releases must enter somewhere, without `from`"
    ]


def test_a_path_must_tell_components_apart(errors: Errors, valid: str) -> None:
    assert errors(valid.replace("{component}.image", "app.image")) == [
        "11:49 environments.dev.values[0].path: expected `{component}` in the path, or exactly one entry in "
        "`components`; found `app.image`"
    ]


def test_a_fixed_path_serves_one_component(errors: Errors, valid: str) -> None:
    assert errors(valid.replace('"{component}.image"', "app.image, components: [api]")) == []


def test_a_values_entry_names_known_components(errors: Errors, valid: str) -> None:
    found = errors(valid.replace('image"}', 'image", components: [ap]}'))
    assert found == [
        "11:83 environments.dev.values[0].components[0]: no source has a component `ap`; did you mean `api`?"
    ]


def test_two_environments_cannot_share_a_place(errors: Errors, valid: str) -> None:
    found = errors(valid + environment("lab", "dev", "helm/values-dev.yaml"))
    assert [each.partition(";")[0] for each in found] == [
        "14:14 environments.lab.values[0]: `helm/values-dev.yaml` at `{component}.image` on line 14 is on line "
        "11 too (environments.dev.values[0])"
    ]


def test_two_environments_may_share_a_file_at_other_paths(errors: Errors, valid: str) -> None:
    lab = environment("lab", "dev", "helm/values-dev.yaml").replace("{component}", "lab.{component}")
    assert errors(valid + lab) == []


def test_a_role_that_nobody_defined_suggests_the_nearest(errors: Errors, valid: str) -> None:
    assert errors(valid + "    merge: manual\n    approvals: [{role: sr}]\n") == [
        "13:24 environments.dev.approvals[0].role: no such role: `sr`; did you mean `sre`?"
    ]


def test_shipped_approvals_need_their_roles(errors: Errors, valid: str) -> None:
    found = errors(valid + environment("canary", "dev"))
    assert [each.partition(", which")[0] for each in found] == [
        "12:3 environments.canary.approvals: the shipped rules ask for an approval by role `qa`"
    ]


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ("commands: {override: [boss]}", "12:23 commands.override[0]: no such role: `boss`"),
        ("commands: {environments: {dev: {override: [boss]}}}",
         "12:44 commands.environments.dev.override[0]: no such role: `boss`"),
        ("commands: {environments: {prod: {override: []}}}",
         "12:33 commands.environments.prod: no such environment: `prod`"),
        ("freeze: [{name: x, environments: [prod], days: [mon], from: 1:00, to: 2:00}]",
         "12:35 freeze[0].environments[0]: no such environment: `prod`"),
        ("alerts: {bundles: {prod: ops/x}}", "12:26 alerts.bundles.prod: no such environment: `prod`"),
        ("notify: {rules: [{events: [hold], channels: [slak]}], channels: {slack: {kind: slack}}}",
         "12:46 notify.rules[0].channels[0]: no such channel: `slak`; did you mean `slack`?"),
    ],
)  # fmt: skip
def test_a_name_used_elsewhere_must_exist(errors: Errors, valid: str, block: str, error: str) -> None:
    assert [each[: len(error)] for each in errors(valid + block + "\n")] == [error]


@pytest.mark.parametrize(
    "line",
    [
        "    hotfix: {from: nowhere}\n",
        "    gates: {slo: {min_availability_percent: 1, environment: nowhere}}\n",
        "    gates: {stability: {environment: nowhere}}\n",
    ],
)
def test_an_environment_named_within_an_environment_must_exist(errors: Errors, valid: str, line: str) -> None:
    assert ["no such environment: `nowhere`" in each for each in errors(valid + line)] == [True]


def test_an_application_runs_known_components(errors: Errors, valid: str) -> None:
    found = errors(valid + "    argocd: {application: x, components: [web]}\n")
    assert found == ["12:43 environments.dev.argocd.components[0]: no source has a component `web`"]
