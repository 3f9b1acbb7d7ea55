"""Headings and their anchors as GitHub makes them (row G8)."""

from __future__ import annotations

import pytest

from bot.decide.probes import read_page, slug_of


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("TCP endpoint down", "tcp-endpoint-down"),
        ("What's up, Doc?", "whats-up-doc"),
        ("`CrmMetricsScrapeStale` (critical)", "crmmetricsscrapestale-critical"),
        ("a_b - c", "a_b---c"),
        ("  blanks  ", "blanks"),
        ("100 % of C++", "100--of-c"),
        ("Größe & Maß", "größe--maß"),
        ("日本語 の 見出し", "日本語-の-見出し"),
        ("Über [links](x.md)", "über-linksxmd"),
        ("1. Step one", "1-step-one"),
        ("dots...and/slashes", "dotsandslashes"),
        ("Emoji 🎉 here", "emoji--here"),
    ],
)
def test_a_heading_becomes_the_anchor_that_github_gives_it(heading: str, anchor: str):
    assert slug_of(heading.replace("`", "")) == anchor


def anchors(text: str) -> list[str]:
    return [each.anchor for each in read_page(text.encode()).headings]


def test_headings_that_come_again_are_numbered():
    assert anchors("# A\n# A\n## a!\n# A-1\n# A\n") == ["a", "a-1", "a-2", "a-1-1", "a-3"]


def test_links_code_and_emphasis_count_as_their_text():
    assert anchors("## See [the *docs*](x.md) for `up`\n") == ["see-the-docs-for-up"]


def test_underlined_headings_are_headings():
    assert anchors("Title\n=====\n\nPart\n---\n") == ["title", "part"]


@pytest.mark.parametrize("text", ["```\n# no\n```\n", "    # no\n", "<!--\n# no\n-->\n", "#no\n"])
def test_what_only_looks_like_a_heading_is_none(text: str):
    assert anchors(text) == []


def test_front_matter_is_no_heading_and_keeps_the_lines():
    page = read_page(b"---\ntitle: x\n---\n# A\n")
    assert [(each.anchor, each.line) for each in page.headings] == [("a", 4)]


def test_anchors_written_in_html_are_found():
    page = read_page(b'<a name="one"></a>\n\n# A <a id="two"></a>\n')
    assert page.anchors == {"one", "two"}


def test_a_section_ends_at_the_next_heading_of_its_level():
    page = read_page(b"# A\n## B\n### C\n## D\n")
    assert page.section("b") == (2, 4)
    assert page.titles(2, 4) == {"b", "c"}
    assert page.section("nowhere") is None


def test_bold_words_that_begin_a_paragraph_or_item_count_as_titles():
    page = read_page(b"**Symptoms**: x\n\n- **Impact**: y\n- not **this** one\n")
    assert page.titles(1, 9) == {"symptoms", "impact"}
