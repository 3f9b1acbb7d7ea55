"""What an environment should run next: accepted releases at the entrance, the environment before it elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.decide.content import Files, Problem, images_now
from bot.model.image import ComponentTag, Image
from bot.model.policy import Environment, Source
from bot.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One component's next image, and the release that it came with."""

    component: str
    image: Image
    tag: ComponentTag
    release: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What to move to, and what is left out with the reason."""

    targets: Mapping[str, Target]
    left_out: Mapping[str, str]
    vetoed: Mapping[str, str] = field(default_factory=dict)
    """Those of `left_out` that a veto keeps out (attack case 87)."""

    @property
    def images(self) -> Mapping[str, Image]:
        """Component to image."""
        return {name: target.image for name, target in self.targets.items()}

    @property
    def tags(self) -> Mapping[str, ComponentTag]:
        """Component to tag, commit and digest."""
        return {name: target.tag for name, target in self.targets.items()}

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases that take part, newest first, each once."""
        found = {target.release.id: target.release for target in self.targets.values()}
        return tuple(sorted(found.values(), key=lambda release: release.order, reverse=True))

    def without(self, components: Iterable[str]) -> Targets:
        """All but these components; what is left out stays so."""
        names = set(components)
        kept = {name: target for name, target in self.targets.items() if name not in names}
        return Targets(targets=kept, left_out=self.left_out)

    def only(self, components: Iterable[str]) -> Targets:
        """These components alone."""
        names = set(components)
        return Targets(
            targets={name: target for name, target in self.targets.items() if name in names},
            left_out={name: why for name, why in self.left_out.items() if name in names},
        )


def from_releases(source: Source, pending: Sequence[Release]) -> Targets:
    """At the entrance: for each component the newest pending release that brings it.

    CI may build only the affected services, so two releases that follow each other can bring different components;
    both must arrive. A component that the rules no longer give to this source is left out.
    """
    targets: dict[str, Target] = {}
    left_out: dict[str, str] = {}
    for release in sorted(pending, key=lambda release: release.order):
        for name, tag in release.components.items():
            if name not in source.components:
                left_out[name] = f"the rules no longer list {name} under {source.repository}"
                continue
            targets[name] = _target(source, name, tag, release)
    return Targets(targets=targets, left_out=left_out)


def from_environment(
    source: Source, before: Environment, files: Files, known: Mapping[str, Release]
) -> Targets | Problem:
    """Behind the entrance: what `before` runs by the default branch's values files (attack case 42).

    `known` maps digests to the accepted release that brought them. A digest that no accepted release handed over is
    left out: what cannot be traced is not promoted.
    """
    images = images_now(before, tuple(source.components), files)
    if isinstance(images, Problem):
        return images
    targets: dict[str, Target] = {}
    left_out: dict[str, str] = {}
    for name, image in images.items():
        release = known.get(image.digest or "")
        if image.digest is None:
            left_out[name] = f"{before.name} runs {name} without a digest"
        elif release is None or name not in release.components:
            left_out[name] = (
                f"no accepted release handed over {name} {image.digest}, which {before.name} runs"
            )
        else:
            # The tag travels as it stands in the environment before: people compare the two files.
            tag = release.components[name]
            targets[name] = _target(source, name, replace(tag, tag=image.tag or tag.tag), release)
    return Targets(targets=targets, left_out=left_out)


def going_back(
    targets: Targets, now: Mapping[str, str | None], known: Mapping[str, Release]
) -> Mapping[str, str]:
    """Components that would go to an older release than the one running, with the reason (attack case 42).

    `now` maps a component to the digest that runs in the target environment.
    """
    backwards: dict[str, str] = {}
    for name, target in targets.targets.items():
        running = known.get(now.get(name) or "")
        if running is None or running.source_repository_id != target.release.source_repository_id:
            continue
        if running.order > target.release.order:
            backwards[name] = (
                f"{name} would go back from {running.id} to the older {target.release.id}; "
                "only a rollback goes back"
            )
    return backwards


def _target(source: Source, name: str, tag: ComponentTag, release: Release) -> Target:
    image = Image(repository=source.components[name], tag=tag.tag, digest=tag.digest)
    return Target(component=name, image=image, tag=tag, release=release)
