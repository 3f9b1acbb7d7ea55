"""Which repositories a token must reach: the config repositories and the sources that their rules list, and those of
its smoke tests, no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.identity import repository_of
from bot.model.facts import Repository
from bot.model.policy import Policy

MOST = 500
"""GitHub takes at most 500 repository ids for one token:
https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app"""


def needed_repositories(
    known: Sequence[Repository],
    configs: Sequence[Repository],
    policies: Mapping[int, Policy],
    pins: Mapping[int, Mapping[str, int]],
) -> tuple[int, ...]:
    """The ids, sorted. As long as the rules of a config repository were not read, all that are known.

    Empty (GitHub's word for all) for an installation that was not discovered yet, and beyond GitHub's limit.
    """
    if any(config.id not in policies for config in configs):
        wanted = {repository.id for repository in known}
    else:
        found = (
            repository_of(source, known, pins.get(config.id, {}))
            for config in configs
            for source in policies[config.id].sources
        )
        wanted = {each.id for each in found if each is not None} | {config.id for config in configs}
        tested = {name.lower() for each in policies.values() for name in _tested(each)}
        wanted |= {each.id for each in known if each.full_name.lower() in tested}
        validated = {name.lower() for each in policies.values() for name in _validated(each)}
        wanted |= {each.id for each in known if each.full_name.lower() in validated}
    return tuple(sorted(wanted)) if len(wanted) <= MOST else ()


def _validated(policy: Policy) -> set[str]:
    """Where the production validation runs, and whose deployments it blocks."""
    rules = policy.validation
    return {rules.repository, *rules.blocks} if rules is not None else set()


def _tested(policy: Policy) -> set[str]:
    """The repositories whose workflows are dispatched as smoke tests."""
    return {
        smoke.repository
        for environment in policy.environments
        for smoke in environment.verify.smoke
        if smoke.repository is not None
    }
