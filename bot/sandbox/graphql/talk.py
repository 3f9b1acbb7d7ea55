"""Issues' and pull requests' shared fields, comments, reactions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from weakref import WeakKeyDictionary

from bot.sandbox.graphql.context import Context, Unsupported
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.issues import state_of
from bot.sandbox.graphql.page import Listing, in_order
from bot.sandbox.represent.accounts import association
from bot.sandbox.state import Account, Comment, Issue, Label, Pull, Reaction, Review

CONTENTS = {
    "THUMBS_UP": "+1",
    "THUMBS_DOWN": "-1",
    "LAUGH": "laugh",
    "HOORAY": "hooray",
    "CONFUSED": "confused",
    "HEART": "heart",
    "ROCKET": "rocket",
    "EYES": "eyes",
}
_WORDS = {word: name for name, word in CONTENTS.items()}

# Only GraphQL knows minimized comments, so the reason is kept here beside the comment.
MINIMIZED: WeakKeyDictionary[Comment, str] = WeakKeyDictionary()

type_names(Comment, "IssueComment")
type_names(Reaction, "Reaction")

SAID = Fields("Issue", "PullRequest", "IssueComment")
SAID.attributes(author="user", createdAt="created_at", updatedAt="updated_at", publishedAt="created_at")
EVERYTHING = Fields("Issue", "PullRequest", "IssueComment", "PullRequestReview")
EVERYTHING.attributes(id="node_id", databaseId="id", fullDatabaseId="id")
EVERYTHING.add("body", lambda x, _c, _: x.body or "")
EVERYTHING.add("editor", lambda x, _c, _: _editor(x))
EVERYTHING.add("lastEditedAt", lambda x, _c, _: _edited_at(x))
EVERYTHING.add("viewerDidAuthor", lambda x, c, _: x.user is c.actor.account)
EVERYTHING.values(includesCreatedEdit=False, createdViaEmail=False)


@EVERYTHING.field("authorAssociation")
def author_association(said: Issue | Comment | Review, _context: Context, _args: dict[str, Any]) -> str:
    """What the author is to the repository."""
    return association(said.user, _issue(said).repo)


def _edited_at(said: Issue | Comment | Review) -> datetime | None:
    """When the text was last changed; null for what was never edited."""
    if isinstance(said, Comment):  # only an edit moves a comment's time
        return said.updated_at if said.updated_at != said.created_at else None
    if isinstance(said, Review):  # nothing here edits a review
        return None
    return cast("datetime | None", _kept(said, "edited_at"))


def _editor(said: Issue | Comment | Review) -> Account | None:
    """Who last changed the text; null for what was never edited."""
    if isinstance(said, Comment | Review) and _edited_at(said) is None:
        return None
    return cast("Account | None", _kept(said, "editor"))


def _kept(said: Issue | Comment | Review, attribute: str) -> Any:
    """What the world keeps of an edit; where it keeps nothing, a null would be a lie."""
    if not hasattr(said, attribute):
        raise Unsupported(f"the local GitHub does not keep {attribute} of {type(said).__name__}")
    return getattr(said, attribute)


def _issue(said: Issue | Comment | Review) -> Issue:
    if isinstance(said, Comment):
        return said.issue
    return said.pull if isinstance(said, Review) else said


def page_of(issue: Issue) -> str:
    """Path of an issue's or pull request's page."""
    kind = "pull" if isinstance(issue, Pull) else "issues"
    return f"{issue.repo.full_name}/{kind}/{issue.number}"


ISSUE = Fields("Issue", "PullRequest")
ISSUE.attributes(number="number", title="title", closedAt="closed_at", repository="repo")
ISSUE.add("url", lambda x, c, _: c.web(page_of(x)))
ISSUE.add("resourcePath", lambda x, _c, _: f"/{page_of(x)}")
ISSUE.add("state", lambda x, _c, _: state_of(x))
ISSUE.add("closed", lambda x, _c, _: x.state != "open")
ISSUE.add("locked", lambda _x, _c, _: False)
Fields("Issue").add("stateReason", lambda x, _c, _: x.state_reason.upper() if x.state_reason else None)
type_names(Pull, "PullRequest")
type_names(Issue, "Issue")


@ISSUE.connection("labels")
def labels(issue: Issue, _context: Context, args: dict[str, Any]) -> list[Label]:
    """The labels that it wears."""
    return in_order(issue.labels, args.get("orderBy"))


@ISSUE.connection("assignees")
def assignees(issue: Issue, _context: Context, _args: dict[str, Any]) -> list[Account]:
    """People it is assigned to."""
    return issue.assignees


@ISSUE.connection("comments")
def comments(issue: Issue, _context: Context, args: dict[str, Any]) -> list[Comment]:
    """The conversation, oldest first unless ordered by UPDATED_AT."""
    return in_order(issue.comments, args.get("orderBy"))


COMMENT = Fields("IssueComment")
COMMENT.attributes(issue="issue")
COMMENT.add("repository", lambda x, _c, _: x.issue.repo)
COMMENT.add("pullRequest", lambda x, _c, _: x.issue if isinstance(x.issue, Pull) else None)
COMMENT.add("url", lambda x, c, _: c.web(f"{page_of(x.issue)}#issuecomment-{x.id}"))
COMMENT.add("resourcePath", lambda x, _c, _: f"/{page_of(x.issue)}#issuecomment-{x.id}")
COMMENT.add("isMinimized", lambda x, _c, _: x in MINIMIZED)
COMMENT.add("minimizedReason", lambda x, _c, _: MINIMIZED.get(x))


# reactions --------------------------------------------------------------------------------------------------
REACTABLE = Fields("Issue", "PullRequest", "IssueComment")
REACTION = Fields("Reaction")
REACTION.attributes(id="node_id", databaseId="id", user="user", createdAt="created_at")
REACTION.add("content", lambda x, _c, _: _WORDS[x.content])


@REACTABLE.connection("reactions")
def reactions(said: Issue | Comment, context: Context, args: dict[str, Any]) -> Listing:
    """Reactions, oldest first; `content` filters."""
    word = CONTENTS.get(args.get("content") or "")
    found = [r for r in said.reactions if word in (None, r.content)]
    mine = any(r.user is context.actor.account for r in found)
    return Listing(items=in_order(found, args.get("orderBy")), extra={"viewerHasReacted": mine})


@REACTABLE.field("reactionGroups")
def reaction_groups(said: Issue | Comment, context: Context, _args: dict[str, Any]) -> list[dict[str, Any]]:
    """One group for each kind of reaction, empty ones too, as GitHub lists them."""
    return [_group(said, context, name, word) for name, word in CONTENTS.items()]


def _group(said: Issue | Comment, context: Context, name: str, word: str) -> dict[str, Any]:
    found = [r for r in said.reactions if r.content == word]
    return {
        "content": name,
        "createdAt": found[0].created_at if found else None,
        "subject": said,
        "viewerHasReacted": any(r.user is context.actor.account for r in found),
    }
