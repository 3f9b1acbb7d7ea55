"""The client of Argo CD against a stand-in over real HTTP: what it reads, what it refuses, what it says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.argocd import ArgoCD as Client
from bot.adapters.outbound import Outbound
from bot.errors import Retryable, UserError
from bot.model.argocd import ApplicationSource, ApplicationState
from bot.model.facts import Unknown
from bot.sandbox.argocd import ArgoCD
from tests.adapters.argocd.conftest import NOW
from tests.adapters.argocd.shapes import APPLICATION, problems
from tests.builders import digest

SHA = "0a1b2c3d" * 5
NEXT = "f" * 40
IMAGE = f"ghcr.io/splattop/api:1.7.3@{digest('a')}"


def read(client: Client, **more: Any) -> ApplicationState:
    found = client.application("splattop-dev", NOW, **more)
    assert isinstance(found, ApplicationState), found
    return found


def why(client: Client, name: str = "splattop-dev", **more: Any) -> str:
    found = client.application(name, NOW, **more)
    assert isinstance(found, Unknown), found
    return found.why


def test_a_deployed_application_is_read_whole(argocd: ArgoCD, client: Client):
    argocd.deploys(argocd.application("splattop-dev"), SHA, [IMAGE])
    found = read(client)
    assert (found.sync, found.revisions, found.health, found.health_since) == (
        "Synced",
        (SHA,),
        "Healthy",
        NOW,
    )
    assert found.images == (IMAGE,)
    assert found.operation is not None
    assert (found.operation.phase, found.operation.revisions) == ("Succeeded", (SHA,))
    assert (found.operation.started_at, found.operation.finished_at) == (NOW, NOW)
    assert [each.revisions for each in found.history] == [(SHA,)]
    assert found.sources == (
        ApplicationSource(repository="https://github.com/splattop/config.git", target="main", path="helm"),
    )
    assert (found.project, found.reconciled_at, found.automated) == ("default", NOW, False)
    assert found.url == f"{argocd.url}/applications/argocd/splattop-dev"


def test_it_knows_which_digest_its_pods_run(argocd: ArgoCD, client: Client):
    argocd.deploys(argocd.application("splattop-dev"), SHA, [IMAGE])
    assert read(client).runs(digest("a"))
    assert not read(client).runs(digest("b"))


def test_a_tag_that_looks_like_a_digest_is_none(argocd: ArgoCD, client: Client):
    argocd.deploys(argocd.application("splattop-dev"), SHA, [f"ghcr.io/splattop/api:{'a' * 64}"])
    assert not read(client).runs(digest("a"))


def test_an_application_of_several_sources_has_a_revision_of_each(argocd: ArgoCD, client: Client):
    app = argocd.application("splattop-dev", repositories=["https://a.example/one", "https://a.example/two"])
    argocd.deploys(app, SHA, [IMAGE])
    assert read(client).revisions == (SHA, SHA)
    assert [each.repository for each in read(client).sources] == app.repositories


def test_an_application_that_was_never_synced_has_no_operation(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev", automated=True)
    found = read(client)
    assert (found.operation, found.history, found.running, found.automated) == (None, (), False, True)


def test_a_sync_that_runs_or_is_asked_for_counts_as_running(argocd: ArgoCD, client: Client):
    app = argocd.application("splattop-dev")
    app.asked = {"sync": {"revision": SHA}}
    assert read(client).running
    argocd.begins(app, SHA)
    assert read(client).running


def test_refreshing_has_argo_cd_compare_first(argocd: ArgoCD, client: Client):
    app = argocd.application("splattop-dev")
    app.reconciled_at = NOW - timedelta(days=1)
    assert read(client).reconciled_at == NOW - timedelta(days=1)
    assert read(client, refresh=True).reconciled_at == NOW
    assert argocd.asked[-1].query == {"refresh": ["normal"]}


def test_a_controller_that_stands_still_does_not_answer_a_refresh(argocd: ArgoCD):
    argocd.application("splattop-dev")
    argocd.standing_still = True
    hurried = Client(argocd.url, argocd.token, Outbound([argocd.url]), timeout=0.3)
    assert why(hurried, refresh=True) == "Argo CD: 127.0.0.1 did not answer within 0.3 s"


def test_namespace_and_project_are_asked_for(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev", namespace="team", project="splat")
    assert read(client, namespace="team", project="splat").namespace == "team"


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        (None, "x", "ARGOCD_SERVER is not set"),
        ("https://argocd.example", None, "ARGOCD_AUTH_TOKEN is not set"),
        ("http://127.0.0.1:9", "x", "Argo CD: 127.0.0.1 refused the connection"),
        ("http://169.254.169.254", "x", "a link-local or metadata address"),
    ],
)
def test_a_server_that_cannot_be_asked_is_unknown(url: str | None, token: str | None, says: str):
    assert says in why(Client(url, token, Outbound([url] if url else [])))


def test_a_server_that_is_not_the_operator_s_is_not_asked_at_a_private_address(argocd: ArgoCD):
    assert "a private address" in why(Client(argocd.url, argocd.token, Outbound()))
    assert argocd.asked == []


def test_a_wrong_token_is_told_by_its_setting(argocd: ArgoCD):
    wrong = Client(argocd.url, "hunter2", Outbound([argocd.url]))
    assert why(wrong) == "Argo CD does not accept ARGOCD_AUTH_TOKEN (401): it is wrong, expired or revoked"


def test_without_a_project_a_missing_application_looks_like_a_forbidden_one(client: Client):
    told = why(client)
    assert told.startswith("Argo CD forbids to get splattop-dev (403): permission denied")
    assert "or there is no such application" in told


def test_with_its_project_a_missing_application_is_missing(client: Client):
    assert (
        why(client, project="splat") == "Argo CD has no application splattop-dev in the project splat (404)"
    )


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b"<html>", "its answer is no JSON; is ARGOCD_SERVER the address of Argo CD?"),
        (200, b"[]", "metadata is no object"),
        (200, b"{}", "it is about another application than splattop-dev"),
        (302, b"", "answered with a redirect (302)"),
        (502, b"<html>", "answered with status 502: it gives no reason"),
    ],
)
def test_an_answer_that_is_none_is_unknown(
    argocd: ArgoCD, client: Client, status: int, body: bytes, says: str
):
    argocd.answers = (status, body)
    assert says in why(client)


@pytest.mark.parametrize(
    ("pointer", "value", "says"),
    [
        ("metadata/name", "another", "it is about another application than splattop-dev"),
        ("status/sync", [], "sync is no object"),
        ("status/sync/status", 1, "status is no text"),
        ("status/health/lastTransitionTime", "yesterday", "lastTransitionTime is no time"),
        ("status/health/lastTransitionTime", "2026-03-02T12:00:00", "a time without an offset"),
        ("status/summary/images", "ghcr.io/x", "images is no list of texts"),
        ("status/operationState/phase", "", "the operation has no phase"),
        ("status/history", [[]], "history is no list of objects"),
        ("status/history", [{"id": 1}], "an entry of the history has no time"),
        ("spec/syncPolicy", "automated", "syncPolicy is no object"),
    ],
)
def test_another_shape_than_described_is_unknown(
    argocd: ArgoCD, client: Client, pointer: str, value: Any, says: str
):
    app = argocd.application("splattop-dev")
    argocd.deploys(app, SHA, [IMAGE])
    whole = app.json()
    *path, last = pointer.split("/")
    place: Any = whole
    for step in path:
        place = place[step]
    place[last] = value
    argocd.answers = (200, json.dumps(whole).encode())
    assert says in why(client)


@pytest.mark.parametrize(
    "named",
    [
        {"name": "../../version"},
        {"name": "Splattop"},
        {"name": ""},
        {"name": "a", "namespace": "x&project=y"},
        {"name": "a", "project": "ü"},
    ],
)
def test_a_name_that_kubernetes_would_not_take_is_not_asked_for(argocd: ArgoCD, client: Client, named: Any):
    with pytest.raises(UserError, match="is no name that Kubernetes accepts"):
        client.application(at=NOW, **named)
    assert argocd.asked == []


def test_a_sync_at_a_commit_asks_for_nothing_else(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev", namespace="team", project="splat")
    found = client.sync("splattop-dev", SHA, NOW, namespace="team", project="splat")
    assert found.running
    assert argocd.asked[-1].body == {
        "name": "splattop-dev",
        "appNamespace": "team",
        "project": "splat",
        "revision": SHA,
    }


def test_only_the_named_sources_of_several_take_the_commit(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev", repositories=["https://a.example/one", "https://a.example/two"])
    client.sync("splattop-dev", SHA, NOW, positions=[2])
    assert argocd.asked[-1].body == {"name": "splattop-dev", "revisions": [SHA], "sourcePositions": ["2"]}


def test_a_sync_that_leads_to_a_rollout_is_seen_by_the_next_look(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev")
    argocd.rollout = lambda app, revision: argocd.deploys(app, revision, [IMAGE])
    client.sync("splattop-dev", SHA, NOW)
    assert (read(client).health, read(client).revisions) == ("Healthy", (SHA,))


@pytest.mark.parametrize("revision", ["main", "0a1b2c3", "", SHA.upper(), f"{SHA}\n", "--force"])
def test_only_a_full_commit_is_synced_to(argocd: ArgoCD, client: Client, revision: str):
    with pytest.raises(UserError, match="is no full commit id"):
        client.sync("splattop-dev", revision, NOW)
    assert argocd.asked == []


def test_a_token_that_may_not_sync_is_told_what_it_needs(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev")
    argocd.rights = {"get"}
    with pytest.raises(UserError, match="the token needs `applications, sync`"):
        client.sync("splattop-dev", SHA, NOW)


def test_a_closed_sync_window_is_told_in_argo_cd_s_words(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev")
    argocd.window_closed = True
    with pytest.raises(UserError, match="blocked by sync window"):
        client.sync("splattop-dev", SHA, NOW)


def test_an_application_that_syncs_by_itself_is_not_synced_elsewhere(argocd: ArgoCD, client: Client):
    argocd.application("splattop-dev", automated=True)
    with pytest.raises(UserError, match="auto-sync currently set to main"):
        client.sync("splattop-dev", SHA, NOW)


def test_while_a_sync_runs_another_one_is_tried_later(argocd: ArgoCD, client: Client):
    argocd.begins(argocd.application("splattop-dev"), SHA)
    with pytest.raises(Retryable, match="another operation is already in progress"):
        client.sync("splattop-dev", NEXT, NOW)


@pytest.mark.parametrize("answers", [(503, b"{}"), (429, b"{}"), (200, b"<html>")])
def test_a_sync_without_a_clear_answer_is_tried_later(argocd: ArgoCD, client: Client, answers: Any):
    argocd.answers = answers
    with pytest.raises(Retryable):
        client.sync("splattop-dev", SHA, NOW)


def test_a_sync_that_nobody_answers_is_tried_later():
    with pytest.raises(Retryable, match="refused the connection"):
        Client("http://127.0.0.1:9", "x", Outbound(["http://127.0.0.1:9"])).sync("app", SHA, NOW)


def test_without_settings_nothing_is_synced():
    with pytest.raises(UserError, match="ARGOCD_SERVER is not set"):
        Client(None, None, Outbound()).sync("app", SHA, NOW)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_case_93_the_token_never_stands_in_what_is_said(argocd: ArgoCD, status: int):
    canary = "canary-argocd-token"
    argocd.answers = (status, json.dumps({"message": f"bad header: Bearer {canary}"}).encode())
    client = Client(argocd.url, canary, Outbound([argocd.url]))
    told = why(client)
    with pytest.raises((UserError, Retryable)) as raised:
        client.sync("splattop-dev", SHA, NOW)
    assert canary not in told + str(raised.value) + repr(client)


def test_the_shapes_refuse_what_argo_cd_does_not_answer():
    assert problems({"status": {"health": {"state": "Healthy"}}}, APPLICATION) == [
        "/status/health/state: Argo CD has no such field"
    ]
    assert problems({"status": {"history": [{"id": "1"}]}}, APPLICATION) == ["/status/history/0/id: no int"]
