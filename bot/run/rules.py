"""The rules that count: those on the default branch, read together with the facts they are applied to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.decide.bundle_promotion import SOURCE
from bot.decide.hotfix import takes_hotfixes
from bot.decide.names import branch_name, hotfix_branch
from bot.errors import Stale
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.snapshot import EnvironmentSnapshot, PolicyResult, RulesFile
from bot.model.subject import repository
from bot.run import notify
from bot.run.house import House, is_news, note, whole

ROUNDS = 3
"""How often the rules may name files that were not asked for, before the repository counts as moving."""


def read(
    house: House, repository_id: int, files: Mapping[str, RepositoryFile | Unknown], sha: str
) -> PolicyResult:
    """The policy that stands in a snapshot's files."""
    there = {
        path: found.data
        for path in house.rules_paths
        if isinstance(found := files.get(path), RepositoryFile) and found.is_regular
    }
    return _remembered(house, repository_id, house.load_policy(there, sha))


def of(house: House, rules: RulesFile) -> PolicyResult:
    """The policy of a config repository's rules file."""
    return _remembered(house, rules.repository.id, house.load_policy(rules.files, rules.head_sha))


@whole
def note_errors(
    house: House, installation_id: int, rules: RulesFile, result: PolicyResult, delivery_id: str | None
) -> None:
    """One ledger row of the config repository for rules that cannot be read, whichever look meets them first (attack
    case 49). Rules that can be read end the matter."""
    subject = repository(installation_id, rules.repository.id)
    first = "" if result.policy is not None else error_of(result)
    if is_news(house, subject, "rules", first):
        note(
            house, subject, "rules_invalid", "refused", first, head_sha=rules.head_sha, delivery_id=delivery_id,
            once=f"rules_invalid {rules.repository.id} {rules.head_sha}",
        )  # fmt: skip


def error_of(result: PolicyResult) -> str:
    """The first thing that is wrong with rules that cannot be read."""
    return str(result.errors[0]) if result.errors else "no rules file"


def environment_snapshot(
    house: House,
    github: GitHub,
    repository: Repository,
    name: str,
    histories: Sequence[tuple[str, str]] = (),
    also: Collection[str] = (),
) -> tuple[EnvironmentSnapshot, PolicyResult]:
    """Facts of an environment and the rules of the same moment; one question when the rules name the same files.

    `also` are branches beside those of the sources, such as rollbacks'.
    """
    policy = house.last_policy.get(repository.id)
    for _ in range(ROUNDS):
        files, branches = _files(house, policy), _branches(policy, name) | set(also)
        snapshot = github.environment(repository, files=files, branches=branches, histories=histories)
        result = read(house, repository.id, snapshot.files, snapshot.base_sha)
        if result.policy is None:
            return snapshot, result
        if _files(house, result.policy) <= files and _branches(result.policy, name) <= branches:
            return snapshot, result
        policy = result.policy
    raise Stale(f"the rules of {repository.full_name} changed while they were read")


def _remembered(house: House, repository_id: int, result: PolicyResult) -> PolicyResult:
    if result.policy is not None:
        house.last_policy[repository_id] = result.policy
        notify.keep_plan(house, repository_id, result.policy)
    return result


def _files(house: House, policy: Policy | None) -> set[str]:
    environments = policy.environments if policy else ()
    return {*house.rules_paths, *(values.file for each in environments for values in each.values)}


def _branches(policy: Policy | None, name: str) -> set[str]:
    if policy is None:
        return set()
    bundled = policy.alerts is not None and name in policy.alerts.bundles
    sources = {source.name for source in policy.sources} | ({SOURCE} if bundled else set())
    into = policy.environment(name)
    apart = (
        {hotfix_branch(name, each.name) for each in policy.sources}
        if into and takes_hotfixes(into)
        else set()
    )
    return {branch_name(name, source) for source in sources} | apart
