"""All patterns of a file in one tree, so that a path is walked once whatever the number of rules.

A node stands for the tokens that lead to it, shared by all patterns that begin with them. Names are looked up, and
wildcards are looked up by the characters they begin and end with, so most patterns are never tried. Nothing goes back:
the walk keeps the set of nodes that can have been reached, and counts its work against a budget (attack case 46).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.decide.codeowners.glob import Glob
from bot.decide.codeowners.pattern import Pattern, Tail, Token

NONE = -1
"""No pattern matches."""


class TooMuchWork(Exception):
    """The budget is used up."""


class Work:
    """A budget of steps; a step takes well under a microsecond."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raises TooMuchWork when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork


Ends = dict[tuple[str, str], dict[Glob, "Node"]]


_NOTHING: dict[Glob, Node] = {}


class Node:
    """A place in the tree; the numbers are those of the last pattern that ends here, by its tail."""

    __slots__ = ("below", "both", "deep", "file", "globs", "names")

    def __init__(self) -> None:
        self.both = self.below = self.file = NONE
        self.names: dict[str, Node] = {}
        self.globs: dict[tuple[int, int], Ends] = {}
        """By the lengths of the literal ends, then by the ends themselves."""
        self.deep: Node | None = None
        """The node behind `**`, which stays reached once it is."""

    def child(self, token: Token) -> Node:
        """The node behind a token, made if it is not there."""
        if isinstance(token, str):
            return self.names.setdefault(token, Node())
        if isinstance(token, Glob):
            ends = self.globs.setdefault((len(token.prefix), len(token.suffix)), {})
            return ends.setdefault((token.prefix, token.suffix), {}).setdefault(token, Node())
        self.deep = self.deep or Node()
        return self.deep

    def step(self, name: str, work: Work) -> list[Node]:
        """The nodes that one segment of a path leads to."""
        found = [self.names[name]] if name in self.names else []
        for (start, end), by_ends in self.globs.items():
            work.spend(1)
            if start + end > len(name):
                continue
            for glob, node in by_ends.get((name[:start], name[len(name) - end :]), _NOTHING).items():
                if not glob.plain:
                    work.spend(len(name) + len(glob.atoms))
                if glob.plain or glob.accepts(name):
                    found.append(node)
        return found


class Tree:
    """Patterns by number; a later number wins."""

    __slots__ = ("_root",)

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self._root = Node()
        for number, pattern in enumerate(patterns):
            self._add(pattern, number)

    def _add(self, pattern: Pattern, number: int) -> None:
        node = self._root
        for token in pattern.tokens:
            node = node.child(token)
        if pattern.tail is Tail.BOTH:
            node.both = number
        elif pattern.tail is Tail.BELOW:
            node.below = number
        else:
            node.file = number

    def last(self, path: Sequence[str], work: Work) -> int:
        """The highest number of a pattern that matches the path's segments, or NONE. Raises TooMuchWork."""
        best = self._root.below
        now = [self._root]
        staying = [self._root.deep] if self._root.deep else []
        entered = set(staying)
        # Nodes behind `**` meet every segment, and names repeat: what they led to is kept for this path.
        known: dict[tuple[Node, str], list[Node]] = {}
        for left, name in zip(range(len(path) - 1, -1, -1), path, strict=True):
            work.spend(len(now) + len(staying))
            reached = [node for origin in now for node in origin.step(name, work)]
            for origin in staying:
                if (origin, name) not in known:
                    known[origin, name] = origin.step(name, work)
                reached += known[origin, name]
            work.spend(len(reached))
            for node in reached:
                best = max(best, node.both, node.below if left else node.file)
                if node.deep and node.deep not in entered:
                    entered.add(node.deep)
                    staying.append(node.deep)
            now = reached
        return best
