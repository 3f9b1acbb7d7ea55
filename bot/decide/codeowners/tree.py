"""All patterns of a file in one tree, so that a path is walked once whatever the number of rules.

A node stands for the tokens that lead to it, shared by all patterns that begin with them. Names are looked up, and
wildcards are looked up by literal characters that they hold, so most patterns are never tried. Nothing goes back: the
walk keeps the set of nodes that can have been reached, and counts its work against a budget (attack case 46).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.decide.codeowners.glob import Glob
from bot.decide.codeowners.pattern import Pattern, Tail, Token

NONE = -1
"""No pattern matches."""


_NOTHING: dict[Glob, Node] = {}
_KEPT = 100_000
"""Entries, some tens of megabytes."""


class TooMuchWork(Exception):
    """The budget is used up."""


class Work:
    """The budget of one call, in steps of well under a microsecond, and what it found out on the way."""

    __slots__ = ("known", "left")

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.known: dict[tuple[Node, str], list[Node]] = {}
        """What a name led to from a node with wildcards; names repeat within a path and between paths."""

    def spend(self, steps: int) -> None:
        """Raises TooMuchWork when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork

    def steps_from(self, node: Node, name: str) -> list[Node]:
        """The nodes that one segment of a path leads to. Raises TooMuchWork."""
        if not (node.ends or node.runs or node.bare):
            return [node.names[name]] if name in node.names else []
        found = self.known.get((node, name))
        if found is None:
            if len(self.known) >= _KEPT:
                self.known.clear()
            found = self.known[node, name] = node.step(name, self)
        return found


class Node:
    """A place in the tree; the numbers are those of the last pattern that ends here, by its tail."""

    __slots__ = ("bare", "below", "both", "deep", "ends", "file", "names", "runs")

    def __init__(self) -> None:
        self.both = self.below = self.file = NONE
        self.names: dict[str, Node] = {}
        self.ends: dict[tuple[int, int], dict[tuple[str, str], Node]] = {}
        """`prefix*suffix`: by the lengths of the two, then by the two."""
        self.runs: dict[int, dict[str, dict[Glob, Node]]] = {}
        """Other globs: by the length of their longest literal run, then by the run."""
        self.bare: dict[Glob, Node] = {}
        """Globs without any literal character."""
        self.deep: Node | None = None
        """The node behind `**`, which stays reached once it is."""

    def child(self, token: Token) -> Node:
        """The node behind a token, made if it is not there."""
        if isinstance(token, str):
            return self.names.setdefault(token, Node())
        if not isinstance(token, Glob):
            self.deep = self.deep or Node()
            return self.deep
        if token.ends:
            lengths = (len(token.ends[0]), len(token.ends[1]))
            return self.ends.setdefault(lengths, {}).setdefault(token.ends, Node())
        same = self.runs.setdefault(len(token.run), {}).setdefault(token.run, {}) if token.run else self.bare
        return same.setdefault(token, Node())

    def step(self, name: str, work: Work) -> list[Node]:
        """The nodes that one segment of a path leads to."""
        found = [self.names[name]] if name in self.names else []
        work.spend(len(self.ends))
        for (start, end), by_ends in self.ends.items():
            if start + end <= len(name):
                node = by_ends.get((name[:start], name[len(name) - end :]))
                found += [node] if node else []
        for glob, node in self._candidates(name, work):
            work.spend(len(name) + len(glob.atoms))
            if glob.accepts(name):
                found.append(node)
        return found

    def _candidates(self, name: str, work: Work) -> Iterator[tuple[Glob, Node]]:
        """The other globs whose longest literal run is in the name."""
        yield from self.bare.items()
        for length, by_run in self.runs.items():
            count = max(0, len(name) - length + 1)
            work.spend(1 + count)
            for run in {name[place : place + length] for place in range(count)}:
                yield from by_run.get(run, _NOTHING).items()


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
        for left, name in zip(range(len(path) - 1, -1, -1), path, strict=True):
            work.spend(len(now) + len(staying))
            reached = [node for origin in (*now, *staying) for node in work.steps_from(origin, name)]
            work.spend(len(reached))
            for node in reached:
                best = max(best, node.both, node.below if left else node.file)
                if node.deep and node.deep not in entered:
                    entered.add(node.deep)
                    staying.append(node.deep)
            now = reached
        return best
