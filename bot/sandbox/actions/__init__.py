"""What can be done on the local GitHub: each checks permissions, changes the world, tells the sinks.

Both doors (REST and GraphQL) call these and nothing else. Every function wants ``world.lock`` held and raises
``Refused`` with GitHub's status and sentence.
"""

from bot.sandbox.actions.checks import (
    create_check_run,
    press_button,
    rerequest_check_run,
    rerequest_check_suite,
    set_status,
    suite_state,
    update_check_run,
)
from bot.sandbox.actions.deployments import create_deployment, set_deployment_status
from bot.sandbox.actions.gates import answer_gate, request_gate
from bot.sandbox.actions.issues import (
    add_labels,
    comment,
    create_label,
    delete_comment,
    dismiss_review,
    edit_comment,
    open_issue,
    react,
    remove_label,
    review,
    set_labels,
    update_issue,
)
from bot.sandbox.actions.merging import (
    approvals,
    blocked,
    conflicts,
    merge_pull,
    mergeable_state,
    update_branch,
)
from bot.sandbox.actions.pulls import (
    close_pull,
    open_pull,
    reopen_pull,
    request_reviews,
    set_draft,
    update_pull,
)
from bot.sandbox.actions.queue import dequeue, enqueue
from bot.sandbox.actions.refs import (
    commit_on_branch,
    create_commit,
    create_ref,
    create_tree,
    delete_ref,
    move,
    suite_of,
    update_ref,
)
from bot.sandbox.actions.releases import create_release
from bot.sandbox.actions.required import check_state
from bot.sandbox.actions.workflows import finish_run, rerun, start_run, workflow_of

__all__ = [
    "add_labels",
    "answer_gate",
    "approvals",
    "blocked",
    "check_state",
    "close_pull",
    "comment",
    "commit_on_branch",
    "conflicts",
    "create_check_run",
    "create_commit",
    "create_deployment",
    "create_label",
    "create_ref",
    "create_release",
    "create_tree",
    "delete_comment",
    "delete_ref",
    "dequeue",
    "dismiss_review",
    "edit_comment",
    "enqueue",
    "finish_run",
    "merge_pull",
    "mergeable_state",
    "move",
    "open_issue",
    "open_pull",
    "press_button",
    "react",
    "remove_label",
    "reopen_pull",
    "request_gate",
    "request_reviews",
    "rerequest_check_run",
    "rerequest_check_suite",
    "rerun",
    "review",
    "set_deployment_status",
    "set_draft",
    "set_labels",
    "set_status",
    "start_run",
    "suite_of",
    "suite_state",
    "update_branch",
    "update_check_run",
    "update_issue",
    "update_pull",
    "update_ref",
    "workflow_of",
]
