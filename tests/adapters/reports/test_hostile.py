"""Reports written to hurt or to deceive are refused whole, quickly, and with the file's name."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from types import ModuleType

import pytest

from bot.adapters.reports import coverage_py, junit, k6, lcov, sarif, trivy
from bot.adapters.reports.detect import detect
from bot.adapters.reports.refused import MAX_BYTES, ReportRefused

SUITE = '<testsuite tests="1"><testcase name="a"/></testsuite>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

HOSTILE_XML = {
    "billion laughs": f'<!DOCTYPE t [<!ENTITY l0 "ha">{LAUGHS}]><testsuite>&l9;</testsuite>',
    "quadratic blow-up": f'<!DOCTYPE t [<!ENTITY a "{"a" * 50_000}">]><testsuite>{"&a;" * 50_000}</testsuite>',
    "an external entity": '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite>&x;</testsuite>',
    "a parameter entity": '<!DOCTYPE t [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><testsuite/>',
    "default attributes": '<!DOCTYPE t [<!ATTLIST testcase status CDATA "SUCCESS">]>' + SUITE,
    "an entity of a named DTD": '<!DOCTYPE t SYSTEM "http://127.0.0.1:9/x.dtd"><testsuite>&x;</testsuite>',
    "65 levels": "<testsuite>" * 65 + "</testsuite>" * 65,
    "a hundred thousand levels": "<testsuite>" * 100_000,
    "an unclosed element": "<testsuite><testcase name='a'/>",
    "two roots": SUITE + SUITE,
    "an unknown encoding": f'<?xml version="1.0" encoding="ebcdic-martian"?>{SUITE}',
    "a wrong encoding": f'<?xml version="1.0" encoding="utf-16"?>{SUITE}',
    "a repeated attribute": '<testsuite failures="1" failures="0"/>',
    "a number that is none": '<testsuite failures="none"><testcase name="a"/></testsuite>',
    "a negative number": '<testsuite failures="-1"><testcase name="a"/></testsuite>',
    "a number without end": f'<testsuite failures="{"9" * 5000}"><testcase name="a"/></testsuite>',
}


@pytest.mark.parametrize("document", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_hostile_xml_is_refused(document: str) -> None:
    with pytest.raises(ReportRefused, match=r"^junit\.xml: "):
        junit.read(document.encode(), name="junit.xml")


@pytest.mark.parametrize("document", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_hostile_xml_costs_little(document: str) -> None:
    data = document.encode()
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(ReportRefused):
        junit.read(data, name="junit.xml")
    seconds = time.process_time() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (seconds < 2, peak < 8_000_000) == (True, True)


@pytest.mark.parametrize(
    "name", ["billion laughs", "quadratic blow-up", "an external entity", "a parameter entity"]
)
def test_finding_out_the_format_falls_for_no_entity(name: str) -> None:
    with pytest.raises(ReportRefused, match="declare"):
        detect(HOSTILE_XML[name].encode(), name="junit.xml")


def test_a_refusal_shows_nothing_of_a_file_that_an_entity_points_at(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    document = f'<!DOCTYPE t [<!ENTITY x SYSTEM "{secret.as_uri()}">]><testsuite name="a">&x;</testsuite>'
    with pytest.raises(ReportRefused) as refusal:
        junit.read(document.encode(), name="junit.xml")
    assert "hunter2" not in str(refusal.value)


def test_a_document_type_that_is_only_named_is_never_loaded() -> None:
    document = f'<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:9/x.dtd">{SUITE}'
    assert junit.read(document.encode(), name="junit.xml").passed == 1


def test_64_levels_are_read() -> None:
    document = "<testsuite>" * 63 + "<testcase name='a'/>" + "</testsuite>" * 63
    assert junit.read(document.encode(), name="junit.xml").executed == 1


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ('{"totals": {"covered_lines": 1, "covered_lines": 9, "num_statements": 9}}', "a key twice"),
        ('{"totals": {"covered_lines": NaN, "num_statements": 9}}', "NaN"),
        ('{"totals": {"covered_lines": Infinity, "num_statements": 9}}', "Infinity"),
        ('{"totals": {"covered_lines": 1e999, "num_statements": 9}}', "beyond all bounds"),
        ('{"totals": {"covered_lines": ' + "9" * 5000 + ', "num_statements": 9}}', "beyond all bounds"),
        ('{"totals": {"covered_lines": true, "num_statements": 9}}', "a whole number"),
        ('{"totals": {"covered_lines": -1, "num_statements": 9}}', "a whole number"),
        ('{"totals": {"covered_lines": 1.5, "num_statements": 9}}', "a whole number"),
        ('{"totals": {"covered_lines": "9", "num_statements": 9}}', "a whole number"),
        ('{"totals": {"covered_lines": 10, "num_statements": 9}}', "10 of 9"),
        ('{"totals": {"covered_lines": 1, "num_statements": 9}} {}', "not valid JSON"),
        ('{"totals": {"covered_lines": 1, "num_stat', "not valid JSON"),
        ("[" * 101 + "]" * 101, "nested deeper"),
        ('{"a": ' * 200_000, "nested deeper"),
        ("[]", "not coverage.py's"),
        ("3", "not coverage.py's"),
        ("\ufeff ", "not valid JSON"),
        (" \n", "is empty"),
    ],
)
def test_json_with_more_than_one_meaning_is_refused(document: str, says: str) -> None:
    with pytest.raises(ReportRefused, match=f"^coverage.json: .*{says}"):
        coverage_py.read(document.encode(), name="coverage.json")


@pytest.mark.parametrize("data", [b"\xff\xfe{\0}\0", b'{"a": "\xff"}'])
def test_json_that_is_not_utf8_is_refused(data: bytes) -> None:
    with pytest.raises(ReportRefused, match="not UTF-8"):
        coverage_py.read(data, name="coverage.json")


@pytest.mark.parametrize("data", [b'"' + b'\\"' * 2_000_000, b"[" + b'"[{' * 1_000_000])
def test_brackets_and_quotes_in_strings_are_counted_in_one_go(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(ReportRefused):
        coverage_py.read(data, name="coverage.json")
    assert time.process_time() - began < 2


@pytest.mark.parametrize("piece", [b"{},", b"[],", b'{"a":1},'])
def test_a_document_of_very_many_pieces_is_refused_before_they_are_built(piece: bytes) -> None:
    began = time.process_time()
    with pytest.raises(ReportRefused, match="more than 200000 objects and lists"):
        sarif.read(b"[" + piece * 1_500_000 + b"0]", name="s.sarif")
    assert time.process_time() - began < 2


def test_xml_of_very_many_elements_is_refused() -> None:
    with pytest.raises(ReportRefused, match="more than 500000 elements"):
        junit.read(b"<testsuite>" + b"<a/>" * 500_001 + b"</testsuite>", name="junit.xml")


def test_brackets_in_a_string_are_no_nesting() -> None:
    document = '{"note": "' + "[" * 500 + '", "totals": {"covered_lines": 1, "num_statements": 9}}'
    assert coverage_py.read(document.encode(), name="coverage.json").lines_covered == 1


@pytest.mark.parametrize("reader", [junit, coverage_py, lcov, sarif, trivy, k6])
def test_a_report_over_the_limit_is_refused_before_it_is_parsed(reader: ModuleType) -> None:
    with pytest.raises(ReportRefused, match="larger than 16 MB"):
        reader.read(b" " * (MAX_BYTES + 1), name="report")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"TN:\nDA:1,1\n", "outside a record at line 2"),
        (b"SF:a\nDA:1,1\n", "cut off"),
        (b"SF:a\nDA:1\nend_of_record\n", "too few fields at line 2"),
        (b"SF:a\nDA:1,-5\nend_of_record\n", "else than a count at line 2"),
        (b"SF:a\nLF:1\nLH:2\nend_of_record\n", "2 of 1 are covered"),
        (b"hello\n", "no line starts with SF:"),
        (b"SF:\xff\nend_of_record\n", "not UTF-8"),
    ],
)
def test_a_tracefile_that_is_none_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ReportRefused, match=says):
        lcov.read(data, name="lcov.info")


def test_case_37_the_refusal_names_a_file_without_its_tricks() -> None:
    with pytest.raises(ReportRefused) as refusal:
        junit.read(b"", name="a\u202e\n::set-output\x1b[31m" + "x" * 500)
    assert str(refusal.value).isprintable()
