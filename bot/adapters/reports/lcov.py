"""lcov tracefiles: `SF:` opens a source file, `DA:` is a line, `BRDA:` a branch, `end_of_record` closes it.

The lines are counted, each line of a file once, also when several records tell of the same file. A record that
has only its sums (`LF:`, `LH:`) is taken by them.
https://github.com/linux-test-project/lcov, man page geninfo(1), section FILES.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.adapters.reports.cobertura import checked
from bot.adapters.reports.refused import check_size, refuse
from bot.model.reports import CoverageReport


@dataclass(slots=True)
class _File:
    """What the records of one source file have told so far."""

    lines: dict[str, bool] = field(default_factory=dict)
    branches: dict[str, bool] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    measured: bool = False
    """Whether branches were looked at, even if there were none."""


def read(data: bytes, *, name: str) -> CoverageReport:
    """Lines and branches. Raises ReportRefused naming the line that is not lcov's."""
    check_size(data, name=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(name, f"is not UTF-8 at byte {error.start}")
    files = _records(text, name)
    if not files:
        refuse(name, "is not an lcov tracefile: no line starts with SF:")
    lines = [_pair(each.lines, each.sums, "L", name) for each in files.values()]
    branches = [_pair(each.branches, each.sums, "BR", name) for each in files.values()]
    known = any(each.measured for each in files.values())
    return checked(_sum(lines), _sum(branches) if known else None, name=name)


def is_lcov(data: bytes) -> bool:
    """Whether one of its first lines opens a source file."""
    return any(line.startswith(b"SF:") for line in data[:4096].splitlines())


def _records(text: str, name: str) -> dict[str, _File]:
    files: dict[str, _File] = {}
    now: _File | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        word, _, value = line.strip().partition(":")
        if word == "SF":
            now = files.setdefault(value, _File())
        elif word == "end_of_record":
            now = None
        elif now is not None:
            _take(now, word, value, name, number)
        elif word in ("DA", "BRDA", "LF", "LH"):
            refuse(name, f"has a {word}: line outside a record at line {number}")
    if now is not None:
        refuse(name, "ends in the middle of a record; it was cut off")
    return files


def _take(file: _File, word: str, value: str, name: str, number: int) -> None:
    """One line of a record; words for functions and newer ones of other tools do not matter here."""
    parts = value.split(",")
    if word == "DA" and len(parts) >= 2:
        hit = _count(parts[1], name, number) > 0
        file.lines[parts[0]] = file.lines.get(parts[0], False) or hit
    elif word == "BRDA" and len(parts) >= 4:
        # The name of a branch may hold commas; the number taken is the last, `-` when the line never ran.
        taken = parts[-1].strip()
        which = ",".join(parts[:-1])
        hit = taken != "-" and _count(taken, name, number) > 0
        file.branches[which] = file.branches.get(which, False) or hit
        file.measured = True
    elif word in ("DA", "BRDA"):
        refuse(name, f"has a {word}: line with too few fields at line {number}")
    elif word in ("LF", "LH", "BRF", "BRH"):
        file.sums[word] = _count(value, name, number)
        file.measured = file.measured or word == "BRF"


def _count(text: str, name: str, number: int) -> int:
    """A number of hits; some compilers overflow into negative numbers, which are hits of nobody knows how many."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 30):
        refuse(name, f"has something else than a count at line {number}")
    return int(digits)


def _pair(told: dict[str, bool], sums: dict[str, int], prefix: str, name: str) -> tuple[int, int]:
    if told:
        return sum(told.values()), len(told)
    covered, total = sums.get(f"{prefix}H", 0), sums.get(f"{prefix}F", 0)
    if covered > total:
        refuse(name, f"says that {covered} of {total} are covered, which cannot be")
    return covered, total


def _sum(pairs: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(covered for covered, _ in pairs), sum(total for _, total in pairs)
