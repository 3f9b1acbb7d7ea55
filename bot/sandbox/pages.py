"""Small pages for a person: what ``html_url`` points at. Everything shown is escaped (Jinja autoescape)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as Answer

from bot.sandbox.actions.merging import mergeable_state
from bot.sandbox.errors import not_found
from bot.sandbox.gitstore import FileDiff
from bot.sandbox.represent.pulls import compared
from bot.sandbox.rest.common import world
from bot.sandbox.state import Issue, Pull, Repository

routes = Blueprint("pages", __name__)

_BASE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{{ title }}</title><style>
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.2rem}
a{color:#0969da}h1{font-size:1.35rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
nav,small,.soft{color:#777}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
pre{background:var(--soft);padding:.7rem;border-radius:6px;overflow:auto;white-space:pre-wrap;font-size:13px}
pre.diff{white-space:pre}.add{color:#1a7f37}.del{color:#cf222e}.hunk{color:#8250df}
.tag{display:inline-block;border-radius:1rem;padding:0 .6rem;font-size:.82rem;border:1px solid var(--line)}
.success,.open{color:#1a7f37}.failure,.closed{color:#cf222e}.merged{color:#8250df}
</style></head><body><nav>local GitHub{% if repo %} · <a href="/{{ repo.full_name }}">{{ repo.full_name }}</a>
{% endif %}</nav><h1>{{ title }}</h1>"""

_DIFF = """{% for d in diffs %}<h2>{% if d.previous %}{{ d.previous }} → {% endif %}{{ d.path }}
<small>{{ d.status }} <span class="add">+{{ d.additions }}</span>
<span class="del">−{{ d.deletions }}</span></small></h2>
<pre class="diff">{% for line in (d.patch or "(binary)").split("\\n") %}<span class="{{ 'add' if line[:1] == '+'
 else 'del' if line[:1] == '-' else 'hunk' if line[:2] == '@@' else '' }}">{{ line }}</span>
{% endfor %}</pre>{% endfor %}"""

_REPO = """<h2>Pull requests</h2><table>{% for p in pulls %}<tr>
<td><a href="/{{ repo.full_name }}/pull/{{ p.number }}">#{{ p.number }}</a></td><td>{{ p.title }}
{% for one in p.labels %} <span class="tag">{{ one.name }}</span>{% endfor %}</td>
<td class="{{ state(p) }}">{{ state(p) }}</td><td>{{ p.user.login }}</td></tr>
{% else %}<tr><td class="soft">none</td></tr>{% endfor %}</table>
<h2>Workflow runs</h2><table>{% for r in runs %}<tr>
<td><a href="/{{ repo.full_name }}/actions/runs/{{ r.id }}">{{ r.workflow.name }} #{{ r.number }}</a></td>
<td>{{ r.title }}</td><td>{{ r.head_branch }}</td><td class="{{ r.conclusion }}">
{{ r.conclusion or r.status }}</td></tr>{% else %}<tr><td class="soft">none</td></tr>{% endfor %}</table>
<h2>Branches</h2><table>{% for name, sha in branches %}<tr>
<td><a href="/{{ repo.full_name }}/tree/{{ name }}">{{ name }}</a></td><td>
<a href="/{{ repo.full_name }}/commit/{{ sha }}"><code>{{ sha[:10] }}</code></a></td></tr>{% endfor %}</table>"""

_PULL = """<p><span class="tag {{ state(pull) }}">{{ state(pull) }}</span>
{{ pull.user.login }} wants to merge <code>{{ pull.head_ref }}</code> into <code>{{ pull.base_ref }}</code>
{% if pull.state == "open" %}<small>({{ merge_state }})</small>{% endif %}
{% for one in pull.labels %} <span class="tag">{{ one.name }}</span>{% endfor %}</p>
<pre>{{ pull.body or "" }}</pre>
<h2>Checks</h2><table>{% for c in checks %}<tr><td>
<a href="/{{ repo.full_name }}/runs/{{ c.id }}">{{ c.name }}</a></td><td class="{{ c.conclusion }}">
{{ c.conclusion or c.status }}</td><td>{{ c.output.get("title") or "" }}</td></tr>
{% else %}<tr><td class="soft">none yet</td></tr>{% endfor %}</table>
{% if pull.reviews %}<h2>Reviews</h2><table>{% for r in pull.reviews %}<tr><td>{{ r.user.login }}</td>
<td>{{ r.state }}</td><td>{{ r.body }}</td></tr>{% endfor %}</table>{% endif %}
{% for c in pull.comments %}<h2>{{ c.user.login }} <small>{{ c.created_at }}</small></h2>
<pre>{{ c.body }}</pre>{% endfor %}"""

_ISSUE = """<p><span class="tag {{ issue.state }}">{{ issue.state }}</span> {{ issue.user.login }}</p>
<pre>{{ issue.body or "" }}</pre>{% for c in issue.comments %}<h2>{{ c.user.login }}</h2>
<pre>{{ c.body }}</pre>{% endfor %}"""

_RUN = """<p><span class="tag {{ run.conclusion }}">{{ run.conclusion or run.status }}</span>
attempt {{ run.attempt }} · {{ run.event }} on <code>{{ run.head_branch }}</code> at
<a href="/{{ repo.full_name }}/commit/{{ run.head_sha }}"><code>{{ run.head_sha[:10] }}</code></a></p>
<h2>Artifacts</h2><table>{% for a in run.artifacts %}<tr><td>{{ a.name }}</td>
<td>{{ a.zip | length }} bytes</td></tr>{% else %}<tr><td class="soft">none</td></tr>{% endfor %}</table>"""

_CHECK = """<p><span class="tag {{ c.conclusion }}">{{ c.conclusion or c.status }}</span> {{ c.app.name }} on
<a href="/{{ repo.full_name }}/commit/{{ c.head_sha }}"><code>{{ c.head_sha[:10] }}</code></a></p>
<h2>{{ c.output.get("title") or "" }}</h2><pre>{{ c.output.get("summary") or "" }}</pre>
{% if c.output.get("text") %}<pre>{{ c.output.get("text") }}</pre>{% endif %}
{% for a in c.annotations %}<p><code>{{ a.path }}:{{ a.start_line }}</code> {{ a.message }}</p>{% endfor %}"""

_NAMES = '<ul>{% for n in names %}<li><a href="/{{ n }}">{{ n }}</a></li>{% endfor %}</ul>'

_LISTING = """<ul>{% for e in listed %}<li>
<a href="/{{ repo.full_name }}/blob/{{ ref }}/{{ e.path }}">{{ e.path }}</a></li>{% endfor %}</ul>"""


def _state(pull: Pull) -> str:
    return "merged" if pull.merged else pull.state


def _page(template: str, title: str, repo: Repository, **values: Any) -> str:
    return render_template_string(_BASE + template, title=title, repo=repo, state=_state, **values)


def _repo(owner: str, name: str) -> Repository:
    return world().repository(f"{owner}/{name}")


@routes.get("/")
def home() -> str:
    """All repositories."""
    with world().lock:
        names = sorted(r.full_name for r in world().repositories.values())
        return render_template_string(_BASE + _NAMES, title="Repositories", repo=None, names=names)


@routes.get("/<owner>")
def account(owner: str) -> str:
    """The repositories of one account."""
    with world().lock:
        found = world().account(owner)
        mine = [r.full_name for r in world().repositories.values() if r.owner is found]
        return render_template_string(_BASE + _NAMES, title=found.login, repo=None, names=sorted(mine))


@routes.get("/avatars/<int:number>")
def avatar(number: int) -> Response:
    """A coloured disc."""
    circle = f'<circle cx="10" cy="10" r="10" fill="hsl({number * 47 % 360} 60% 60%)"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">{circle}</svg>'
    return Response(svg, content_type="image/svg+xml")


@routes.get("/<owner>/<name>")
def repository(owner: str, name: str) -> str:
    """Pull requests, runs and branches of a repository."""
    with world().lock:
        repo = _repo(owner, name)
        branches = [(n.removeprefix("heads/"), sha) for n, sha in repo.git.refs("heads/").items()]
        runs = list(repo.runs.values())[::-1][:30]
        pulls = repo.pulls[::-1]
        return _page(_REPO, repo.full_name, repo, pulls=pulls, runs=runs, branches=branches)


@routes.get("/<owner>/<name>/pull/<int:number>")
def pull(owner: str, name: str, number: int) -> str:
    """A pull request: text, labels, checks, reviews, comments, diff."""
    with world().lock:
        repo = _repo(owner, name)
        found = repo.pull(number)
        checks = {c.name: c for c in repo.check_runs.values() if c.head_sha == found.head_sha}
        values: dict[str, Any] = {"pull": found, "checks": checks.values(), "diffs": _diffs(found)}
        values["merge_state"] = mergeable_state(world(), found)
        return _page(_PULL + _DIFF, f"#{number} {found.title}", repo, **values)


def _diffs(pull: Pull) -> list[FileDiff]:
    return pull.repo.git.diff(*compared(pull))


@routes.get("/<owner>/<name>/pull/<int:number>.diff")
def pull_diff(owner: str, name: str, number: int) -> Response:
    """The unified diff as text."""
    with world().lock:
        text = "".join(
            f"--- a/{d.previous or d.path}\n+++ b/{d.path}\n{d.patch or ''}\n"
            for d in _diffs(_repo(owner, name).pull(number))
        )
        return Response(text, content_type="text/plain; charset=utf-8")


@routes.get("/<owner>/<name>/issues/<int:number>")
def issue(owner: str, name: str, number: int) -> Answer | str:
    """An issue; a pull request redirects."""
    with world().lock:
        repo = _repo(owner, name)
        found: Issue | None = repo.issues.get(number)
        if found is None:
            raise not_found()
        if isinstance(found, Pull):
            return redirect(f"/{repo.full_name}/pull/{number}")
        return _page(_ISSUE, f"#{number} {found.title}", repo, issue=found)


@routes.get("/<owner>/<name>/actions/runs/<int:number>")
def run(owner: str, name: str, number: int) -> str:
    """A workflow run and its artifacts."""
    with world().lock:
        repo = _repo(owner, name)
        if number not in repo.runs:
            raise not_found()
        found = repo.runs[number]
        return _page(_RUN, f"{found.workflow.name} #{found.number}: {found.title}", repo, run=found)


@routes.get("/<owner>/<name>/runs/<int:number>")
def check_run(owner: str, name: str, number: int) -> str:
    """A check run's output."""
    with world().lock:
        repo = _repo(owner, name)
        if number not in repo.check_runs:
            raise not_found()
        found = repo.check_runs[number]
        return _page(_CHECK, found.name, repo, c=found)


@routes.get("/<owner>/<name>/commit/<sha>")
def commit(owner: str, name: str, sha: str) -> str:
    """A commit and its difference to the first parent."""
    with world().lock:
        repo = _repo(owner, name)
        found = repo.git.resolve(sha)
        if found is None:
            raise not_found()
        raw = repo.git.commit(found)
        diffs = repo.git.diff(str(raw.parent_ids[0]) if raw.parent_ids else None, found)
        text = "<p>{{ author }} <code>{{ sha }}</code></p><pre>{{ message }}</pre>" + _DIFF
        values = {"author": raw.author.name, "sha": found, "message": raw.message, "diffs": diffs}
        return _page(text, raw.message.partition("\n")[0], repo, **values)


@routes.get("/<owner>/<name>/compare/<path:basehead>")
def compare(owner: str, name: str, basehead: str) -> str:
    """Commits and difference between two refs."""
    with world().lock:
        repo = _repo(owner, name)
        one, _, two = basehead.partition("...")
        base, head = repo.git.resolve(one), repo.git.resolve(two)
        if base is None or head is None:
            raise not_found()
        root = repo.git.merge_base(base, head) or base
        shas = repo.git.log(head, hide=base)
        commits = [(sha, repo.git.commit(sha).message.partition("\n")[0]) for sha in shas]
        text = """<table>{% for sha, line in commits %}<tr><td><a href="/{{ repo.full_name }}/commit/{{ sha }}">
<code>{{ sha[:10] }}</code></a></td><td>{{ line }}</td></tr>{% endfor %}</table>"""
        return _page(text + _DIFF, basehead, repo, commits=commits, diffs=repo.git.diff(root, head))


@routes.get("/<owner>/<name>/tree/<path:place>")
@routes.get("/<owner>/<name>/blob/<path:place>")
@routes.get("/<owner>/<name>/raw/<path:place>")
def files(owner: str, name: str, place: str) -> Response | str:
    """A directory, a file, or a file's bytes: ``ref/path``, the longest ref that exists."""
    with world().lock:
        repo = _repo(owner, name)
        parts = place.split("/")
        for cut in range(len(parts), 0, -1):
            sha, path = repo.git.resolve("/".join(parts[:cut])), "/".join(parts[cut:])
            entry = repo.git.entry(sha, path) if sha else None
            if entry is not None and entry.kind == "blob":
                data = repo.git.blob(entry.sha)
                if f"/{owner}/{name}/raw/" in request.path:
                    return Response(data, content_type="text/plain; charset=utf-8")
                text = data.decode(errors="replace")
                return _page("<pre>{{ text }}</pre>", place, repo, text=text)
            if entry is not None and entry.kind == "tree":
                listed = repo.git.entries(entry.sha, under=f"{path}/" if path else "")
                ref = "/".join(parts[:cut])
                return _page(_LISTING, place, repo, listed=listed, ref=ref)
        raise not_found()
