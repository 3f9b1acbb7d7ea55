"""Config repositories: rules, CODEOWNERS, protection with our check from our App, teams that can be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.decide.doctor.lines import right, troubled, unused, wrong
from bot.decide.names import summary_check
from bot.model.doctor import Config, Findings, Line, Protection, Trouble

SHOWN = 3
"""Errors of one file that are told; `lockstep check` lists them all."""


def configs(found: Findings) -> list[Line]:
    """The lines of every config repository of every installation that is worked for."""
    if not isinstance(found.installed, tuple):
        return []
    lines: list[Line] = []
    for each in found.installed:
        if each.suspended or not each.allowed:
            continue
        if isinstance(each.configs, Trouble):
            step = "give the App access to the repositories under Settings > GitHub Apps"
            lines.append(troubled(each.account, "config repository", each.configs, step))
        elif not each.configs:
            says = "no repository that the App sees holds promotion/promotion-rules.yaml"
            step = "put the rules there on the default branch, or give the App access to that repository"
            lines.append(wrong(each.account, "config repository", says, step))
        else:
            lines += [line for config in each.configs for line in _config(config, found.app_id)]
            lines += [line for config in each.configs for line in _blocked(config, found.asked)]
    return lines


def _config(config: Config, app_id: int) -> Iterator[Line]:
    yield from _rules(config)
    yield from _owners(config)
    yield from _protection(config, app_id)
    for team, members in sorted(config.teams.items()):
        check = f"team {team}"
        if isinstance(members, Trouble):
            yield troubled(
                config.repository,
                check,
                members,
                "correct its name in the rules, or grant the App members: read",
            )
        elif members == 0:
            yield wrong(
                config.repository, check, "it has no members, so nobody fills the role", "add members to it"
            )
        else:
            yield right(config.repository, check, f"{members} member{'s' if members != 1 else ''}")


def _blocked(config: Config, asked: Collection[str]) -> Iterator[Line]:
    """Whether the repositories of the rules can be reached, and whether the validation's gate is asked at all."""
    for name in config.unseen:
        says = "the rules name it, and the App sees no repository of that name"
        step = "correct it in the rules, or give the App access to it under Settings > GitHub Apps"
        yield wrong(config.repository, f"repository {name}", says, step)
    rules = config.rules.policy.validation if config.rules.policy is not None else None
    for name in rules.blocks if rules is not None else ():
        if name in config.unseen:
            continue
        check, environment = (
            f"deployments of {name}",
            rules.deployment_environment if rules is not None else "",
        )
        if name.lower() in asked:
            yield right(config.repository, check, "GitHub asks before they go on")
        else:
            says = "GitHub has not asked yet whether one may go on, so the validation blocks none"
            step = f"choose Lockstep among the deployment protection rules of its environment {environment}"
            yield unused(config.repository, check, says, step)


def _rules(config: Config) -> Iterator[Line]:
    if config.rules.policy is not None:
        count = len(config.rules.policy.environments)
        says = f"{config.rules.policy.path} is valid, with {count} environment{'s' if count != 1 else ''}"
        yield right(config.repository, "rules", says)
        return
    for error in config.rules.errors[:SHOWN]:
        yield wrong(
            config.repository, "rules", str(error), "`lockstep check` shows every error; mend the file"
        )


def _owners(config: Config) -> Iterator[Line]:
    step = "write .github/CODEOWNERS with an owner of promotion/, or name roles under `owners` in the rules"
    if isinstance(config.owners, Trouble):
        yield troubled(config.repository, "CODEOWNERS", config.owners, "grant the App contents: read")
    elif not config.owners:
        named = config.rules.policy is not None and config.rules.policy.owners
        if named:
            yield right(config.repository, "CODEOWNERS", "none; the rules name roles under `owners`")
        else:
            says = "there is none, so only an admin's review lets a change of the rules pass"
            yield wrong(config.repository, "CODEOWNERS", says, step)
    elif isinstance(config.owner_errors, Trouble):
        yield troubled(config.repository, "CODEOWNERS", config.owner_errors, "look at the file on GitHub")
    elif config.owner_errors:
        line, said = min(config.owner_errors.items())
        says = f"{config.owners}:{line}: {said[0] if said else 'GitHub refuses the line'}"
        yield wrong(config.repository, "CODEOWNERS", says, "correct the line: GitHub ignores it as it stands")
    else:
        yield right(config.repository, "CODEOWNERS", f"{config.owners}, without errors")


def _protection(config: Config, app_id: int) -> Iterator[Line]:
    where = f"{config.repository}'s branch {config.branch}"
    found = config.protection
    if isinstance(found, Trouble):
        yield troubled(
            config.repository, "protected branch", found, "look at Settings > Rules of the repository"
        )
        return
    page = "in a ruleset or branch protection rule (Settings > Rules)"
    if not found.protected:
        yield wrong(
            config.repository,
            "protected branch",
            f"{where} is not protected: anybody may push",
            f"protect it {page}",
        )
        return
    if found.pull_requests:
        yield right(config.repository, "protected branch", f"{where} takes pull requests only")
    elif found.pull_requests is None:
        says = f"{where} is protected; whether it takes pull requests only, classic protection shows to admins alone"
        yield right(config.repository, "protected branch", says)
    else:
        says = f"{where} takes direct pushes"
        yield wrong(config.repository, "protected branch", says, f"require pull requests {page}")
    yield _required(config, found, app_id, page)


def _required(config: Config, found: Protection, app_id: int, page: str) -> Line:
    name = summary_check(config.branch)
    sources = [source for context, source in found.checks if context == name]
    if not sources:
        says = f"the check `{name}` is not required: what Lockstep refuses can be merged"
        return wrong(config.repository, "required check", says, f"require `{name}` from Lockstep {page}")
    if app_id not in sources:
        from_whom = "any source" if None in sources else f"App {sources[0]}"
        says = f"`{name}` is required from {from_whom}: others can write a check of that name"
        return wrong(
            config.repository, "required check", says, f"choose Lockstep as its expected source {page}"
        )
    return right(config.repository, "required check", f"`{name}`, from Lockstep alone")
