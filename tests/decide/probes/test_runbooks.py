"""Where runbook URLs lead, and which sections runbooks leave out (row G8)."""

from __future__ import annotations

import pytest

from bot.decide.alerts import Labelling
from bot.decide.probes import Home, Runbooks, Shipped, lint, shipped
from tests.decide.probes.memory import Memory

FULL = "### Symptoms\n### Impact\n### Investigation\n### Mitigation\n### Prevention\n"
FILES = Memory(
    {
        "docs/runbooks/api.md": f"# API\n## Down\n{FULL}## Slow\n### Symptoms\n\n**Impact**: small\n",
        "docs/runbooks/README.md": "# Runbooks\n",
        "docs/runbooks/more/db.md": "# DB\n",
        "docs/a b.md": "# Blank\n",
        "ops/alerts/local.md": "# Local\n",
        "run.sh": "a\nb\nc\n",
    }
)


def runbooks() -> Runbooks:
    return Runbooks(FILES, Home(host="github.com", name="Acme/Config"))


def problem(url: str) -> str | None:
    return runbooks().problem(url, folder="ops/alerts")


@pytest.mark.parametrize(
    "url",
    [
        "docs/runbooks/api.md",
        "docs/runbooks/api.md#down",
        "/docs/runbooks/api.md#down",
        "./docs/runbooks/api.md#Down",
        "docs/runbooks/",
        "docs/runbooks",
        "docs/runbooks/#runbooks",
        "docs/a%20b.md#blank",
        "local.md#local",
        "../alerts/local.md",
        "docs/runbooks/api.md#L3",
        "run.sh#L1-L3",
        "https://github.com/acme/config/blob/main/docs/runbooks/api.md#slow",
        "https://github.com/Acme/Config/tree/main/docs/runbooks",
        "https://raw.githubusercontent.com/acme/config/main/docs/runbooks/api.md",
        "https://raw.githubusercontent.com/acme/config/refs/heads/main/docs/runbooks/api.md",
        "https://github.com/acme/other/blob/main/nothing.md",
        "https://github.com/acme/config/wiki/Down",
        "https://wiki.example.com/down#x",
        "https://wiki.example.com/{{ $labels.alertname }}",
    ],
)
def test_a_url_that_leads_somewhere_is_no_finding(url: str):
    assert problem(url) is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("docs/runbooks/nothing.md", "there is no docs/runbooks/nothing.md"),
        ("docs/Runbooks/api.md", "there is no docs/Runbooks/api.md"),
        ("docs/runbooks/api.md#gone", "no heading with the anchor #gone"),
        ("docs/runbooks/api.md#slo", "did you mean #slow?"),
        ("docs/runbooks/api.md#L99", "has no line 99"),
        ("run.sh#L9", "has no line 9"),
        ("#down", "names no file"),
        ("../../../etc/passwd", "leads out of the repository"),
        ("https://github.com/acme/config/blob/main/docs/gone.md", "there is no docs/gone.md"),
        ("https://github.com/acme/config/blob/main/docs/runbooks/api.md#gone", "no heading"),
        ("https://raw.githubusercontent.com/acme/config/main/gone.md", "there is no gone.md"),
    ],
)
def test_a_url_that_leads_nowhere_says_so(url: str, says: str):
    assert says in str(problem(url))


def missing(url: str, folder: str | None = None) -> list[tuple[str, int | None, str]]:
    books = runbooks()
    if url:
        assert books.problem(url, folder="") is None
    found = books.without_sections(folder)
    return [(each.file, each.line, each.message.partition("no section ")[2]) for each in found]


def test_a_runbook_with_all_sections_below_its_heading_is_whole():
    assert missing("docs/runbooks/api.md#down") == []
    assert missing("docs/runbooks/api.md") == []


def test_the_sections_must_stand_below_the_heading_that_the_url_names():
    assert missing("docs/runbooks/api.md#slow") == [
        ("docs/runbooks/api.md", 8, "Investigation, Mitigation, Prevention; add it as a heading")
    ]


def test_a_url_that_leads_to_a_section_means_the_runbook_around_it():
    assert missing("docs/runbooks/api.md#mitigation") == []


def test_every_runbook_of_the_folder_is_looked_at_but_the_readme():
    assert [file for file, _, _ in missing("", "docs/runbooks")] == ["docs/runbooks/more/db.md"]


def ships(*rules: str) -> Shipped:
    text = "groups:\n- name: g\n  rules:\n" + "".join(f"  - {each}\n" for each in rules)
    found = shipped(text.encode(), path="ops/alerts/a.yml", labelling=Labelling(environment="production"))
    assert isinstance(found, Shipped)
    return found


GOOD = "annotations: {runbook_url: docs/runbooks/api.md#down}"


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        pytest.param([f"{{alert: A, expr: up, {GOOD}}}"], [], id="all well"),
        pytest.param(["{alert: A, expr: up}"], [("runbook-missing", 4)], id="no runbook_url"),
        pytest.param(
            ["{alert: A, expr: up, annotations: {runbook_url: ''}}"], [("runbook-missing", 4)], id="empty"
        ),
        pytest.param(["{record: a, expr: up}"], [], id="a recording rule needs none"),
        pytest.param(
            [f"{{alert: A, expr: up, labels: {{severity: critical}}, {GOOD}}}"],
            [("for-missing", 4)],
            id="no for",
        ),
        pytest.param(
            [f"{{alert: A, expr: up, for: 0s, labels: {{severity: critical}}, {GOOD}}}"],
            [("for-missing", 4)],
            id="for 0s",
        ),
        pytest.param(
            [f"{{alert: A, expr: up, for: 1m, labels: {{severity: critical}}, {GOOD}}}"], [], id="for"
        ),
        pytest.param([f"{{alert: A, expr: up, labels: {{severity: warning}}, {GOOD}}}"], [], id="a warning"),
        pytest.param([f"{{alert: A, expr: up, {GOOD}}}"] * 2, [("duplicate-alert", 5)], id="twice"),
        pytest.param(
            [f"{{alert: A, expr: up, labels: {{a: {n}}}, {GOOD}}}" for n in (1, 2)], [], id="other labels"
        ),
    ],
)
def test_lint_finds_exactly_what_is_wrong(rules: list[str], found: list[tuple[str, int]]):
    said = lint([ships(*rules)], runbooks())
    assert [(each.kind.value, each.line) for each in said] == found


def test_a_duplicate_with_another_expression_is_a_warning_only():
    (same,) = lint([ships(*[f"{{alert: A, expr: up, {GOOD}}}"] * 2)], runbooks())
    (other,) = lint([ships(*[f"{{alert: A, expr: up == {n}, {GOOD}}}" for n in (0, 1)])], runbooks())
    assert (same.level.value, other.level.value) == ("error", "warning")
