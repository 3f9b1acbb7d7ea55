"""GitHub Deployments with their statuses, and dispatched workflows; each with a token of its own permission.

https://docs.github.com/en/rest/deployments/deployments#create-a-deployment
https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status
https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from bot.adapters.github.batch import Batch
from bot.adapters.github.channel import Channel
from bot.adapters.github.errors import message_of
from bot.adapters.github.text import CHECK_TEXT, cut, one_line
from bot.model.action import DispatchWorkflow, MirrorDeployment, ReviewDeployment

DEPLOYMENTS = "deployments"
ACTIONS = "actions"
MARK = "lockstep"
"""The key in a deployment's payload that tells whose pull request it mirrors."""
LONGEST = 140
"""Characters of a description; GitHub takes no more:
https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status--parameters"""


def mirror(batch: Batch, index: int, action: MirrorDeployment) -> None:
    """Makes the deployment unless it is there, and gives it the status unless that is its newest one: after a lost
    answer nothing is doubled."""
    batch.flush()
    channel, name = batch.alone(DEPLOYMENTS), batch.repository.full_name
    made = action.deployment_id or _there(channel, name, action) or _make(channel, name, action)
    batch.note(index, {"deployment": made})
    path = f"/repos/{name}/deployments/{made}/statuses"
    newest = channel.rest("GET", path, purpose="deployments", params={"per_page": 1}).data
    description = one_line(action.description, LONGEST)
    if newest and (newest[0]["state"], newest[0]["description"]) == (action.state, description):
        batch.note(index, {"status": newest[0]["id"]})
        return
    body = {
        "state": action.state,
        "description": description,
        "environment": action.environment,
        "log_url": action.log_url,
        "environment_url": action.environment_url,
        "auto_inactive": True,
    }
    batch.note(index, {"status": channel.rest("POST", path, purpose="deployments", body=body).data["id"]})


def _there(channel: Channel, name: str, action: MirrorDeployment) -> int | None:
    """The one that was made for this pull request before an answer was lost."""
    params = {"sha": action.sha, "environment": action.environment, "per_page": 100}
    listed = channel.rest("GET", f"/repos/{name}/deployments", purpose="deployments", params=params).data
    return next((int(each["id"]) for each in listed if _marked(each.get("payload"), action.number)), None)


def _marked(payload: Any, number: int) -> bool:
    """GitHub gives the payload as the object that was sent, or as its text."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return False
    return isinstance(payload, dict) and payload.get(MARK) == number


def _make(channel: Channel, name: str, action: MirrorDeployment) -> int:
    """GitHub must neither merge anything into the commit nor wait for checks: what is deployed was merged."""
    body = {
        "ref": action.sha,
        "environment": action.environment,
        "description": one_line(action.because, LONGEST),
        "payload": {MARK: action.number},
        "auto_merge": False,
        "required_contexts": [],
        "transient_environment": False,
        "production_environment": action.production,
    }
    answer = channel.rest("POST", f"/repos/{name}/deployments", purpose="deployments", body=body)
    return int(answer.data["id"])


def review_deployment(batch: Batch, index: int, action: ReviewDeployment) -> None:
    """Answers a waiting job. The address is made of the run's id, never taken from the webhook. `refused` in the
    receipt: nothing waits there any more."""
    batch.flush()
    path = f"/repos/{action.repository}/actions/runs/{action.run_id}/deployment_protection_rule"
    body = {"environment_name": action.environment, "comment": cut(action.comment, CHECK_TEXT)}
    if action.state is not None:
        body["state"] = action.state
    channel = batch.alone(DEPLOYMENTS)
    answer = channel.rest("POST", path, purpose="deployments", body=body, allow=(404, 422))
    if answer.status >= 300:
        batch.note(index, {"refused": f"GitHub refused it ({answer.status}): {message_of(answer.data)}"})
        return
    batch.note(index, {"state": action.state or "told"})


def dispatch(batch: Batch, index: int, action: DispatchWorkflow) -> None:
    """Starts the workflow. `refused` in the receipt: GitHub takes it so never (no such workflow, branch or input)."""
    batch.flush()
    flow = quote(action.workflow.rpartition("/")[2], safe="")
    path = f"/repos/{action.repository}/actions/workflows/{flow}/dispatches"
    body = {"ref": action.ref, "inputs": dict(action.inputs), "return_run_details": True}
    channel = batch.alone(ACTIONS)
    answer = channel.rest("POST", path, purpose="dispatch", body=body, allow=(404, 422))
    if answer.status >= 300:
        batch.note(index, {"refused": f"GitHub refused it ({answer.status}): {message_of(answer.data)}"})
        return
    run_id = answer.data.get("workflow_run_id") if isinstance(answer.data, dict) else None
    batch.note(index, {"run_id": run_id} if run_id else {})
