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
    prefix: str
    """The literal characters before the first wildcard."""
    suffix: str
    """The literal characters after the last wildcard."""
    plain: bool
    """True for `prefix*suffix`: the two ends decide, if they do not overlap."""

    @classmethod
    def of(cls, atoms: tuple[str, ...]) -> Glob:
        """The glob of these atoms; at least one is a wildcard."""
        wild = [place for place, atom in enumerate(atoms) if atom in (ANY, STAR)]
        return cls(
            atoms=atoms,
            prefix="".join(atoms[: wild[0]]),
            suffix="".join(atoms[wild[-1] + 1 :]),
            plain=len(wild) == 1 and atoms[wild[0]] == STAR,
        )

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
