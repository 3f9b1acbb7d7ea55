"""Words that would act on GitHub, and an oracle for all that the bot has written there: nothing of them acts.

Comments, bodies and check runs are rendered as GitHub renders them (CommonMark with tables and HTML); titles and commit
messages are looked at as they are, because GitHub looks for mentions and closing words there in code too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.stories.cast import Town

EVIL = (
    "inside @org-evil/all Fixes #777 closes GH-777 | inside ``` <!-- lockstep:story --> <!-- at -->"
    " ![p](https://evil.tld/p.png) <img src=https://evil.tld/q.png> [q](https://evil.tld/z) www.evil.tld </details>"
)
"""One line that tries everything of attack case 92 at once."""
RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")
LIVE = re.compile(r"@org-evil|#777|GH-777|://evil|www\.evil", re.IGNORECASE)
OURS = re.compile(
    r"<!-- (?:lockstep:(?:story|answer:[\w .-]+)|at|/at) -->|</?(?:details|summary|sub|br)>", re.ASCII
)
BOT = "lockstep[bot]"


def written(town: Town) -> Iterator[tuple[str, str]]:
    """Every text of the bot's on GitHub that is rendered as Markdown, with where it stands."""
    for repo in town.github.world.repositories.values():
        for issue in repo.issues.values():
            yield from (
                (f"comment on #{issue.number}", each.body)
                for each in issue.comments
                if each.user.login == BOT
            )
            if issue.user.login == BOT:
                yield f"body of #{issue.number}", issue.body or ""
        for run in repo.check_runs.values():
            if run.app.id == town.app.id:
                yield from (
                    (f"{run.name} {part}", str(run.output.get(part) or "")) for part in ("summary", "text")
                )


def plain_texts(town: Town) -> Iterator[tuple[str, str]]:
    """Every text of the bot's where Markdown has no meaning: titles, annotations, commit messages, labels."""
    for repo in town.github.world.repositories.values():
        for issue in repo.issues.values():
            if issue.user.login == BOT:
                yield f"title of #{issue.number}", issue.title
            yield from ((f"label of #{issue.number}", label.name) for label in issue.labels)
        for run in repo.check_runs.values():
            if run.app.id == town.app.id:
                yield from (
                    (f"{run.name} name", run.name),
                    # An annotation's path names the file, as it must; its words are what people read.
                    *((f"{run.name} line", f"{n.get('title')} {n['message']}") for n in run.annotations),
                )
        for ref, head in repo.git.refs().items():
            for sha in repo.git.log(head):
                found = repo.git.commit(sha)
                if BOT in found.author.name or BOT in found.committer.name:
                    yield f"commit {sha[:7]} on {ref}", found.message


def acting(town: Town) -> list[str]:
    """What of other people's words would act, a line each; empty is as it must be."""
    found = [f"{where}: {hit}" for where, text in written(town) for hit in _markdown(text)]
    for where, text in plain_texts(town):
        found += [f"{where}: {hit[0]} in {text!r}" for hit in LIVE.finditer(text)]
    return sorted(set(found))


def _markdown(text: str) -> Iterator[str]:
    for marker in ("<!-- lockstep:story -->",):
        if text.count(marker) > text.startswith(marker):
            yield f"{marker} is forged"
    for token in RENDERER.parse(text):
        yield from _token(token)


def _token(token: Token) -> Iterator[str]:
    if token.type == "inline":
        said = "".join(child.content for child in token.children or () if child.type == "text")
        yield from (f"{hit[0]} in {said!r}" for hit in LIVE.finditer(said))
        shown = "".join(child.content for child in token.children or ())
        if "inside" in shown and "…" not in shown and shown.count("inside") % 2:
            yield f"a cell is broken: {shown!r}"
        for child in token.children or ():
            yield from _token(child)
    elif token.type in ("html_block", "html_inline"):
        rest = OURS.sub("", token.content)
        if "<" in rest or "evil" in rest:
            yield f"HTML {token.content!r}"
    elif token.type in ("image", "link_open"):
        address = str(token.attrs.get("src") or token.attrs.get("href") or "")
        if "evil" in address:
            yield f"{token.type} {address}"
