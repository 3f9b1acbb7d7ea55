"""What GitHub's answers become: retry, stop, start afresh. Nothing is sent twice by itself."""

from __future__ import annotations

import pytest
import requests
import responses

from bot.adapters.github import Installation
from bot.adapters.github.graphql import FieldError, Reply, reply_of, write_trouble
from bot.errors import LockstepError, Retryable, Stale, Terminal
from tests.adapters.github.conftest import API, mint

LABELS = f"{API}/repos/octo/app/labels"


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (500, "Server Error", Retryable),
        (502, "Bad Gateway", Retryable),
        (503, "Unavailable", Retryable),
        (301, "Moved Permanently", Stale),
        (307, "Temporary Redirect", Stale),
        (409, "Conflict", Stale),
        (403, "Resource not accessible by integration", Terminal),
        (404, "Not Found", Terminal),
        (410, "Gone", Terminal),
        (422, "Validation Failed", Terminal),
        (400, "Problems parsing JSON", Terminal),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_an_answer_is_sorted_and_nothing_is_repeated(
    github: Installation,
    canned: responses.RequestsMock,
    verb: str,
    status: int,
    message: str,
    kind: type[LockstepError],
) -> None:
    mint(canned)
    headers = {"Location": f"{API}/repositories/9/labels"}
    canned.add(verb, LABELS, status=status, json={"message": message}, headers=headers)
    with pytest.raises(kind):
        github._channel.rest(verb, "/repos/octo/app/labels", purpose="test", body={})
    assert len(canned.calls) == 2


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError("refused"), requests.ReadTimeout("slow"), OSError("broken")]
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_no_answer_is_worth_another_try_later(
    github: Installation, canned: responses.RequestsMock, verb: str, failure: Exception
) -> None:
    mint(canned)
    canned.add(verb, LABELS, body=failure)
    with pytest.raises(Retryable, match=f"did not answer {verb} /repos/octo/app/labels"):
        github._channel.rest(verb, "/repos/octo/app/labels", purpose="test", body={})
    assert len(canned.calls) == 2


def test_a_page_of_html_instead_of_json_is_worth_another_try(
    github: Installation, canned: responses.RequestsMock
) -> None:
    mint(canned)
    canned.add(responses.GET, LABELS, body="<html>Unicorn!</html>", status=200)
    with pytest.raises(Retryable, match="no JSON"):
        github._channel.rest("GET", "/repos/octo/app/labels", purpose="test")


def test_an_answer_that_is_not_ready_is_asked_for_later(
    github: Installation, canned: responses.RequestsMock
) -> None:
    mint(canned)
    canned.add(responses.GET, LABELS, status=202, json={})
    with pytest.raises(Retryable, match="still preparing"):
        github._channel.rest("GET", "/repos/octo/app/labels", purpose="test")
    assert len(canned.calls) == 2


def test_a_missing_permission_is_named(github: Installation, canned: responses.RequestsMock) -> None:
    mint(canned)
    canned.add(
        responses.GET,
        LABELS,
        status=403,
        json={"message": "Resource not accessible by integration"},
        headers={"x-accepted-github-permissions": "issues=read"},
    )
    with pytest.raises(Terminal, match="issues=read"):
        github._channel.rest("GET", "/repos/octo/app/labels", purpose="test")


def test_case_25_a_renamed_repository_is_forgotten_so_that_the_next_look_asks_for_its_name(
    github: Installation, canned: responses.RequestsMock
) -> None:
    mint(canned)
    repository = {
        "id": 41,
        "node_id": "R_41",
        "full_name": "octo/app",
        "default_branch": "main",
        "html_url": "https://github.com/octo/app",
    }
    canned.add(responses.GET, f"{API}/installation/repositories", json={"repositories": [repository]})
    canned.add(responses.GET, f"{API}/repos/octo/app/actions/runs/1", status=301, json={"message": "Moved"})
    github.repositories()
    with pytest.raises(Stale, match="renamed or transferred"):
        github.run("octo/app", 1)
    assert github._channel.shared.known.repository(41) is None


@pytest.mark.parametrize(
    ("type_", "message", "kind"),
    [
        ("STALE_DATA", "Expected branch to point to x", Stale),
        ("NOT_FOUND", "Could not resolve to a node", Stale),
        ("UNPROCESSABLE", 'A ref named "refs/heads/x" already exists in the repository.', Stale),
        ("UNPROCESSABLE", "A pull request already exists for octo:x.", Stale),
        ("UNPROCESSABLE", "No commits between main and x", Stale),
        ("UNPROCESSABLE", "Body is too long", Terminal),
        ("FORBIDDEN", "Resource not accessible by integration", Terminal),
        ("SERVICE_UNAVAILABLE", "Unavailable", Retryable),
        ("", "Something went wrong while executing your query.", Retryable),
    ],
)
def test_a_mutations_error_is_sorted(type_: str, message: str, kind: type[LockstepError]) -> None:
    error = FieldError(type=type_, path=("m0",), message=message)
    assert isinstance(write_trouble(error, "createRef"), kind)


def test_a_graphql_timeout_is_worth_another_try() -> None:
    body = {"errors": [{"message": "Something went wrong while executing your query. Timeout."}]}
    with pytest.raises(Retryable):
        reply_of(body, "GraphQL")


def test_a_question_that_github_does_not_understand_ends_it() -> None:
    body = {"errors": [{"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}]}
    with pytest.raises(Terminal, match="does not understand"):
        reply_of(body, "GraphQL")


def test_half_an_answer_is_no_answer() -> None:
    error = FieldError(type="FORBIDDEN", path=("node", "labels"), message="no")
    with pytest.raises(Terminal, match=r"may not read node\.labels"):
        Reply(data={"node": {}}, errors=(error,)).must_be_read()
