"""Where a `runbook_url` points, and whether the runbook there has its sections (row G8)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from bot.decide import text
from bot.decide.probes.headings import Page, read_page
from bot.decide.probes.patterns import OutsideError, inside
from bot.decide.probes.values import Finding, Kind
from bot.model.probes import Files

SECTIONS = ("Symptoms", "Impact", "Investigation", "Mitigation", "Prevention")
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
_LINES = re.compile(r"L(\d+)(?:C\d+)?(?:-L(\d+)(?:C\d+)?)?")
_README = ("README.md", "readme.md", "Readme.md")
_NOT_RUNBOOKS = frozenset({"readme.md", "index.md", "template.md", "_template.md"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The repository that URLs may point into: host and `owner/name`, both in lower case; None: not known."""

    host: str = "github.com"
    name: str | None = None


@dataclass(slots=True)
class Runbooks:
    """Follows runbook URLs into one repository; every page is read once."""

    files: Files
    home: Home
    _pages: dict[str, Page | bytes | None] = field(default_factory=dict)
    used: dict[tuple[str, str], None] = field(default_factory=dict)
    """The (page, anchor) pairs that URLs led to, in order."""

    def problem(self, url: str, *, folder: str) -> str | None:
        """Why `url`, in a rule file of `folder`, points at nothing in the repository; None when it does not.

        An address elsewhere, or one with a template in it, is taken as it is: nothing is asked of the network.
        """
        if "{{" in url:
            return None
        parts = urlsplit(url.strip())
        if parts.scheme or parts.netloc:
            path = self._own(url.strip())
            return None if path is None else self._there([path], _anchor(parts.fragment))
        path = unquote(parts.path)
        if not path:
            return f"{_shown(url)} names no file; write its path from the repository's root"
        # From the root, as people write them; or else from the rule file.
        folders = [""] if path.startswith("/") else ["", folder]
        seen: list[str] = []
        outside = ""
        for each in folders:
            try:
                seen.append(inside(path.lstrip("/"), folder=each))
            except OutsideError as error:
                outside = str(error)
        return self._there(seen, _anchor(parts.fragment)) if seen else outside

    def _own(self, url: str) -> str | None:
        """The path in this repository that a URL of its host names; None for any other address."""
        parts = urlsplit(url)
        host, pieces = (parts.hostname or "").lower(), unquote(parts.path).strip("/").split("/")
        if self.home.name is None or "/".join(pieces[:2]).lower() != self.home.name.lower():
            return None
        rest = pieces[2:]
        if host == self.home.host and len(rest) >= 3 and rest[0] in ("blob", "tree", "raw", "edit", "blame"):
            return "/".join(rest[2:])
        if host == "raw.githubusercontent.com" and self.home.host == "github.com" and len(rest) >= 2:
            return "/".join(rest[3:] if rest[:2] == ["refs", "heads"] else rest[1:])
        return None

    def _there(self, paths: Sequence[str], anchor: str) -> str | None:
        for path in paths:
            page = self._page(path)
            if page is not None:
                return self._anchored(path, page, anchor)
        return f"there is no {_shown(paths[0])} in the repository; correct the path, or write the runbook"

    def _page(self, path: str) -> Page | bytes | None:
        path = path.rstrip("/")
        if path not in self._pages:
            data = self.files.read(path)
            if data is None:
                names = self.files.entries(path)
                readme = next((name for name in _README if name in names), None)
                data = self.files.read(posixpath.join(path, readme)) if readme else (b"" if names else None)
            is_page = data is not None and (
                path.lower().endswith(_MARKDOWN) or "." not in posixpath.basename(path)
            )
            self._pages[path] = read_page(data) if data is not None and is_page else data
        return self._pages[path]

    def _anchored(self, path: str, page: Page | bytes, anchor: str) -> str | None:
        lines = _LINES.fullmatch(anchor)
        count = page.lines if isinstance(page, Page) else page.count(b"\n") + 1
        if lines:
            last = max(int(each) for each in lines.groups() if each)
            return None if last <= count else f"{_shown(path)} has no line {last}; correct the link"
        if not isinstance(page, Page):
            return None
        wanted = anchor.lower()
        if wanted and wanted not in {each.anchor for each in page.headings}:
            if anchor in page.anchors or anchor.removeprefix("user-content-") in page.anchors:
                wanted = ""
            else:
                near = _near(wanted, [each.anchor for each in page.headings])
                return f"{_shown(path)} has no heading with the anchor #{_shown(anchor)}{near}"
        if path.lower().endswith(_MARKDOWN):
            self.used[(path, wanted)] = None
        return None

    def without_sections(self, folder: str | None) -> Iterator[Finding]:
        """The runbooks that rules point at, and those of `folder`, that leave sections out."""
        pages = dict(self.used)
        for path in self._in(folder):
            if not any(known == path for known, _ in pages):
                self._page(path)
                pages[(path, "")] = None
        for path, anchor in pages:
            page = self._pages[path.rstrip("/")]
            if isinstance(page, Page):
                yield from _missing(path, page, anchor)

    def _in(self, folder: str | None, depth: int = 0) -> Iterator[str]:
        if folder is None or depth > 8:
            return
        for name in self.files.entries(folder):
            path = posixpath.join(folder, name)
            if name.endswith("/"):
                yield from self._in(path.rstrip("/"), depth + 1)
            elif name.lower().endswith(_MARKDOWN) and name.lower() not in _NOT_RUNBOOKS:
                yield path


def _missing(path: str, page: Page, anchor: str) -> Iterator[Finding]:
    wanted = {name.lower() for name in SECTIONS}
    first, end = page.section(anchor) or (1, page.lines + 1)
    title = next((each for each in page.headings if each.line == first), None)
    if anchor and title is not None and title.text.strip().lower() in wanted:
        # The link goes to a section itself: the runbook is what is around it.
        above = [each for each in page.headings if each.line < first and each.level < title.level]
        first, end = (page.section(above[-1].anchor) if above else None) or (1, page.lines + 1)
    there = page.titles(first, end)
    left_out = [name for name in SECTIONS if not any(_is(name.lower(), each) for each in there)]
    if left_out:
        where = f"#{anchor}" if anchor else ""
        message = (
            f"the runbook {_shown(path + where)} has no section {', '.join(left_out)}; add it as a heading"
        )
        yield Finding(kind=Kind.RUNBOOK_SECTIONS, file=path, line=first, message=message)


def _is(section: str, title: str) -> bool:
    return title == section or title.startswith(f"{section} ")


def _anchor(fragment: str) -> str:
    return unquote(fragment)


def _shown(words: str) -> str:
    return text.truncate(text.visible(words), 160, "…")


def _near(wanted: str, anchors: Sequence[str]) -> str:
    """A hint at what may be meant."""
    close = [each for each in anchors if wanted in each or each in wanted][:1] if wanted else []
    return (
        f"; did you mean #{close[0]}?" if close and close[0] else "; correct the link, or write the section"
    )
