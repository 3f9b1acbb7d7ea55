"""The tree agrees with a naive matcher that is written by other means: paths' ancestors, recursion, `fnmatch`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.codeowners import owners_for_change, owners_of, owners_of_all, parse

NAMES = st.text(alphabet="ab.*", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
PARTS = st.one_of(
    st.sampled_from(["**", "*", "***", "a**"]),
    st.text(alphabet="ab.*?", min_size=1, max_size=4).filter(lambda part: part not in (".", "..")),
    st.lists(st.sampled_from(["a", "b", "*", "?", "\\*", "\\?", "\\a"]), min_size=1, max_size=4).map("".join),
)
PATTERNS = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "/"]),
    st.lists(PARTS, min_size=1, max_size=5),
    st.sampled_from(["", "/"]),
)


def naive(pattern: str, path: str) -> bool:
    """GitHub's rules read aloud: a pattern matches a file itself, or a directory above it and so all below."""
    anchored = "/" in pattern[:-1]
    parts = pattern.strip("/").split("/")
    if not anchored:
        parts.insert(0, "**")
    names = path.split("/")
    above = ["/".join(names[:count]).split("/") for count in range(1, len(names))]
    itself = not pattern.endswith("/") and fits(parts, names)
    # `docs/*` means the files in docs, not what is below its directories; stars in a row are one star.
    files_only = parts[-1] != "**" and set(parts[-1]) == {"*"} and not pattern.endswith("/")
    return itself or (not files_only and any(fits(parts, directory) for directory in above))


def fits(parts: list[str], names: list[str]) -> bool:
    """Whether the parts match all the names; a last `**` needs at least one."""
    if not parts:
        return not names
    if parts == ["**"]:
        return bool(names)
    if parts[0] == "**":
        return any(fits(parts[1:], names[skipped:]) for skipped in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], as_fnmatch(parts[0])) and fits(parts[1:], names[1:])


def as_fnmatch(part: str) -> str:
    """A backslash makes a character plain, which `fnmatch` writes as a set of one."""
    found, characters = "", iter(part)
    for character in characters:
        found += f"[{next(characters)}]" if character == "\\" else character
    return found


@settings(max_examples=500)
@given(PATTERNS, PATHS)
def test_a_pattern_matches_what_the_naive_matcher_says(pattern: str, path: str) -> None:
    codeowners = parse(f"{pattern} @x".encode())
    assert codeowners.errors == ()
    assert (owners_of(codeowners, path) is not None) is naive(pattern, path)


@settings(max_examples=150)
@given(st.lists(PATTERNS, min_size=1, max_size=12), st.lists(PATHS, min_size=1, max_size=8))
def test_of_many_patterns_the_last_that_matches_wins(patterns: list[str], paths: list[str]) -> None:
    codeowners = parse("\n".join(f"{pattern} @x" for pattern in patterns).encode())
    found = {path: match.line if match else None for path, match in owners_of_all(codeowners, paths).items()}
    lines = {
        path: max((line for line, each in enumerate(patterns, 1) if naive(each, path)), default=None)
        for path in paths
    }
    assert found == lines


@given(st.lists(PATTERNS, min_size=1, max_size=6), PATHS)
def test_an_invalid_line_never_changes_who_github_says_owns_a_path(patterns: list[str], path: str) -> None:
    alone = parse("\n".join(f"{pattern} @x" for pattern in patterns).encode())
    mixed = parse("\n".join(f"{pattern} @x\n!{pattern} @y\n{pattern} bad" for pattern in patterns).encode())
    first, second = owners_of(alone, path), owners_of(mixed, path)
    assert (first and first.pattern) == (second and second.pattern)


@given(PATTERNS, PATHS)
def test_case_44_a_line_with_an_invalid_owner_blocks_just_what_its_pattern_matches(
    pattern: str, path: str
) -> None:
    (found,) = owners_for_change(parse(f"{pattern} nobody".encode()), [path])
    assert (found.error is not None) is naive(pattern, path)


@given(PATTERNS, PATHS)
def test_case_44_a_negated_line_blocks_at_least_what_its_pattern_matches(pattern: str, path: str) -> None:
    (found,) = owners_for_change(parse(f"!{pattern} @x".encode()), [path])
    assert found.error is not None or not naive(pattern, path)
