"""Every question and every mutation is one that GitHub's published schema understands."""

from __future__ import annotations

import pytest

from bot.adapters.github import mutations, queries
from tests.contract.graphql import document_problems

DOCUMENTS = {
    name: text
    for module in (queries, mutations)
    for name, text in vars(module).items()
    if name.endswith(("_QUERY", "_MUTATION"))
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_constant_is_understood(name: str) -> None:
    assert document_problems(DOCUMENTS[name]) == []


@pytest.mark.parametrize("files", [0, 1, 3])
@pytest.mark.parametrize("branches", [0, 1, 3])
def test_a_question_about_an_environment_is_understood(files: int, branches: int) -> None:
    assert document_problems(queries.environment_query(files, branches)) == []
    assert document_problems(queries.environment_query(files, branches, 2)) == []


@pytest.mark.parametrize("files", [0, 1, 3])
def test_a_question_about_a_pull_request_is_understood(files: int) -> None:
    assert document_problems(queries.pull_query(files)) == []
    assert document_problems(queries.head_query(files)) == []
