"""Other people's words, made safe to show on GitHub (attack case 92).

Titles, branch names, commit messages and reasons are written by people outside. Shown unchanged in a pull
request's body they could mention a team, close an issue, forge one of our hidden markers, load an image or
break a table.
"""

from __future__ import annotations

import re
import unicodedata

_GAP = "\u200b"
"""A zero-width space: GitHub no longer sees a mention, an issue number or a link, and people see no change."""

_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and symbols that show nothing although their category says otherwise."""
_JOINERS = frozenset("\u200c\u200d")
"""Kept between visible characters: Persian, Hindi and emoji need them."""
_SELECTOR = re.compile("[\ufe00-\ufe0e\U000e0100-\U000e01ef]")
"""Choose among a character's shapes and are invisible; only U+FE0F, which emoji need, is kept."""
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+\-!|~$=:^]")
_LIVE = (
    (re.compile("@"), f"@{_GAP}"),
    (re.compile(r"#(?=\w)"), f"#{_GAP}"),
    (re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE), rf"\1-{_GAP}"),
    (re.compile("://"), f":{_GAP}//"),
    (re.compile(r"\b(www)\.", re.IGNORECASE), rf"\1{_GAP}."),
    (re.compile("<!--"), f"<{_GAP}!--"),
)
_MAY_LIVE = re.compile(r"[@#]|://|<!--|GH-|www\.", re.IGNORECASE)
"""Whether one of them may be there at all: most texts hold none."""
_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


def visible(text: str) -> str:
    """One line of what a reader can see: no control characters, direction overrides or invisible characters.

    Line ends and every kind of space become one plain space; nothing is left at either end.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # most texts: nothing to look for, character by character
    kept = "".join(_shown(character) for character in text)
    kept = " ".join(kept.split())
    # A joiner joins two characters; anywhere else it would be invisible text.
    kept = re.sub(r"(?:^|(?<= ))[\u200c\u200d]+|[\u200c\u200d]+(?=[ \u200c\u200d]|$)", "", kept)
    return " ".join(kept.split())


def _shown(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else " "
    if character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category[0] == "Z":
        return " "
    hidden = category[0] == "C" or character in _BLANKS or _SELECTOR.match(character)
    return "" if hidden else character


def has_words(text: str) -> bool:
    """Whether there is at least one letter or digit that a reader can see."""
    return any(character.isalnum() for character in visible(text))


def plain(text: str, limit: int) -> str:
    """For titles and commit messages, where Markdown has no meaning but mentions and closing words do.

    At most `limit` visible characters; the zero-width spaces that are put in come on top.
    """
    shown = truncate(visible(text), limit, "…")
    if not _MAY_LIVE.search(shown):
        return shown
    for pattern, replacement in _LIVE:
        shown = pattern.sub(replacement, shown)
    return shown


def defang(text: str, limit: int) -> str:
    """For Markdown: the same words, one line, with nothing that GitHub would act on. Also fits into a table cell.

    No mention, no issue reference (so no closing keyword), no link or image, no HTML and no hidden marker, no
    formatting. At most `limit` visible characters; what is put in to make it safe comes on top.
    """
    shown = plain(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _MARKDOWN.sub(r"\\\g<0>", shown)
    return _START.sub(r"\1\\\2", escaped, count=1) if _START.match(escaped) else escaped


def code(text: str, *, in_table: bool = False) -> str:
    """As inline code, whatever backticks it holds. In a table cell a `|` needs GitHub's escape: set `in_table`.

    GitHub looks for no mention or issue number in code, but a search for our hidden markers would, so those
    are broken.
    """
    shown = visible(text).replace("<!--", f"<{_GAP}!--")
    if in_table:
        shown = shown.replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    if not shown:
        return "` `"
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def counted(count: int, thing: str) -> str:
    """`1 file`, `1,200 files`: a count that reads well. `thing` takes an s."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def truncate(text: str, limit: int, mark: str) -> str:
    """`text`, or as much of it as fits into `limit` characters together with the visible `mark` that says so."""
    if len(text) <= limit:
        return text
    return text[: max(limit - len(mark), 0)] + mark[:limit]


def fit(text: str, limit: int, mark: str) -> str:
    """As `truncate`, but `limit` counts bytes of UTF-8: what GitHub counts, and a text that was cut again on its way to
    GitHub would look changed in every look."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    return data[: max(limit - len(mark.encode()), 0)].decode("utf-8", "ignore") + mark
