"""What stories about hotfixes share: rules with a production behind staging, a fix on a branch, its way there."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model.hotfix import Debt
from bot.sandbox.entities import Issue
from bot.sandbox.gitstore import person_of
from bot.sandbox.state import Pull, WorkflowRun
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town

FILE = "promotion/promotion-rules.yaml"
PRODUCTION = """\
  production:
    from: staging
    values: [{file: helm/values-production.yaml, path: "{component}.image"}]
    merge: approved
    concurrency: pinned
    required_checks: [helm-lint]
    gates: {tests: off, coverage: off, security: off, quality: off, slo: off, error_budget: off, canary: off,
            critical_alerts: off, stability: off, image: off}
    approvals: [{role: platform, count: 1}]
    soak: 24h
    hotfix: {from: staging, skip_gates: [soak], confirm: true, role: oncall}
"""
STAGING = "    hotfix: {entrance: true, confirm: false, role: oncall, skip_gates: [coverage]}\n"
WITH_HOTFIXES = RULES.replace(
    "    artifact: component-tags\n", '    artifact: component-tags\n    hotfix_branches: ["hotfix/**"]\n'
).replace("roles:\n", "roles:\n  oncall: {teams: [splattop/oncall]}\n")


def equip(
    bot: Bot, town: Town, *, staging: str = STAGING, production: str = PRODUCTION, top: str = ""
) -> None:
    """The rules know hotfixes; cho may write, and dan is on call."""
    for login in ("cho", "dan"):
        town.github.user(login)
        town.github.grant(login, "splattop/config", "write")
    town.github.team("splattop/oncall", members=["dan"])
    files = {FILE: WITH_HOTFIXES + staging + production + top, "helm/values-production.yaml": values()}
    town.github.push("splattop/config", "main", files, by="ana")
    bot.settles().waits(60)


def fix(
    town: Town,
    branch: str = "hotfix/login",
    *,
    onto: str | None = None,
    conclusion: str = "success",
    artifact: Mapping[str, bytes] | bytes | None = None,
    **components: str,
) -> WorkflowRun:
    """CI finishes on one more commit of a hotfix branch, which is cut from main, or from `onto`, when it is new."""
    town.number += 1
    sha = town.github.push(
        "splattop/app", branch, {"FIX": f"{town.number}\n"}, by="dev", message="Mend the login", parent=onto
    )
    run = town.github.start_run(
        "splattop/app", ".github/workflows/build.yml", name="build", branch=branch, sha=sha, by="dev"
    )
    return town.finished(run, conclusion=conclusion, artifact=artifact, **components)


def hotfixes(town: Town, state: str = "open") -> list[Pull]:
    """The pull requests of hotfixes."""
    return [each for each in town.pulls(state) if "/hotfix+" in each.head_ref]


def hotfix(town: Town, environment: str = "staging", state: str = "open") -> Pull:
    """The one to an environment."""
    found = [each for each in hotfixes(town, state) if each.head_ref.startswith(f"lockstep/{environment}/")]
    assert len(found) == 1, [each.title for each in town.pulls(state)]
    return found[0]


def ordinary(town: Town, environment: str = "staging", state: str = "open") -> list[Pull]:
    """The ordinary promotions to an environment."""
    return [
        each
        for each in town.pulls(state)
        if each.head_ref.startswith(f"lockstep/{environment}/") and "+" not in each.head_ref
    ]


def approves(bot: Bot, town: Town, pull: Pull, login: str = "ana") -> Pull:
    """An approving review of what stands there now."""
    town.github.advance(5)
    town.github.review(pull, login)
    bot.settles()
    return pull


def debts(bot: Bot, town: Town) -> tuple[Debt, ...]:
    """What is owed now."""
    return bot.store.debts.active(town.github.repo("splattop/config").id)


def postmortems(town: Town) -> list[Issue]:
    """The issues that hotfixes are written up in."""
    found = town.github.repo("splattop/config").issues.values()
    return [each for each in found if "lockstep:postmortem" in [label.name for label in each.labels]]


def merge_back(town: Town, branch: str = "hotfix/login") -> str:
    """The fix's branch is merged into main of the app repository; the merge commit."""
    git = town.github.repo("splattop/app").git
    main, fixed = str(git.ref("heads/main")), str(git.ref(f"heads/{branch}"))
    merged = git.merge(main, fixed)
    assert merged.tree is not None, merged.conflicts
    who = person_of(git.commit(main).author)
    sha = git.write_commit(merged.tree, [main, fixed], f"Merge {branch}", who, who)
    town.github.point("splattop/app", "main", sha, by="dev")
    return sha
