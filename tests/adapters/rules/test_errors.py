"""Every error at once, at its line and column, with what was found, what was expected, and a near miss."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.adapters.rules import check_text

Errors = Callable[[str], list[str]]


def test_an_unknown_key_suggests_the_nearest(errors: Errors, valid: str) -> None:
    found = errors(valid + "    requird_checks: [helm-lint]\n")
    assert len(found) == 1
    assert found[0].startswith(
        "12:5 environments.dev.requird_checks: unknown key; did you mean `required_checks`? Known here: "
    )


def test_an_unknown_key_without_a_neighbour_lists_what_is_known(errors: Errors, valid: str) -> None:
    assert errors(valid.replace("{teams:", "{zzz: 1, teams:")) == [
        "8:9 roles.sre.zzz: unknown key. Known here: teams, users"
    ]


def test_a_wrong_word_suggests_the_nearest(errors: Errors, valid: str) -> None:
    assert errors(valid + "    merge: aproved\n") == [
        "12:12 environments.dev.merge: expected one of `auto`, `approved`, `manual`; found `aproved`; "
        "did you mean `approved`?"
    ]


def test_a_deep_error_has_its_whole_key(errors: Errors, valid: str) -> None:
    found = errors(valid + "    gates:\n      slo: {min_availability_percent: 101}\n")
    assert found == [
        "13:39 environments.dev.gates.slo.min_availability_percent: expected a number from 0 to 100; "
        "found `101`"
    ]


@pytest.mark.parametrize("value", ["-1", "100.1", "true", "'70'", "70%", ".nan", ".inf", "1e1", "[70]", ""])
def test_a_percentage_is_a_number_from_0_to_100(errors: Errors, valid: str, value: str) -> None:
    found = errors(valid + f"    gates:\n      coverage:\n        min_percent: {value}\n")
    assert [each.partition(";")[0].partition(" ")[2] for each in found] == [
        "environments.dev.gates.coverage.min_percent: expected a number from 0 to 100"
    ]


def test_a_missing_key_says_what_it_is(errors: Errors, valid: str) -> None:
    assert errors(valid.replace("    workflow: .github/workflows/build.yml\n", "")) == [
        "3:5 sources[0].workflow: missing; expected text: The workflow's file, `.github/workflows/build.yml`."
    ]


def test_a_number_where_text_is_due_should_be_quoted(errors: Errors, valid: str) -> None:
    text = "    verify: {smoke: [{name: x, repository: a/b, workflow: .github/workflows/x.yml, inputs: {n: 1}}]}\n"
    assert errors(valid + text) == [
        "12:96 environments.dev.verify.smoke[0].inputs.n: expected text; found `1`; put it in quotes"
    ]


def test_a_wrong_kind_of_value_is_named(errors: Errors, valid: str) -> None:
    assert errors(valid + "freeze: {}\n") == ["12:9 freeze: expected a list; found a mapping"]


def test_a_bad_key_is_shown_at_the_key(errors: Errors, valid: str) -> None:
    assert errors(valid.replace("      api:", "      API:")) == [
        "6:7 sources[0].components.API: expected a component name: lower case letters, digits, `.`, `_`, `-`; "
        "at most 63; found `API`"
    ]


def test_a_single_mapping_in_place_of_a_list_has_no_index(errors: Errors, valid: str) -> None:
    found = errors(valid + "    argocd: {application: x, sync: of}\n")
    assert found == [
        "12:36 environments.dev.argocd.sync: expected one of `auto`, `confirm`, `off`; found `of`; "
        "did you mean `off`?"
    ]


def test_all_errors_come_at_once_sorted_by_line(errors: Errors, valid: str) -> None:
    text = (
        valid.replace("version: 1", "version: 2")
        .replace("splattop/sre", "sre")
        .replace("ghcr.io/splattop/api", "ghcr.io/splattop/api:1")
        + "    from: nowhere\n    soak: 5\n    soak: 6\n    bogus: 1\n"
    )
    assert [each.partition(": ")[0] for each in errors(text)] == [
        "1:10 version",
        "6:20 sources[0].components.api.image",
        "8:17 roles.sre.teams[0]",
        "12:11 environments.dev.from",
        "13:11 environments.dev.soak",
        "14:5 environments.dev.soak",
        "15:5 environments.dev.bogus",
    ]


def test_more_errors_than_anyone_reads_are_cut_short() -> None:
    text = "version: 1\n" + "".join(f"key{index}: 1\n" for index in range(500))
    errors = check_text("x.yaml", text.encode()).errors
    assert len(errors) == 201
    assert errors[-1].message == "more errors follow; mend these first"


def test_an_address_is_not_repeated(errors: Errors, valid: str) -> None:
    text = valid + "notify: {channels: {hook: {kind: webhook, url: 'https://user:hunter2@example.com'}}}\n"
    assert "hunter2" not in "".join(errors(text))


def test_a_hostile_value_is_shown_on_one_line_without_backticks(errors: Errors, valid: str) -> None:
    found = errors(valid + '    merge: "`\\n@everyone` ' + "x" * 500 + '"\n')
    assert found[0].split("found ")[1].partition("; did")[0] == "`'\\n@everyone' " + "x" * 47 + "…`"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("roles: {qa: {}}", "expected at least one of `teams`, `users`: nobody could fill this role"),
        ("freeze: [{name: x}]", "expected either `starts` and `ends`, or `days`, `from` and `to`"),
        ("freeze: [{name: x, starts: 2026-01-02, days: [mon]}]", "expected either `starts` and `ends`, or"),
        ("freeze: [{name: x, starts: 2026-01-02, ends: 2026-01-01}]", "`ends` must come after `starts`"),
        ("freeze: [{name: x, starts: 2026-02-30, ends: 2026-03-01}]", "expected a date and time that exist"),
        ("freeze: [{name: x, days: [mon], from: 25:00, to: 1:00}]", "expected a time of day such as `16:00`"),
        ("notify: {channels: {a: {kind: email}}}", "an `email` channel needs addresses in `to`"),
        (
            "validation: {repository: a/b, workflow: .github/workflows/v.yml, acknowledgement: '!!!'}",
            "expected words, such as `accept the risk`; found `!!!`",
        ),
        ("notify: {channels: {a: {kind: slack, url: https://x.y}}}", "`url` belongs to a `webhook` channel"),
        ("guards: {digest_only: loud}", "expected one of `deny`, `warn`, `off`; found `loud`"),
        ("validation: {}", "missing; expected text"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(
    errors: Errors, valid: str, block: str, message: str
) -> None:
    text = valid.replace("roles:", "roles_:") if block.startswith("roles") else valid
    assert any(message in each for each in errors(text + block + "\n"))


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ("tests: {}", "missing; expected a list"),
        ("tests: {require: []}", "expected at least one entry; found none"),
        ("tests: {require: [a], suites: {a: {}}}", "expected exactly one of `check`, `status`, `artifact`"),
        ("tests: {require: [a], suites: {a: {status: x, app: 1}}}", "`app` belongs to a `check`"),
        (
            "tests: {require: [a], suites: {b: {status: x}}}",
            "`suites` describes `b`, which `require` does not",
        ),
        ("slo: {min_availability_percent: 9, window: 0s}", "expected a duration longer than zero"),
        (
            "error_budget: {max_consumed_percent: 9, objective_percent: 100}",
            "expected a number above 0 and below 100; found `100`",
        ),
        ("slo: {}", "expected at least one of `min_availability_percent`, `max_error_rate_percent`"),
        ("canary: {}", "expected at least one of `min_traffic_percent`"),
        ("metrics: {queries: [{name: x, query: up}]}", "expected at least one of `min`, `max`"),
        ("coverage: {}", "missing; expected a number from 0 to 100"),
        ("security: {max_high: -1}", "expected a whole number from 0 to 1000000; found `-1`"),
        ("coverage: on", "expected a mapping; found `on`"),
    ],
)
def test_a_gate_that_asks_nothing_is_refused(errors: Errors, valid: str, gates: str, message: str) -> None:
    found = errors(valid + f"    gates:\n      {gates}\n")
    assert [message in each for each in found] == [True]


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "issue_comment", "workflow_run"])
def test_runs_of_events_that_strangers_start_never_count(errors: Errors, valid: str, event: str) -> None:
    found = errors(valid.replace("    components:", f"    events: [{event}]\n    components:"))
    assert [each.partition(": ")[0] for each in found] == ["5:14 sources[0].events[0]"]
