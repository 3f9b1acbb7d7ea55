"""One path segment's wildcards, matched by following every place in the pattern at once (attack case 46)."""

from __future__ import annotations

from dataclasses import dataclass

ANY = "any one character"
"""The atom of `?`."""
STAR = "any run of characters, also none"
"""The atom of `*`. Both are longer than one character, so that they differ from every literal atom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glob:
    """A segment with wildcards: atoms are single characters, `ANY` or `STAR`, never two `STAR` in a row."""

    atoms: tuple[str, ...]
    ends: tuple[str, str] | None
    """For `prefix*suffix` the two: they decide, if they do not overlap. None for every other glob."""
    run: str
    """The longest run of literal characters: whatever matches holds it. Empty if there is none."""

    @classmethod
    def of(cls, atoms: tuple[str, ...]) -> Glob:
        """The glob of these atoms; at least one is a wildcard."""
        runs = [""]
        for atom in atoms:
            if atom in (ANY, STAR):
                runs.append("")
            else:
                runs[-1] += atom
        plain = len(runs) == 2 and STAR in atoms
        return cls(atoms=atoms, ends=(runs[0], runs[1]) if plain else None, run=max(runs, key=len))

    def accepts(self, segment: str) -> bool:
        """Whether the whole segment matches. Time: its length times the pattern's length in machine words.

        Bit i of `places` says that the first i characters of the pattern (stars not counted) can have been read, so
        each character of the segment costs the same few operations on one integer, however many stars there are.
        """
        steps, stays, final = self._bits()
        anywhere = steps[ANY]
        places = 1
        for character in segment:
            places = ((places << 1) & (steps.get(character, 0) | anywhere)) | (places & stays)
            if not places:
                return False
        return bool(places >> final & 1)

    def _bits(self) -> tuple[dict[str, int], int, int]:
        """Per character the places it leads to; the places that a star lets stay; the last place."""
        steps: dict[str, int] = {ANY: 0}
        stays = place = 0
        for atom in self.atoms:
            if atom == STAR:
                stays |= 1 << place
            else:
                place += 1
                steps[atom] = steps.get(atom, 0) | 1 << place
        return steps, stays, place
