"""What an environment is offered: the decision as tables of facts and actions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decide.environment import decide_environment
from bot.model.action import (
    Action,
    AddLabels,
    ClosePull,
    DeleteBranch,
    EditPull,
    OpenPull,
    PutComment,
    RewritePull,
)
from bot.model.facts import Mergeable, Unknown
from bot.model.release import PromotionState, Request
from bot.model.rollback import Veto
from tests.builders import (
    ANA,
    BASE,
    CONFIG,
    NOW,
    RULES,
    commit,
    digest,
    environment_facts,
    file,
    files,
    known,
    promotion,
    pull,
    release,
    values,
)

OURS = "c" * 40
OTHERS = "e" * 40


def kinds(actions: tuple[Action, ...]) -> list[str]:
    return [type(action).__name__ for action in actions]


def request(environment: str = "staging", *components: str) -> Request:
    return Request(
        comment_id=1,
        installation_id=77,
        config_repository_id=CONFIG.id,
        pull_number=5,
        environment=environment,
        components=components,
        actor_id=ANA.id,
        actor_login=ANA.login,
        asked_at=NOW,
    )


def test_a_release_opens_a_pull_request_that_changes_only_its_component():
    facts = environment_facts("dev", files(dev=values()), pending=(release(7, api="a"),))
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert opened.files == {"helm/values-dev.yaml": values(api="a", api_tag="7.0.0")}


def test_the_title_names_component_tag_and_environment():
    facts = environment_facts("dev", files(dev=values()), pending=(release(7, api="a", web="c"),))
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert opened.title == "Promote api 7.0.0, web 7.0.0 to dev"


def test_the_pull_request_carries_labels_and_a_queued_check():
    facts = environment_facts("dev", files(dev=values()), pending=(release(7, api="a"),))
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert (opened.labels, opened.checks) == (("automation:release-bump", "env:dev"), ("lockstep: main",))


def test_the_commit_says_release_run_origin_and_who_asked():
    facts = environment_facts("dev", files(dev=values()), pending=(release(7, api="a"),))
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    trailers = opened.message.strip().split("\n\n")[-1].splitlines()
    assert [line.split(":")[0] for line in trailers] == [
        "Release",
        "Source-Run",
        "Promoted-From",
        "Requested-By",
    ]


def veto(component: str, letter: str) -> Veto:
    return Veto(
        repository_id=CONFIG.id, component=component, digest=digest(letter), tag="7.0.0", environment="staging",
        reason="it answers 500", by=ANA, at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("vetoes", "kept_out"),
    [
        ((), []),
        ((veto("api", "a"),), ["api"]),
        ((veto("api", "a"), veto("web", "c")), ["api", "web"]),
        ((veto("api", "d"), veto("web", "a")), []),
        ((veto("web", "1"),), []),
    ],
    ids=["none", "one", "both", "other digests", "what runs already"],
)
def test_case_87_what_a_veto_keeps_out_is_told_by_the_decision(vetoes: tuple[Veto, ...], kept_out: list[str]):
    facts = environment_facts(
        "dev", files(dev=values()), pending=(release(7, api="a", web="c"),), vetoes=vetoes
    )
    assert sorted(decide_environment(facts).vetoed) == kept_out


def test_two_releases_of_different_components_arrive_together():
    pending = (release(7, api="a"), release(8, web="c"))
    facts = environment_facts("dev", files(dev=values()), pending=pending)
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert opened.title == "Promote api 7.0.0, web 8.0.0 to dev"


def test_the_newer_of_two_releases_of_one_component_wins():
    pending = (release(8, api="c"), release(7, api="a"))
    facts = environment_facts("dev", files(dev=values()), pending=pending)
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert digest("c").encode() in opened.files["helm/values-dev.yaml"]


def test_an_empty_difference_opens_nothing():
    facts = environment_facts(
        "dev", files(dev=values(api="a", api_tag="7.0.0")), pending=(release(7, api="a"),)
    )
    assert decide_environment(facts).actions == ()


def test_a_missing_values_file_is_refused_by_name():
    there = {"helm/values-dev.yaml": Unknown(why="it does not exist at bbbbbbb")}
    decision = decide_environment(environment_facts("dev", there, pending=(release(7, api="a"),)))
    assert (decision.refused, "helm/values-dev.yaml" in decision.headline) == (True, True)


@pytest.mark.parametrize("mode", [0o120000, 0o160000], ids=["symlink", "submodule"])
def test_a_values_file_that_is_no_plain_file_is_refused(mode):
    there = {"helm/values-dev.yaml": file("helm/values-dev.yaml", values(), mode)}
    decision = decide_environment(environment_facts("dev", there, pending=(release(7, api="a"),)))
    assert (decision.refused, decision.actions) == (True, ())


def test_a_component_that_the_values_lack_is_refused_with_its_place():
    there = files(dev=b"api:\n  image: {tag: a, digest: %s}\n" % digest("0").encode())
    decision = decide_environment(environment_facts("dev", there, pending=(release(7, web="a"),)))
    assert "web not found in dev: looked in helm/values-dev.yaml at {component}.image" in decision.headline


def test_case_42_a_component_does_not_go_back_to_an_older_release():
    old, new = release(7, api="a"), release(8, api="c")
    facts = environment_facts(
        "dev", files(dev=values(api="c", api_tag="8.0.0")), pending=(old,), known=known(old, new)
    )
    decision = decide_environment(facts)
    assert (decision.actions, "only a rollback goes back" in decision.headline) == ((), True)


# Behind the entrance


def staging(dev: bytes, target: bytes, **more):
    return environment_facts("staging", files(dev=dev, staging=target), **more)


def test_staging_waits_to_be_asked():
    seven = release(7, api="a")
    facts = staging(values(api="a", api_tag="7.0.0"), values(), known=known(seven))
    assert decide_environment(facts).actions == ()


def test_promote_takes_what_dev_runs():
    seven = release(7, api="a")
    facts = staging(values(api="a", api_tag="7.0.0"), values(), known=known(seven), requests=(request(),))
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert opened.files == {"helm/values-staging.yaml": values(api="a", api_tag="7.0.0")}


def test_auto_promote_does_not_wait_to_be_asked():
    seven = release(7, api="a")
    rules = RULES.replace("    from: dev\n", "    from: dev\n    auto_promote: true\n")
    facts = staging(values(api="a", api_tag="7.0.0"), values(), known=known(seven), rules=rules)
    assert kinds(decide_environment(facts).actions) == ["OpenPull"]


def test_what_a_person_declined_is_not_promoted_again_by_itself():
    seven = release(7, api="a")
    rules = RULES.replace("    from: dev\n", "    from: dev\n    auto_promote: true\n")
    declined = promotion("staging", OURS, seven, state=PromotionState.CLOSED)
    facts = staging(
        values(api="a", api_tag="7.0.0"), values(), known=known(seven), rules=rules, declined=declined
    )
    assert decide_environment(facts).actions == ()


def test_only_the_named_components_are_promoted():
    seven = release(7, api="a", web="c")
    facts = staging(
        values(api="a", api_tag="7.0.0", web="c", web_tag="7.0.0"),
        values(),
        known=known(seven),
        requests=(request("staging", "web"),),
    )
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert opened.title == "Promote web 7.0.0 to staging"


def test_a_digest_that_no_release_handed_over_is_not_promoted():
    facts = staging(values(api="a"), values(), requests=(request(),))
    decision = decide_environment(facts)
    assert (decision.actions, "no accepted release handed over api" in decision.headline) == ((), True)


def test_asked_for_nothing_new_it_says_so():
    seven = release(7, api="0", web="1")
    facts = staging(values(), values(), known=known(seven), requests=(request(),))
    assert (
        decide_environment(facts).headline == "Nothing to promote to staging: it already runs what dev runs."
    )


# An open pull request


def open_dev(head=OURS, branch_data=None, **more):
    seven = release(7, api="a")
    fields = {
        "pending": (seven,),
        "known": known(seven),
        "record": promotion("dev", OURS, seven),
        "open_pull": pull("dev", head),
        "branch": commit(head),
        "branch_files": files(dev=branch_data or values(api="a", api_tag="7.0.0")),
    }
    return environment_facts("dev", files(dev=values()), **{**fields, **more})


def test_running_twice_only_keeps_title_and_body_current():
    first = decide_environment(open_dev())
    (edit,) = first.actions
    assert isinstance(edit, EditPull)
    settled = open_dev(open_pull=pull("dev", OURS, title=edit.title, body=edit.body))
    assert decide_environment(settled).actions == ()


def test_a_newer_release_takes_its_place_in_the_same_pull_request():
    seven, eight = release(7, api="a"), release(8, api="c")
    facts = open_dev(pending=(seven, eight), known=known(seven, eight))
    *_, rewritten = decide_environment(facts).actions
    assert isinstance(rewritten, RewritePull)
    assert (rewritten.number, rewritten.expected_head, rewritten.base_sha) == (12, OURS, BASE)


def test_the_pull_request_tells_which_release_took_whose_place():
    seven, eight = release(7, api="a"), release(8, api="c")
    facts = open_dev(pending=(seven, eight), known=known(seven, eight))
    story = next(action for action in decide_environment(facts).actions if isinstance(action, PutComment))
    assert (
        "[app@1008.1](https://github.com/splattop/app/actions/runs/1008) took the place of app@1007.1."
        in story.body
    )


def test_a_branch_that_a_person_pushed_to_is_left_alone_and_told():
    decision = decide_environment(
        open_dev(head=OTHERS, branch=commit(OTHERS, author=ANA), branch_data=values(api="f"))
    )
    assert kinds(decision.actions) == ["PutComment"]


def test_the_remark_about_a_person_s_push_is_made_once():
    first = decide_environment(
        open_dev(head=OTHERS, branch=commit(OTHERS, author=ANA), branch_data=values(api="f"))
    )
    (story,) = first.actions
    assert isinstance(story, PutComment)
    from bot.model.facts import Comment
    from tests.builders import BOT

    comment = Comment(id=1, node_id="IC_1", author=BOT, body=story.body, created_at=NOW)
    facts = open_dev(head=OTHERS, branch=commit(OTHERS, author=ANA), branch_data=values(api="f"))
    again = replace(facts, snapshot=replace(facts.snapshot, comments={12: (comment,)}))
    assert decide_environment(again).actions == ()


def test_a_commit_of_ours_that_is_not_on_record_is_known_by_its_content():
    facts = open_dev(head=OTHERS, record=None)
    assert decide_environment(facts).adopts == OTHERS


def test_a_conflict_with_the_base_is_mended_on_the_present_base():
    facts = open_dev(open_pull=pull("dev", OURS, mergeable=Mergeable.CONFLICTING))
    assert kinds(decide_environment(facts).actions) == ["RewritePull"]


def test_a_pull_request_that_the_base_has_overtaken_is_closed():
    facts = open_dev()
    there = files(dev=values(api="a", api_tag="7.0.0"))
    overtaken = replace(facts, snapshot=replace(facts.snapshot, files=there))
    assert kinds(decide_environment(overtaken).actions) == ["PutComment", "ClosePull"]


def test_labels_that_a_crash_left_out_are_added():
    facts = open_dev(open_pull=pull("dev", OURS, labels=()))
    labelling = [each for each in decide_environment(facts).actions if isinstance(each, AddLabels)]
    assert [each.labels for each in labelling] == [("automation:release-bump", "env:dev")]


def test_case_78_a_pull_request_that_imitates_ours_is_not_touched():
    facts = open_dev(open_pull=pull("dev", OTHERS, author=ANA))
    decision = decide_environment(facts)
    assert (decision.refused, decision.actions) == (True, ())


def open_staging(**more):
    seven, eight = release(7, api="a"), release(8, api="c")
    fields = {
        "known": known(seven, eight),
        "record": promotion("staging", OURS, seven),
        "open_pull": pull("staging", OURS),
        "branch": commit(OURS),
        "branch_files": files(staging=values(api="a", api_tag="7.0.0")),
    }
    there = files(dev=values(api="c", api_tag="8.0.0"), staging=values())
    return environment_facts("staging", there, **{**fields, **more})


def test_a_pinned_pull_request_keeps_its_content_when_a_newer_release_arrives():
    assert "RewritePull" not in kinds(decide_environment(open_staging()).actions)


def test_a_pinned_pull_request_tells_what_waits_behind_it():
    story = next(each for each in decide_environment(open_staging()).actions if isinstance(each, PutComment))
    assert "app@1008.1" in story.body
    assert "is newer and waits: staging is pinned" in story.body


def test_a_pinned_pull_request_in_conflict_is_rebuilt_with_the_same_content():
    facts = open_staging(open_pull=pull("staging", OURS, mergeable=Mergeable.CONFLICTING))
    *_, rewritten = decide_environment(facts).actions
    assert isinstance(rewritten, RewritePull)
    assert rewritten.files == {"helm/values-staging.yaml": values(api="a", api_tag="7.0.0")}


# A branch without a pull request


def branch_only(head, data, **more):
    seven = release(7, api="a")
    return environment_facts(
        "dev",
        files(dev=values()),
        pending=(seven,),
        known=known(seven),
        branch=head,
        branch_files=files(dev=data),
        **more,
    )


def test_case_21_a_branch_that_holds_our_content_only_lacks_its_pull_request():
    facts = branch_only(commit(OTHERS), values(api="a", api_tag="7.0.0"))
    (opened,) = decide_environment(facts).actions
    assert isinstance(opened, OpenPull)
    assert opened.branch_sha == OTHERS


def test_case_21_an_empty_branch_at_the_base_is_made_anew():
    facts = branch_only(commit(BASE, parents=("d" * 40,)), values())
    assert kinds(decide_environment(facts).actions) == ["DeleteBranch", "OpenPull"]


def test_a_branch_left_over_from_a_declined_promotion_is_made_anew():
    declined = promotion("dev", OTHERS, release(6, api="d"), state=PromotionState.CLOSED)
    facts = branch_only(commit(OTHERS), values(api="d"), declined=declined)
    assert kinds(decide_environment(facts).actions) == ["DeleteBranch", "OpenPull"]


def test_case_97_a_newer_release_takes_over_what_a_crash_kept_off_the_record():
    eight = release(8, api="c")
    crashed = open_dev(head=OTHERS, record=None, pending=(eight,), known=known(eight))
    (rewriting,) = decide_environment(crashed).actions
    assert isinstance(rewriting, RewritePull)
    assert rewriting.expected_head == OTHERS


def test_case_97_a_branch_that_a_crash_left_without_a_pull_request_is_made_anew():
    facts = branch_only(commit(OTHERS), values(api="d"))
    assert kinds(decide_environment(facts).actions) == ["DeleteBranch", "OpenPull"]


@pytest.mark.parametrize(
    "theirs",
    [
        commit(OTHERS, verified=False),
        commit(OTHERS, author=ANA),
        commit(OTHERS, parents=(BASE, OURS)),
    ],
    ids=["names us as its author", "a person's, verified", "a merge into our branch"],
)
def test_a_head_that_github_did_not_sign_as_ours_alone_is_left_alone(theirs):
    decision = decide_environment(open_dev(head=OTHERS, branch=theirs, branch_data=values(api="f")))
    assert decision.refused


def test_a_stranger_s_branch_of_our_name_is_never_overwritten():
    facts = branch_only(commit(OTHERS, author=ANA), values(api="f"))
    decision = decide_environment(facts)
    assert (decision.refused, decision.actions) == (True, ())


def test_case_42_a_left_over_branch_is_deleted_when_there_is_nothing_to_promote():
    declined = promotion("dev", OTHERS, release(6, api="d"), state=PromotionState.CLOSED)
    facts = environment_facts(
        "dev",
        files(dev=values()),
        branch=commit(OTHERS),
        branch_files=files(dev=values(api="d")),
        declined=declined,
    )
    assert [type(each) for each in decide_environment(facts).actions] == [DeleteBranch]


def test_a_pull_request_is_closed_by_its_expected_head_only():
    facts = open_dev()
    there = files(dev=values(api="a", api_tag="7.0.0"))
    *_, closing = decide_environment(replace(facts, snapshot=replace(facts.snapshot, files=there))).actions
    assert isinstance(closing, ClosePull)
    assert closing.expected_head == OURS


def test_a_person_s_branch_is_not_taken_up_even_when_its_values_are_right():
    """It could hold more than the values files: what nobody read must not be merged."""
    stranger = replace(commit(OTHERS), author=ANA)
    decision = decide_environment(branch_only(stranger, values(api="a", api_tag="7.0.0")))
    assert (decision.refused, decision.actions) == (True, ())


def test_a_person_s_commit_with_one_file_more_is_not_adopted():
    more = pull("dev", OTHERS, changed_files=("helm/values-dev.yaml", "evil.sh"))
    facts = open_dev(head=OTHERS, open_pull=more, record=None)
    stranger = replace(commit(OTHERS), author=ANA)
    branch = replace(facts.snapshot.branches["lockstep/dev/app"], head=stranger)
    snapshot = replace(facts.snapshot, branches={"lockstep/dev/app": branch})
    assert kinds(decide_environment(replace(facts, snapshot=snapshot)).actions) == ["PutComment"]
