"""Attack case 46: no pattern and no file makes matching slow. Processor time, so that a busy machine does not judge."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bot.decide.codeowners import CodeOwnersRefused, Match, owners_of, owners_of_all, parse

LONG = "a" * 4096
DEEP = "a/" * 2047 + "c"
MANY = [
    f"part{number % 70}/service{number % 90}/file{number}.{'py' if number % 3 else 'go'}"
    for number in range(3000)
]
SHAPES = (
    "/part{a}/service{b}/",
    "part{a}/*.py",
    "**/service{b}/",
    "*file{n}.go",
    "/part{a}/**/file{b}*",
    "*x{n}*",
)


def seconds(work: Callable[[], object]) -> float:
    """The best of three runs, in seconds of processor time."""
    found = []
    for _ in range(3):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*" * 40 + "b", LONG),
        ("*a" * 40 + "b", LONG),
        ("*a*" * 20 + "b", LONG),
        ("*?" * 40 + "b", LONG),
        ("/" + "*/" * 40 + "b", DEEP),
        ("**/" * 40 + "b", DEEP),
        ("**/a/" * 20 + "b", DEEP),
        ("**/*/" * 20 + "b", DEEP),
        ("a*" * 40 + "b", LONG),
        ("*a" * 40 + "b", LONG[:-1] + "c"),
    ],
)
def test_case_46_forty_stars_against_four_kilobytes_take_under_50_ms(pattern: str, path: str) -> None:
    codeowners = parse(f"{pattern} @x".encode())
    assert owners_of(codeowners, path) is None
    assert seconds(lambda: owners_of(codeowners, path)) < 0.05


def test_ten_thousand_rules_and_three_thousand_paths_take_under_two_seconds() -> None:
    lines = [
        SHAPES[n % len(SHAPES)].format(a=n % 70, b=n % 90, n=n) + f" @org/team{n}" for n in range(10_000)
    ]
    text = "\n".join(lines).encode()
    found = owners_of_all(parse(text), MANY)
    assert sum(match is not None for match in found.values()) > 1500
    assert seconds(lambda: owners_of_all(parse(text), MANY)) < 2


def test_case_46_many_rules_that_all_have_to_be_tried_are_refused_and_not_waited_for() -> None:
    codeowners = parse("\n".join(f"*component*{number}* @x" for number in range(20_000)).encode())
    paths = [f"component-{'b' * 50}-{number}" for number in range(100)]
    began = time.process_time()
    with pytest.raises(CodeOwnersRefused, match="too long to match"):
        owners_of_all(codeowners, paths)
    assert time.process_time() - began < 30


def test_case_46_a_hundred_thousand_rules_are_refused_and_not_waited_for() -> None:
    text = b"\n".join(b"/a%d/*b*c @x" % number for number in range(100_000))
    began = time.process_time()
    assert not parse(text).loaded
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "line",
    [b"\\" * 2_999_000, b"* " + b"@a " * 999_000, b"a" * 2_999_000, b"\n" * 2_999_000, b"[" * 2_999_000],
)
def test_case_46_a_strange_file_of_nearly_3_mb_is_read_in_seconds(line: bytes) -> None:
    began = time.process_time()
    parse(line)
    assert time.process_time() - began < 20


def test_a_long_path_below_an_owned_directory_is_owned() -> None:
    assert owners_of(parse(b"/a/ @x"), DEEP) == Match(line=1, pattern="/a/", owners=("@x",))
