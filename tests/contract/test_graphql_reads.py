"""What GraphQL reads of repositories, Git objects, pull requests and checks: the points easy to get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import actions
from bot.sandbox.gitstore import Person
from bot.sandbox.graphql import execute
from bot.sandbox.state import Protection
from tests.contract.small_world import Small


def test_several_objects_come_back_in_one_question(small: Small) -> None:
    found = small.in_repo(
        f"""
        id databaseId nameWithOwner isPrivate isArchived owner {{ __typename login }}
        defaultBranchRef {{ id name prefix target {{ __typename oid }} }}
        file: object(expression: "HEAD:helm/values-dev.yaml") {{ ... on Blob {{ text byteSize isBinary oid }} }}
        tree: object(expression: "main:helm") {{ ... on Tree {{ entries {{ name path type mode }} }} }}
        commit: object(oid: "{small.head}") {{ ... on Commit {{ message messageHeadline messageBody }} }}
        none: object(expression: "HEAD:nothing") {{ oid }}
        branch: object(expression: "nobranch") {{ oid }}
        """
    )
    assert found["nameWithOwner"] == "octo/config"
    assert found["owner"] == {"__typename": "Organization", "login": "octo"}
    assert found["defaultBranchRef"]["target"] == {"__typename": "Commit", "oid": small.head}
    assert (found["defaultBranchRef"]["name"], found["defaultBranchRef"]["prefix"]) == ("main", "refs/heads/")
    assert found["file"]["text"] == "api:\n  tag: 1.0.0\n"
    assert found["tree"]["entries"] == [
        {"name": "values-dev.yaml", "path": "helm/values-dev.yaml", "type": "blob", "mode": 0o100644}
    ]
    assert found["commit"] == {
        "message": "First\n\nWith a body.",
        "messageHeadline": "First",
        "messageBody": "With a body.",
    }
    assert found["none"] is None
    assert found["branch"] is None


def test_a_binary_file_has_no_text(small: Small) -> None:
    blob = small.in_repo('object(expression: "HEAD:logo.png") { ... on Blob { text isBinary isTruncated } }')
    assert blob["object"] == {"text": None, "isBinary": True, "isTruncated": False}


def test_a_huge_file_is_truncated_and_says_so(small: Small) -> None:
    small.push("main", {"big.txt": b"x" * 600_000})
    blob = small.in_repo('object(expression: "HEAD:big.txt") { ... on Blob { text byteSize isTruncated } }')
    assert len(blob["object"]["text"]) == 512_000
    assert (blob["object"]["byteSize"], blob["object"]["isTruncated"]) == (600_000, True)


@pytest.mark.parametrize("name", ["refs/heads/main", "heads/main", "main"])
def test_a_ref_is_found_by_any_spelling(small: Small, name: str) -> None:
    assert small.in_repo(f'ref(qualifiedName: "{name}") {{ name }}') == {"ref": {"name": "main"}}


def test_symlinks_and_submodules_are_told_apart_by_mode_and_type(small: Small) -> None:
    git = small.repo.git
    link = git.write_blob(b"README.md")
    modules = git.write_blob(b'[submodule "lib"]\n\tpath = lib\n\turl = https://example.com/lib.git\n')
    tree = git.write_tree(
        git.tree_of(small.head),
        {"link": ("120000", link), "lib": ("160000", small.head), ".gitmodules": ("100644", modules)},
    )
    person = Person(name="Ana", email="ana@example.com", at=small.world.clock.now())
    git.set_ref("heads/main", git.write_commit(tree, [small.head], "Links", person, person))
    fields = "{ mode type size object { __typename } submodule { gitUrl path } }"
    found = small.in_repo(
        f"""object(expression: "HEAD") {{ ... on Commit {{
        link: file(path: "link") {fields} lib: file(path: "lib") {fields} none: file(path: "nope") {fields} }} }}"""
    )["object"]
    assert found["link"]["mode"] == 0o120000
    assert found["link"]["submodule"] is None
    assert (found["lib"]["mode"], found["lib"]["type"], found["lib"]["object"]) == (0o160000, "commit", None)
    assert found["lib"]["submodule"] == {"gitUrl": "https://example.com/lib.git", "path": "lib"}
    assert found["none"] is None


def test_history_pages_and_follows_a_path(small: Small) -> None:
    for number in range(3):
        small.push("main", {"helm/values-dev.yaml": f"n: {number}\n".encode()}, f"Bump {number}")
    small.push("main", {"README.md": b"other\n"}, "Other")
    text = """object(expression: "main") {{ ... on Commit {{ history(first: 2, path: "helm"{}) {{
        totalCount nodes {{ messageHeadline }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
    first = small.in_repo(text.format(""))["object"]["history"]
    assert [n["messageHeadline"] for n in first["nodes"]] == ["Bump 2", "Bump 1"]
    assert first["totalCount"] == 4
    after = f', after: "{first["pageInfo"]["endCursor"]}"'
    second = small.in_repo(text.format(after))["object"]["history"]
    assert [n["messageHeadline"] for n in second["nodes"]] == ["Bump 0", "First"]
    assert second["pageInfo"]["hasNextPage"] is False


def test_compare_counts_both_ways(small: Small) -> None:
    small.push("topic", {"a": b"1"}, "One")
    small.push("topic", {"a": b"2"}, "Two")
    small.push("main", {"b": b"1"})
    found = small.in_repo(
        """defaultBranchRef { compare(headRef: "topic") { status aheadBy behindBy
        commits(first: 10) { nodes { messageHeadline } } } none: compare(headRef: "nope") { status } }"""
    )["defaultBranchRef"]
    nodes = [{"messageHeadline": "One"}, {"messageHeadline": "Two"}]
    assert found["compare"] == {
        "status": "DIVERGED",
        "aheadBy": 2,
        "behindBy": 1,
        "commits": {"nodes": nodes},
    }
    assert found["none"] is None


def test_a_bots_login_has_no_suffix_as_author_and_has_it_as_viewer(small: Small) -> None:
    pull = small.pull()
    found = small.in_repo(
        f"pullRequest(number: {pull.number}) {{ author {{ __typename login ... on Bot {{ databaseId }} }} }}"
    )
    assert found["pullRequest"]["author"] == {
        "__typename": "Bot",
        "login": "lockstep",
        "databaseId": small.app.bot.id,
    }
    assert small.data("{ viewer { login } }") == {"viewer": {"login": "lockstep[bot]"}}


def test_a_pull_request_gives_its_commits_files_and_merge_state(small: Small) -> None:
    small.push("topic", {"helm/values-dev.yaml": b"api:\n  tag: 1.1.0\n"}, "Bump")
    head = small.push("topic", {"README.md": None, "new.txt": b"1\n"}, "More")
    pull = small.pull(body=None)
    small.push("main", {"elsewhere.txt": b"1"})
    found = small.in_repo(
        f"""pullRequest(number: {pull.number}) {{ state isDraft merged body mergeable mergeStateStatus headRefOid
        baseRefName isCrossRepository changedFiles reviewDecision mergeCommit {{ oid }}
        commits(last: 1) {{ totalCount nodes {{ commit {{ oid }} }} }}
        files(first: 10) {{ nodes {{ path changeType additions deletions }} }}
        baseRef {{ name }} headRef {{ name target {{ oid }} }} statusCheckRollup {{ state }} }}"""
    )["pullRequest"]
    assert (found["state"], found["body"], found["mergeable"]) == ("OPEN", "", "MERGEABLE")
    assert found["mergeStateStatus"] == "CLEAN"
    assert found["commits"] == {"totalCount": 2, "nodes": [{"commit": {"oid": head}}]}
    assert {(f["path"], f["changeType"]) for f in found["files"]["nodes"]} == {
        ("README.md", "DELETED"),
        ("helm/values-dev.yaml", "MODIFIED"),
        ("new.txt", "ADDED"),
    }
    assert found["changedFiles"] == 3
    assert found["reviewDecision"] is None
    assert found["statusCheckRollup"] is None
    assert found["mergeCommit"] is None


def test_pull_requests_are_filtered_by_state_head_and_label(small: Small) -> None:
    one, two = small.pull("one"), small.pull("two")
    actions.add_labels(small.world, small.bot, two, ["env:dev"])
    actions.close_pull(small.world, small.bot, one)
    merged = small.pull("three")
    actions.merge_pull(small.world, small.bot, merged)

    def numbers(args: str) -> list[int]:
        listed = small.in_repo(f"pullRequests(first: 10{args}) {{ nodes {{ number }} }}")
        return [n["number"] for n in listed["pullRequests"]["nodes"]]

    assert numbers("") == [1, 2, 3]
    assert numbers(", states: [OPEN]") == [2]
    assert numbers(", states: [CLOSED]") == [1]
    assert numbers(", states: [MERGED]") == [3]
    assert numbers(', headRefName: "one"') == [1]
    assert numbers(', labels: ["ENV:dev", "other"]') == [2]
    assert numbers(", orderBy: {field: CREATED_AT, direction: DESC}")[0] in (1, 2, 3)


@pytest.mark.parametrize(
    ("args", "kind", "says"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value"),
        ("(first: 101)", "EXCESSIVE_PAGINATION", "exceeds the `first` limit of 100 records"),
        ('(first: 1, after: "nonsense")', "INVALID_CURSOR_ARGUMENTS", "does not appear to be a valid cursor"),
    ],
)
def test_a_connection_insists_on_a_size_and_a_real_cursor(
    small: Small, args: str, kind: str, says: str
) -> None:
    text = f'{{ repository(owner: "octo", name: "config") {{ pullRequests{args} {{ totalCount }} }} }}'
    error = small.error(text)
    assert error["type"] == kind
    assert says in error["message"]
    assert error["path"] == ["repository", "pullRequests"]


def test_last_and_before_page_backwards(small: Small) -> None:
    pull = small.pull()
    for number in range(5):
        actions.comment(small.world, small.bot, pull, f"c{number}")

    def page(args: str) -> Any:
        shape = "nodes { body } pageInfo { hasPreviousPage hasNextPage startCursor }"
        listed = small.in_repo(f"pullRequest(number: 1) {{ comments({args}) {{ {shape} }} }}")
        return listed["pullRequest"]["comments"]

    last = page("last: 2")
    assert [n["body"] for n in last["nodes"]] == ["c3", "c4"]
    assert (last["pageInfo"]["hasPreviousPage"], last["pageInfo"]["hasNextPage"]) == (True, False)
    earlier = page(f'last: 2, before: "{last["pageInfo"]["startCursor"]}"')
    assert [n["body"] for n in earlier["nodes"]] == ["c1", "c2"]


def _check(small: Small, name: str, sha: str, conclusion: str | None) -> Any:
    return actions.create_check_run(
        small.world, small.bot, small.repo, name=name, head_sha=sha, conclusion=conclusion
    )


ROLLUP = """object(expression: "main") { ... on Commit { status { state } statusCheckRollup { state
    contexts(first: 10) { totalCount checkRunCount statusContextCount nodes { __typename
    ... on CheckRun { name conclusion status } ... on StatusContext { context state } } } } } }"""


def test_the_rollup_mixes_runs_and_statuses_and_the_latest_of_a_name_counts(small: Small) -> None:
    assert small.in_repo(ROLLUP)["object"]["statusCheckRollup"] is None
    _check(small, "unit", small.head, "failure")
    _check(small, "unit", small.head, "success")
    ana = small.person("ana")
    actions.set_status(small.world, ana, small.repo, small.head, "pending", "ci/slow")
    found = small.in_repo(ROLLUP)["object"]
    assert found["status"] == {"state": "PENDING"}
    assert found["statusCheckRollup"]["state"] == "PENDING"
    contexts = found["statusCheckRollup"]["contexts"]
    assert (contexts["totalCount"], contexts["checkRunCount"], contexts["statusContextCount"]) == (2, 1, 1)
    assert {
        "__typename": "CheckRun",
        "name": "unit",
        "conclusion": "SUCCESS",
        "status": "COMPLETED",
    } in contexts["nodes"]
    _check(small, "lint", small.head, "cancelled")
    assert small.in_repo(ROLLUP)["object"]["statusCheckRollup"]["state"] == "FAILURE"


def test_suites_are_filtered_by_app_and_required_checks_are_known(small: Small) -> None:
    pull = small.pull()
    _check(small, "unit", pull.head_sha, None)
    small.repo.protections["main"] = Protection(checks=[("unit", None)], reviews=1)
    found = small.in_repo(
        f"""pullRequest(number: 1) {{ reviewDecision commits(last: 1) {{ nodes {{ commit {{
        none: checkSuites(first: 5, filterBy: {{appId: 1}}) {{ totalCount }}
        checkSuites(first: 5, filterBy: {{appId: {small.app.id}}}) {{ nodes {{ status app {{ slug databaseId }}
          checkRuns(first: 5) {{ nodes {{ name isRequired(pullRequestNumber: 1) }} }} }} }} }} }} }} }}"""
    )["pullRequest"]
    commit = found["commits"]["nodes"][0]["commit"]
    assert found["reviewDecision"] == "REVIEW_REQUIRED"
    assert commit["none"] == {"totalCount": 0}
    suite = commit["checkSuites"]["nodes"][0]
    assert suite["app"] == {"slug": "lockstep", "databaseId": small.app.id}
    assert suite["checkRuns"]["nodes"] == [{"name": "unit", "isRequired": True}]


def test_latest_reviews_are_one_a_person_and_pending_ones_are_private(small: Small) -> None:
    pull = small.pull()
    ben = small.person("ben")
    actions.review(small.world, ben, pull, "APPROVE")
    actions.review(small.world, ben, pull, "COMMENT", body="one more thing")
    actions.review(small.world, small.person("ana"), pull, None, body="draft")
    fields = "{ nodes { state author { login } commit { oid } } }"
    found = small.in_repo(
        f"""pullRequest(number: 1) {{ reviews(first: 9) {fields} latestReviews(first: 9) {fields}
        latestOpinionatedReviews(first: 9) {fields} }}"""
    )["pullRequest"]
    assert [n["state"] for n in found["reviews"]["nodes"]] == ["APPROVED", "COMMENTED"]
    assert [n["state"] for n in found["latestReviews"]["nodes"]] == ["COMMENTED"]
    assert [n["state"] for n in found["latestOpinionatedReviews"]["nodes"]] == ["APPROVED"]


def test_only_commits_made_by_the_app_through_the_api_are_signed(small: Small) -> None:
    actions.commit_on_branch(small.world, small.bot, small.repo, "main", "Bump", {"a": b"1"}, [], small.head)
    found = small.in_repo(
        """object(expression: "main") { ... on Commit { signature { isValid wasSignedByGitHub state }
        author { user { login } } committer { email } authors(first: 5) { totalCount }
        parents(first: 1) { nodes { signature { isValid } author { name user { login } date } } } } }"""
    )["object"]
    assert found["signature"] == {"isValid": True, "wasSignedByGitHub": True, "state": "VALID"}
    assert found["author"]["user"] == {"login": "lockstep[bot]"}
    assert found["committer"]["email"] == "noreply@github.com"
    parent = found["parents"]["nodes"][0]
    assert parent["signature"] is None
    assert parent["author"]["user"] == {"login": "ana"}
    assert parent["author"]["date"].endswith("Z")


def test_an_unreadable_repository_is_null_with_not_found(small: Small) -> None:
    text = '{ repository(owner: "octo", name: "config") { id } other: viewer { login } }'
    body = small.ask(text, small.person("eve"))
    assert body["data"] == {"repository": None, "other": {"login": "eve"}}
    error = body["errors"][0]
    assert error["type"] == "NOT_FOUND"
    assert error["message"] == "Could not resolve to a Repository with the name 'octo/config'."
    assert error["path"] == ["repository"]


def test_a_missing_pull_request_is_null_beside_what_was_found(small: Small) -> None:
    small.pull()
    text = '{ repository(owner: "octo", name: "config") { a: pullRequest(number: 1) { number } b: pullRequest(number: 7) { number } } }'  # noqa: E501 - one line, as the columns below count
    body = small.ask(text)
    assert body["data"]["repository"] == {"a": {"number": 1}, "b": None}
    assert body["errors"][0]["message"] == "Could not resolve to a PullRequest with the number of 7."
    assert body["errors"][0]["path"] == ["repository", "b"]


def test_nodes_answers_for_each_id_by_itself(small: Small) -> None:
    pull = small.pull()
    body = small.ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        ids=[pull.node_id, "PR_nope", small.repo.node_id],
    )
    assert [n and n["__typename"] for n in body["data"]["nodes"]] == ["PullRequest", None, "Repository"]
    assert body["errors"][0]["message"] == "Could not resolve to a node with the global id of 'PR_nope'"
    assert body["errors"][0]["path"] == ["nodes", 1]


def test_git_objects_and_refs_come_back_by_their_node_ids(small: Small) -> None:
    found = small.in_repo("defaultBranchRef { id target { id } }")["defaultBranchRef"]
    again = small.data(
        "query($a: ID!, $b: ID!) { a: node(id: $a) { __typename ... on Ref { name } } b: node(id: $b) { __typename } }",
        a=found["id"],
        b=found["target"]["id"],
    )
    assert again == {"a": {"__typename": "Ref", "name": "main"}, "b": {"__typename": "Commit"}}


def test_a_node_of_a_repository_one_cannot_see_is_not_found(small: Small) -> None:
    pull = small.pull()
    error = small.error(f'{{ node(id: "{pull.node_id}") {{ id }} }}', small.person("eve"))
    assert error["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("selection", "lacks"),
    [
        ("pullRequests(first: 1) { totalCount }", "pull_requests"),
        ('object(expression: "HEAD") { oid }', "contents"),
        ("issue(number: 1) { id }", "issues"),
    ],
)
def test_an_app_without_the_permission_is_forbidden(small: Small, selection: str, lacks: str) -> None:
    rest = {"metadata": "read", "checks": "read"}
    text = f'{{ repository(owner: "octo", name: "config") {{ {selection} }} }}'
    error = small.error(text, small.limited(**rest))
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Resource not accessible by integration")
    assert lacks not in rest


def test_team_members_need_the_members_permission(small: Small) -> None:
    from bot.sandbox.state import Team

    team = Team(org=small.repo.owner, slug="sre", name="SRE", members={"ana": "maintainer", "ben": "member"})
    small.world.teams["octo/sre"] = small.world.register("T", team)
    text = """{ organization(login: "octo") { team(slug: "sre") { slug databaseId
        members(first: 10) { totalCount edges { role node { login databaseId } } } } } }"""
    found = small.data(text)["organization"]["team"]
    assert [(e["node"]["login"], e["role"]) for e in found["members"]["edges"]] == [
        ("ana", "MAINTAINER"),
        ("ben", "MEMBER"),
    ]
    assert small.error(text, small.limited(contents="read"))["type"] == "FORBIDDEN"


def test_a_field_that_the_local_github_lacks_fails_loudly_and_is_never_null(small: Small) -> None:
    text = '{ repository(owner: "octo", name: "config") { diskUsage } }'
    status, body = execute(small.world, small.bot, text)
    assert status == 501
    assert "data" not in body
    assert "Repository.diskUsage" in body["errors"][0]["message"]


def test_a_field_that_github_lacks_is_an_error_before_anything_runs(small: Small) -> None:
    body = small.ask('mutation { createLabel(input: {repositoryId: "x", name: "y", color: "z"}) { nope } }')
    assert "data" not in body
    assert body["errors"][0]["message"] == "Field 'nope' doesn't exist on type 'CreateLabelPayload'"
    assert body["errors"][0]["extensions"]["code"] == "undefinedField"


def test_a_wrong_variable_is_an_error_without_data(small: Small) -> None:
    text = 'query($n: Int!) { repository(owner: "octo", name: "config") { issue(number: $n) { id } } }'
    body = small.ask(text, n="seven")
    assert "data" not in body
    assert "$n" in body["errors"][0]["message"]


def test_nobody_is_refused_before_the_document_is_read(small: Small) -> None:
    from bot.sandbox.state import Actor

    assert execute(small.world, Actor(), "{ viewer { login } }")[0] == 401


def test_a_document_that_could_return_half_a_million_nodes_is_refused_whole(small: Small) -> None:
    deepest = "comments(first: 100) { nodes { reactions(first: 50) { totalCount } } }"
    inner = f"pullRequests(first: 100) {{ nodes {{ {deepest} }} }}"
    body = small.ask(f'{{ repository(owner: "octo", name: "config") {{ {inner} }} }}')
    assert body["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert "510,100 possible nodes which exceeds the maximum limit of 500,000" in body["errors"][0]["message"]


def test_points_and_nodes_are_counted_as_githubs_manual_counts_them(small: Small) -> None:
    text = """query Q($n: Int!) { rateLimit { cost nodeCount } repository(owner: "octo", name: "config") {
        pullRequests(first: $n) { nodes { ...F } } } }
        fragment F on PullRequest { comments(first: 50) { nodes { reactions(last: 60) { totalCount } } } }"""
    found = small.data(text, n=100)["rateLimit"]
    assert found == {"cost": 51, "nodeCount": 100 + 5_000 + 300_000}


def test_the_rate_limit_can_be_asked(small: Small) -> None:
    found = small.data("{ rateLimit { limit cost remaining used resetAt nodeCount } }")["rateLimit"]
    assert found["limit"] == 5000
    assert found["resetAt"].endswith("Z")
