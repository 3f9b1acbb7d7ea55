"""After the merge: Argo CD brings it to the cluster, and Lockstep stays until it is there, or says why not (row R5)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from bot.errors import Retryable
from bot.model.rollback import RollbackState
from bot.sandbox.argocd import Application, ArgoCD
from bot.sandbox.state import Pull
from tests.adapters.argocd.shapes import APPLICATION, problems
from tests.stories.cast import Bot, Town
from tests.stories.deploying import (
    FAILED,
    LIVE,
    demand,
    deployment,
    equip,
    image,
    merged,
    mirrored,
    rolls_out,
    stands,
    states,
    story,
)
from tests.stories.test_overrides import answers, says

AUTO = "argocd: {application: splattop-dev, sync: auto}"
CONFIRM = "argocd: {application: splattop-dev, sync: confirm}"
OFF = "argocd: {application: splattop-dev}"


@pytest.fixture
def argocd(town: Town) -> Iterator[ArgoCD]:
    """A local Argo CD with the story's clock, held to the shapes of the real one."""
    with ArgoCD.start(clock=town.github.world.clock.now) as running:
        yield running
    assert [
        p
        for each in running.asked
        if each.answer and each.status == 200
        for p in problems(each.answer, APPLICATION)
    ] == []


@pytest.fixture
def app(bot: Bot, argocd: ArgoCD) -> Application:
    """dev runs in the application `splattop-dev`; the old api runs there, Healthy since long ago."""
    equip(bot, argocd_server=argocd.url, argocd_auth_token=argocd.token)
    made = argocd.application("splattop-dev")
    argocd.deploys(made, "0" * 40, [image(letter="0")])
    return made


def released(bot: Bot, town: Town, keys: str, **components: str) -> Pull:
    """A release was merged into dev, which is watched as `keys` say."""
    demand(town, keys)
    bot.settles().sweeps()  # which reports that somebody pushed the rules directly
    town.github.advance(60)
    town.release(**(components or {"api": "a"}))
    bot.settles()
    return merged(town)


def syncs(argocd: ArgoCD) -> int:
    return len([each for each in argocd.asked if each.method == "POST" and each.status == 200])


def test_an_automatic_sync_goes_from_the_merge_to_live(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    rolls_out(argocd)
    pull = released(bot, town, AUTO)
    assert states(bot, pull) == ["opened", "merged", "syncing", "verifying", "live"]
    assert syncs(argocd) == 1
    assert argocd.asked[-1].path.endswith("/splattop-dev")
    assert "**live**" in story(pull)
    assert "is Synced and Healthy at" in story(pull)
    assert mirrored(town) == [("dev", (pull.merge_commit_sha or "")[:7], ["success"])]
    with town.expect_no_writes():
        bot.sweeps()
        bot.waits(3600)


def test_a_rollout_that_takes_time_is_followed_step_by_step(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, AUTO)
    assert stands(bot, pull) == "syncing"
    assert mirrored(town)[0][2] == ["in_progress"]
    argocd.finishes(app, [image(letter="0"), image()])
    argocd.becomes(app, "Progressing")
    bot.waits(31)
    assert stands(bot, pull) == "syncing"
    argocd.becomes(app, "Healthy")
    bot.waits(31)
    assert stands(bot, pull) == "syncing"
    assert "still runs api sha256:000000000000 as well" in deployment(bot, pull).findings[0]
    app.images = [image()]
    bot.waits(31)
    assert stands(bot, pull) == LIVE
    assert mirrored(town)[0][2] == ["in_progress", "success"]


def test_a_confirmed_sync_waits_for_a_persons_word(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    rolls_out(argocd)
    pull = released(bot, town, CONFIRM)
    assert stands(bot, pull) == "merged"
    assert "waits for a person's `/sync`" in story(pull)
    assert mirrored(town)[0][2] == ["queued"]
    bot.waits(7200)
    assert (stands(bot, pull), syncs(argocd)) == ("merged", 0)
    answer = says(bot, town, pull, "ana", "/sync")
    assert "`splattop-dev` will be synced at" in answer
    assert (stands(bot, pull), syncs(argocd)) == (LIVE, 1)
    assert ("done", "ana has write permission") in bot.ledger("command_sync")
    with town.expect_no_writes():
        bot.sweeps()


def deployment_check(town: Town, pull: Pull) -> Any:
    found = [
        each
        for each in town.github.repo("splattop/config").check_runs.values()
        if each.head_sha == pull.head_sha and each.name == "lockstep: main / deployment"
    ]
    return found[-1] if found else None


def test_a_confirmed_sync_may_be_said_by_the_button(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    rolls_out(argocd)
    pull = released(bot, town, CONFIRM)
    check = deployment_check(town, pull)
    assert (check.conclusion, check.output["title"]) == ("action_required", "Waits for a person's yes")
    town.github.press(check, f"sync:{pull.number}", by="ana")
    bot.settles()
    assert stands(bot, pull) == LIVE
    assert ("done", "ana has write permission") in bot.ledger("command_sync")
    assert deployment_check(town, pull).conclusion == "success"
    with town.expect_no_writes():
        bot.sweeps()


def test_a_failed_deployment_is_tried_again_by_the_button(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    argocd.rollout = lambda there, _revision: argocd.fails(there, "no quota")
    pull = released(bot, town, AUTO)
    check = deployment_check(town, pull)
    assert (stands(bot, pull), check.conclusion) == (FAILED, "failure")
    rolls_out(argocd)
    town.github.advance(1)  # Argo CD tells one sync from another by the second in which it began
    town.github.press(check, f"sync:{pull.number}", by="ana")
    bot.settles()
    assert stands(bot, pull) == LIVE


def test_only_who_may_write_says_sync(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    pull = released(bot, town, CONFIRM)
    assert "`/sync` needs write permission" in says(bot, town, pull, "ben", "/sync")
    assert (stands(bot, pull), syncs(argocd)) == ("merged", 0)


def test_off_only_watches(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    pull = released(bot, town, OFF)
    assert stands(bot, pull) == "syncing"
    assert "so Lockstep only watches" in says(bot, town, pull, "ana", "/sync")
    argocd.deploys(app, pull.merge_commit_sha or "", [image()])
    bot.waits(31)
    assert (stands(bot, pull), syncs(argocd)) == (LIVE, 0)


def test_a_healthy_left_over_from_before_is_not_believed(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    argocd.deploys(app, "0" * 40, [image()])
    pull = released(bot, town, OFF)
    assert stands(bot, pull) == "syncing"
    app.revisions = [pull.merge_commit_sha or ""]
    bot.waits(31)
    assert stands(bot, pull) == "syncing"
    assert "no sync has ended since the merge" in deployment(bot, pull).findings[0]


def test_a_later_commit_of_another_environment_counts_as_the_merge(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, OFF)
    later = town.github.push("splattop/config", "main", {"README.md": "later\n"}, by="ana")
    argocd.deploys(app, later, [image()])
    bot.waits(31)
    assert stands(bot, pull) == LIVE


def test_an_application_that_syncs_by_itself_is_only_looked_at(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    app.automated = True
    pull = released(bot, town, AUTO)
    assert (stands(bot, pull), syncs(argocd)) == ("syncing", 0)
    argocd.deploys(app, pull.merge_commit_sha or "", [image()])
    bot.waits(31)
    assert stands(bot, pull) == LIVE


def fails_to_sync(argocd: ArgoCD, app: Application, _sha: str) -> None:
    argocd.fails(app, "one or more objects failed to apply: admission webhook denied it")


def is_degraded(argocd: ArgoCD, app: Application, _sha: str) -> None:
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Degraded", "Deployment exceeded its progress deadline")


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (
            fails_to_sync,
            "the sync failed (`one or more objects failed to apply: admission webhook denied it`)",
        ),
        (is_degraded, "is Degraded (`Deployment exceeded its progress deadline`)"),
    ],
)
def test_what_cannot_get_better_fails_at_once(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, happens, sentence: str
):
    pull = released(bot, town, AUTO)
    town.github.advance(5)
    happens(argocd, app, pull.merge_commit_sha or "")
    bot.waits(31)
    assert stands(bot, pull) == FAILED
    assert sentence in deployment(bot, pull).findings[0]
    assert sentence in story(pull)
    assert mirrored(town)[0][2] == ["in_progress", "failure"]
    assert bot.ledger("deployment")[-1][0] == "failed"
    with town.expect_no_writes():
        bot.sweeps()
        bot.waits(3600)


def progresses(argocd: ArgoCD, app: Application, sha: str) -> None:
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Progressing")


def is_missing(argocd: ArgoCD, app: Application, sha: str) -> None:
    argocd.finishes(app, [])
    argocd.becomes(app, "Missing")


def is_suspended(argocd: ArgoCD, app: Application, sha: str) -> None:
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Suspended")


def keeps_the_old(argocd: ArgoCD, app: Application, sha: str) -> None:
    argocd.finishes(app, [image(letter="0")])


def drifts(argocd: ArgoCD, app: Application, sha: str) -> None:
    argocd.finishes(app, [image()])
    app.sync = "OutOfSync"


def goes_on(argocd: ArgoCD, app: Application, sha: str) -> None:
    """The sync does not end."""


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (progresses, "is Progressing; that is over the 15 min"),
        (is_missing, "is Missing; that is over"),
        (is_suspended, "it goes on when somebody resumes it; that is over"),
        (keeps_the_old, "does not run api sha256:aaaaaaaaaaaa; that is over"),
        (drifts, "is OutOfSync after its sync"),
        (goes_on, "is being synced since"),
    ],
)
def test_what_may_get_better_has_its_time_and_then_fails(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, happens, sentence: str
):
    pull = released(bot, town, AUTO)
    happens(argocd, app, pull.merge_commit_sha or "")
    bot.waits(14 * 60)
    assert stands(bot, pull) == "syncing"
    bot.waits(61)
    assert stands(bot, pull) == FAILED
    assert sentence in story(pull)


def test_a_revision_that_argo_cd_never_sees_fails_in_the_end(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, OFF)
    assert "has not seen" in deployment(bot, pull).findings[0]
    bot.waits(15 * 60 + 1)
    assert stands(bot, pull) == FAILED
    assert f"has not seen {(pull.merge_commit_sha or '')[:7]} yet: Argo CD compared it with 0000000" in story(
        pull
    )


@pytest.mark.parametrize(
    ("change", "says_why"),
    [
        ({"answers": (503, b"{}")}, "Argo CD answered with status 503"),
        ({"token": "another"}, "Argo CD does not accept ARGOCD_AUTH_TOKEN (401)"),
    ],
)
def test_an_argo_cd_that_does_not_answer_fails_nothing_and_is_waited_for(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, change: dict[str, object], says_why: str
):
    kept = {name: getattr(argocd, name) for name in change}
    for name, value in change.items():
        setattr(argocd, name, value)
    pull = released(bot, town, AUTO)
    for _ in range(20):
        bot.waits(121)
    assert stands(bot, pull) in ("merged", "syncing")
    assert says_why in story(pull)
    for name, value in kept.items():
        setattr(argocd, name, value)
    rolls_out(argocd)
    bot.waits(121)
    assert stands(bot, pull) == LIVE


def test_a_sync_that_argo_cd_refuses_fails_with_its_words(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    argocd.window_closed = True
    pull = released(bot, town, AUTO)
    assert stands(bot, pull) == FAILED
    assert "cannot sync: blocked by sync window" in story(pull)


def test_a_failed_deployment_is_tried_again_on_a_persons_word(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    argocd.window_closed = True
    pull = released(bot, town, AUTO)
    argocd.window_closed = False
    rolls_out(argocd)
    says(bot, town, pull, "ana", "/sync")
    assert stands(bot, pull) == LIVE
    assert mirrored(town)[0][2][-1] == "success"


def test_a_later_merge_takes_the_place_of_one_that_is_not_there_yet(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    first = released(bot, town, OFF)
    town.github.advance(5)
    town.release(api="b")
    bot.settles()
    second = next(each for each in town.pulls("merged") if each is not first)
    argocd.deploys(app, second.merge_commit_sha or "", [image(letter="b")])
    bot.waits(31)
    assert (stands(bot, first), stands(bot, second)) == ("superseded", LIVE)
    assert f"#{second.number} changed its components again" in story(first)


def test_several_applications_must_all_be_there(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    web = argocd.application("web", namespace="team", project="splat")
    both = (
        "argocd: [{application: splattop-dev, components: [api]},"
        " {application: web, namespace: team, project: splat, components: [web]}]"
    )
    pull = released(bot, town, both, api="a", web="b")
    argocd.deploys(app, pull.merge_commit_sha or "", [image()])
    bot.waits(31)
    assert stands(bot, pull) == "syncing"
    argocd.deploys(web, pull.merge_commit_sha or "", [image("web", "b")])
    bot.waits(31)
    assert stands(bot, pull) == LIVE


def test_a_component_that_no_application_names_is_not_told_to_be_proven(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, "argocd: [{application: splattop-dev, components: [api]}]", web="b")
    assert stands(bot, pull) == LIVE
    assert deployment(bot, pull).transitions[-1].why.startswith("nothing is watched here")
    assert (mirrored(town), story(pull)) == ([], "")
    argocd.deploys(app, pull.merge_commit_sha or "", [image()])
    town.release(web="c")
    bot.settles().waits(300)
    second = next(each for each in town.pulls("merged") if each is not pull)
    town.github.comment(second, "ana", "/rollback reason: it is broken")
    bot.settles()
    (kept,) = bot.store.rollbacks.of(pull.repo.id, "dev")
    assert (kept.state, kept.healthy_at) == (RollbackState.UNWATCHED, None)


def test_nothing_is_mirrored_or_told_where_nothing_is_watched(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    assert stands(bot, merged(town)) == LIVE
    assert mirrored(town) == []
    assert answers(merged(town)) == []
    assert story(merged(town)) == ""


def test_what_failed_where_it_comes_from_goes_no_further_until_it_is_mended(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    argocd.window_closed = True
    pull = released(bot, town, AUTO)
    staging = town.pull("staging")
    town.github.review(staging, "ana")
    bot.settles()
    assert (stands(bot, pull), staging.merged) == (FAILED, False)
    assert town.check(staging) == ("completed", "failure")
    assert (
        f"In dev, #{pull.number} is failed; `/sync` on #{pull.number} tries it again"
        in (town.checks(staging)["lockstep: main"].output["title"])
    )
    argocd.window_closed = False
    rolls_out(argocd)
    town.github.advance(5)
    says(bot, town, pull, "ana", "/sync")
    assert (stands(bot, pull), staging.merged) == (LIVE, True)


def test_one_sync_is_one_try_though_the_worker_dies_before_its_answer_and_it_fails_again(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, monkeypatch: pytest.MonkeyPatch
):
    argocd.window_closed = True
    pull = released(bot, town, AUTO)
    assert stands(bot, pull) == FAILED
    obeying = importlib.import_module("bot.run.commands.obey")
    answers_it, deaths = obeying._reply, [True]

    def dies_once(*args: Any) -> None:
        if deaths and deaths.pop():
            raise Retryable("the worker died before it answered")
        answers_it(*args)

    monkeypatch.setattr(obeying, "_reply", dies_once)
    town.github.advance(5)
    town.github.comment(pull, "ana", "/sync")
    bot.settles()
    for _ in range(4):
        bot.waits(10)
    assert deaths == []
    assert states(bot, pull).count(FAILED) == 2


def test_a_rollback_is_a_deployment_that_takes_back_what_it_undoes(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    rolls_out(argocd)
    first = released(bot, town, AUTO)
    rolls_out(argocd, "b")
    town.github.advance(60)
    town.release(api="b")
    bot.settles()
    second = next(each for each in town.pulls("merged") if each.number not in (first.number,))
    assert stands(bot, second) == LIVE
    rolls_out(argocd)
    town.github.advance(5)
    town.github.comment(second, "ana", "/rollback reason: it is broken")
    bot.settles()
    back = next(each for each in town.pulls("all") if each.title.startswith("Roll back"))
    if not back.merged:
        town.github.merge(back, by="ana")
        bot.settles()
    assert (stands(bot, back), stands(bot, second), stands(bot, first)) == (LIVE, "rolled back", LIVE)
    assert deployment(bot, back).reverts == second.number
    (kept,) = bot.store.rollbacks.of(back.repo.id, "dev")
    assert kept.healthy_at is not None
    assert [each[2][-1] for each in mirrored(town)] == ["inactive", "inactive", "success"]


def partly_back(bot: Bot, town: Town, pull: Pull) -> Pull:
    """api alone goes back by a rollback that dev merges by itself."""
    town.github.advance(5)
    town.github.comment(pull, "ana", "/rollback api reason: it is broken")
    bot.settles()
    back = next(each for each in town.pulls("all") if each.title.startswith("Roll back"))
    assert (back.title, back.merged) == ("Roll back api to 7.0.0 in dev", True)
    return back


def shipped(bot: Bot, town: Town, argocd: ArgoCD, app: Application, **components: str) -> tuple[Pull, Pull]:
    """dev has run one release of api and web; the pull requests of that one and of the next, which is on its way."""
    first = released(bot, town, AUTO, api="a", web="c")
    argocd.deploys(app, first.merge_commit_sha or "", [image(), image("web", "c")])
    bot.waits(60)
    assert stands(bot, first) == LIVE
    town.release(**components)
    bot.settles()
    return first, next(each for each in town.pulls("merged") if each is not first)


def test_what_is_still_on_its_way_may_be_rolled_back(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    _, second = shipped(bot, town, argocd, app, api="b")
    assert stands(bot, second) == "syncing"
    back = partly_back(bot, town, second)
    argocd.finishes(app, [])
    argocd.deploys(app, back.merge_commit_sha or "", [image(), image("web", "c")])
    bot.waits(60)
    assert (stands(bot, back), stands(bot, second)) == (LIVE, "rolled back")
    with town.expect_no_writes():
        bot.sweeps()


def test_the_rest_of_a_release_goes_its_way_when_one_component_goes_back(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    _, second = shipped(bot, town, argocd, app, api="b", web="d")
    back = partly_back(bot, town, second)
    assert stands(bot, second) == "syncing"
    argocd.finishes(app, [])
    argocd.deploys(app, back.merge_commit_sha or "", [image(), image("web", "d")])
    bot.waits(60)
    assert (stands(bot, back), stands(bot, second)) == (LIVE, LIVE)
    with town.expect_no_writes():
        bot.sweeps()


def test_what_was_proven_stays_proven_when_another_component_of_it_goes_back(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    _, second = shipped(bot, town, argocd, app, api="b", web="d")
    argocd.finishes(app, [])
    argocd.deploys(app, second.merge_commit_sha or "", [image(letter="b"), image("web", "d")])
    bot.waits(60)
    back = partly_back(bot, town, second)
    argocd.finishes(app, [])
    argocd.deploys(app, back.merge_commit_sha or "", [image(), image("web", "d")])
    bot.waits(60)
    assert (stands(bot, back), stands(bot, second)) == (LIVE, LIVE)
    town.github.advance(5)
    town.github.comment(second, "ana", "/rollback web reason: so is this")
    bot.settles()
    argocd.finishes(app, [])
    assert stands(bot, second) == "rolling back"


def ships(bot: Bot, town: Town, argocd: ArgoCD, letter: str, *, well: bool = True) -> Pull:
    """One more release of api is merged into dev, and is well there or Degraded."""

    def rollout(there: Application, _revision: str) -> None:
        argocd.finishes(there, [image(letter=letter)])
        argocd.becomes(there, "Healthy" if well else "Degraded", "" if well else "crash loop")

    argocd.rollout = rollout
    before = town.pulls("merged")
    town.release(api=letter)
    bot.settles().waits(300)
    pull = next(each for each in town.pulls("merged") if each not in before)
    assert stands(bot, pull) == (LIVE if well else FAILED)
    return pull


@pytest.mark.parametrize("automatic", [False, True])
def test_what_failed_there_is_nothing_to_go_back_to(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, automatic: bool
):
    demand(town, AUTO)
    bot.settles().sweeps()
    first, second = (ships(bot, town, argocd, letter, well=letter == "a") for letter in "ab")
    if automatic:
        demand(town, "rollback: {automatic: true, triggers: [deployment_failure]}")
        bot.settles().waits(60)
    third = ships(bot, town, argocd, "c", well=False)
    assert (stands(bot, first), stands(bot, second)) == (LIVE, FAILED)
    if automatic:
        (_, why), *_ = bot.ledger("rollback")
        assert (
            "what dev ran of api before (8.0.0) was never proven there, was itself rolled back or is vetoed"
            in why
        )
        assert [each for each in town.pulls("all") if each.title.startswith("Roll back")] == []
        return
    town.github.comment(third, "ana", "/rollback reason: it is broken as well")
    bot.settles()
    back = next(each for each in town.pulls("all") if each.title.startswith("Roll back"))
    assert back.title == "Roll back api to 7.0.0 in dev"


def test_a_rollback_that_does_not_become_healthy_leaves_nothing_on_its_way(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    rolls_out(argocd)
    released(bot, town, AUTO)
    rolls_out(argocd, "b")
    town.github.advance(60)
    town.release(api="b")
    bot.settles()
    second = town.pulls("merged")[-1]
    argocd.window_closed = True
    town.github.advance(5)
    town.github.comment(second, "ana", "/rollback reason: it is broken")
    bot.settles()
    back = next(each for each in town.pulls("all") if each.title.startswith("Roll back"))
    assert (stands(bot, back), stands(bot, second)) == (FAILED, "rolled back")
    assert f"#{back.number} took it back, and did not become healthy" in story(second)
    assert [each[2][-1] for each in mirrored(town)][1:] == ["inactive", "failure"]
    states_told = [
        row.entry.details["state"]
        for row in bot.store.ledger.rows(event="deployment")
        if row.entry.pull_number == second.number
    ]
    assert sorted(states_told) == sorted(states(bot, second)[1:])
    with town.expect_no_writes():
        bot.sweeps()
        bot.waits(3600)


LOGS = f"""{AUTO}
verify: {{release_log: docs/release-log.md}}
rollback: {{operations_log: docs/operations-log.md}}"""


def test_releases_and_rollbacks_are_kept_by_one_pull_request(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    rolls_out(argocd)
    released(bot, town, LOGS)
    rolls_out(argocd, "b")
    town.github.advance(60)
    town.release(api="b")
    bot.settles()
    rolls_out(argocd)
    second = town.pulls("merged")[-1]
    town.github.advance(5)
    town.github.comment(second, "ana", "/rollback reason: it | breaks <!-- lockstep:story --> @splattop/all")
    bot.settles()
    back = next(each for each in town.pulls("all") if each.title.startswith("Roll back"))
    if not back.merged:
        town.github.merge(back, by="ana")
        bot.settles()
    (log,) = [each for each in town.pulls("open") if each.head_ref == "lockstep-release-log"]
    written = town.github.file("splattop/config", log.head_sha, "docs/operations-log.md")
    assert written is not None
    (row,) = [line for line in written.decode().splitlines() if line.startswith("| 20")]
    assert f"[#{back.number}](" in row
    assert f"[#{second.number}](" in row
    assert " s | [#" in row
    assert "<!--" not in row
    assert "@splattop/all" not in row
    released_rows = town.github.file("splattop/config", log.head_sha, "docs/release-log.md") or b""
    assert released_rows.decode().count("\n| 20") == 3
    with town.expect_no_writes():
        bot.sweeps()


def test_a_rollback_that_a_later_merge_overtakes_ends_unproven_and_what_it_undid_stays_undone(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    rolls_out(argocd)
    released(bot, town, AUTO)
    rolls_out(argocd, "b")
    town.github.advance(60)
    town.release(api="b")
    bot.settles()
    second = town.pulls("merged")[-1]
    argocd.rollout = None
    town.github.advance(5)
    town.github.comment(second, "ana", "/rollback reason: it is broken")
    bot.settles()
    back = next(each for each in town.pulls("all") if each.title.startswith("Roll back"))
    assert (stands(bot, back), stands(bot, second)) == ("syncing", "rolling back")
    town.github.comment(back, "ana", "/unhold dev")
    town.release(api="c")
    bot.settles()
    third = next(each for each in town.pulls("merged") if each.title == "Promote api 9.0.0 to dev")
    argocd.finishes(app, [image(letter="a")])
    argocd.deploys(app, third.merge_commit_sha or "", [image(letter="c")])
    bot.waits(31)
    assert [stands(bot, each) for each in (second, back, third)] == ["rolled back", "superseded", LIVE]
    (kept,) = bot.store.rollbacks.of(back.repo.id, "dev")
    assert (kept.state, kept.healthy_at) == (RollbackState.FAILED, None)
    assert "**not healthy** after the rollback: it was not proven" in story(back)
    with town.expect_no_writes():
        bot.sweeps()
