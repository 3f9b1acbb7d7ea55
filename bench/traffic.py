"""People for a measurement: releases, comments, reviews and merges happen; `bench.office` delivers their webhooks."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter

from bot.sandbox.errors import Refused
from bot.sandbox.state import Pull
from tests.stories.cast import Town

COMPONENTS = ("api", "web")


class People:
    """What developers, reviewers and commenters do, by chance but the same for the same seed."""

    def __init__(self, town: Town, seed: int) -> None:
        self._town = town
        self._random = random.Random(seed)
        self.newest: dict[str, str] = {}
        """The digest that each component was last released with."""
        self.acts: Counter[str] = Counter()

    def act(self) -> None:
        """One thing happens. What GitHub refuses at this moment is not done."""
        choices = (self._release, self._comment, self._approve, self._merge)
        chosen = self._random.choices(choices, weights=(5, 2, 2, 2))[0]
        try:
            with self._town.github.world.lock:
                chosen()
        except Refused:
            self.acts["refused"] += 1

    def release(self, components: tuple[str, ...] = COMPONENTS) -> None:
        """CI finishes a build of these components."""
        town = self._town
        town.number += 1
        files = {"VERSION": f"{town.number}\n"}
        sha = town.github.push("splattop/app", "main", files, by="dev", message="Ship it")
        run = town.started(sha)
        made = {
            name: "sha256:" + hashlib.sha256(f"{name} {town.number}".encode()).hexdigest()
            for name in components
        }
        tags = {
            name: {"tag": f"{town.number}.0.0", "sha": sha[:7], "digest": digest}
            for name, digest in made.items()
        }
        town.finished(run, artifact={"component-tags.json": json.dumps(tags).encode()})
        self.newest |= made
        self.acts["releases"] += 1

    def _release(self) -> None:
        self.release(self._random.choice((COMPONENTS, ("api",), ("web",))))

    def _comment(self) -> None:
        found = self._town.pulls("all")
        if found:
            said = self._random.choice(("/help", "/promote staging", "Looks good.", "/promote"))
            who = self._random.choice(("ana", "ana", "ben"))
            self._town.github.comment(self._random.choice(found[-6:]), who, said)
            self.acts["comments"] += 1

    def _staging(self) -> Pull | None:
        return next((each for each in self._town.pulls() if "/staging/" in each.head_ref), None)

    def _approve(self) -> None:
        if found := self._staging():
            self._town.github.review(found, "ana")
            self.acts["reviews"] += 1

    def _merge(self) -> None:
        if found := self._staging():
            self._town.github.merge(found, "ana")
            self.acts["merges"] += 1
