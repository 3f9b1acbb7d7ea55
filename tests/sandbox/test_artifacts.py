"""Workflow runs, attempts and artifacts behind their redirect."""

import io
import zipfile

import requests

from tests.sandbox.conftest import APP


def _finished(scene):
    run = scene.github.start_run("splattop/app", ".github/workflows/build.yml", "build")
    return scene.github.finish_run(run, artifacts={"component-tags": {"component-tags.json": b"{}"}})


def _location(scene, run):
    found = scene.bot().get(f"{APP}/actions/runs/{run.id}/artifacts?name=component-tags").json()
    answer = scene.bot().get(found["artifacts"][0]["archive_download_url"])
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_an_artifact_is_a_zip_behind_a_signed_redirect(scene):
    data = requests.get(_location(scene, _finished(scene)), timeout=10).content
    assert zipfile.ZipFile(io.BytesIO(data)).read("component-tags.json") == b"{}"


def test_the_blob_store_refuses_an_authorization_header(scene):
    where = _location(scene, _finished(scene))
    headers = {"Authorization": "Bearer x"}
    assert requests.get(where, headers=headers, timeout=10).status_code == 400


def test_the_signed_address_expires_and_cannot_be_changed(scene):
    where = _location(scene, _finished(scene))
    assert requests.get(where + "0", timeout=10).status_code == 403
    scene.github.advance(61)
    assert requests.get(where, timeout=10).status_code == 403


def test_an_expired_artifact_is_gone(scene):
    run = _finished(scene)
    run.artifacts[0].expired = True
    assert scene.bot().get(f"{APP}/actions/artifacts/{run.artifacts[0].id}/zip").status_code == 410


def test_a_rerun_is_the_same_run_with_a_next_attempt(scene):
    run = scene.github.rerun(_finished(scene))
    scene.github.finish_run(run, "failure")
    bot = scene.bot()
    latest = bot.get(f"{APP}/actions/runs/{run.id}").json()
    first = bot.get(f"{APP}/actions/runs/{run.id}/attempts/1").json()
    assert (latest["run_attempt"], latest["conclusion"]) == (2, "failure")
    assert (first["run_attempt"], first["conclusion"]) == (1, "success")


def test_runs_are_filtered(scene):
    run = _finished(scene)
    path = f"{APP}/actions/runs?branch=main&event=push&status=success&head_sha={run.head_sha}"
    assert scene.bot().get(path).json()["total_count"] == 1
    assert scene.bot().get(f"{APP}/actions/runs?branch=other").json()["total_count"] == 0
