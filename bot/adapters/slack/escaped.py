"""Other people's words in Slack's text: `&`, `<` and `>` escaped, and cut to a limit that counts what is sent.

Slack reads mentions and links only between `<` and `>` (https://docs.slack.dev/messaging/formatting-message-text), and
with `verbatim` it looks for none in plain words.
"""

from __future__ import annotations

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARK = " …"


def escaped(text: str, limit: int) -> str:
    """`text` escaped, in at most `limit` characters of what is sent; an entity is never cut in two."""
    whole = "".join(_ESCAPES.get(each, each) for each in text)
    if len(whole) <= limit:
        return whole
    kept, length = list[str](), len(_MARK)
    for each in text:
        shown = _ESCAPES.get(each, each)
        if length + len(shown) > limit:
            break
        kept.append(shown)
        length += len(shown)
    return "".join(kept) + _MARK[: max(limit, 0)]


def link(label: str, url: str) -> str:
    """A link whose label is anybody's text; what would end the address early is percent-encoded."""
    safe = url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{safe}|{escaped(label, 150).replace('|', '/')}>"
