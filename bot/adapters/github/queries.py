"""The GraphQL questions. Constants that end in `_QUERY` are held against GitHub's whole schema by a contract test.

Questions about files differ in the number of paths, so they are put together; paths and names always travel as
variables. https://docs.github.com/en/graphql/reference/queries
"""

from __future__ import annotations

import functools

PAGE = 100
"""GitHub's largest page."""

_ACTOR = """
fragment ActorFields on Actor {
  __typename login
  ... on User { databaseId } ... on Bot { databaseId }
  ... on Organization { databaseId } ... on Mannequin { databaseId }
}"""

_REPOSITORY = """
fragment RepositoryFields on Repository { id databaseId nameWithOwner url defaultBranchRef { name } }"""

_COMMIT = """
fragment CommitFields on Commit {
  oid message url committedDate tree { oid } parents(first: 10) { nodes { oid } }
  author { name email user { databaseId login } } signature { isValid }
}"""

_HISTORY = """
fragment HistoryFields on Commit {
  oid history(first: 100) { nodes { ...CommitFields } pageInfo { hasNextPage } }
}"""

_FILE = """
fragment FileFields on TreeEntry {
  mode type oid object { __typename ... on Blob { oid byteSize isBinary isTruncated text } }
}"""

_PULL = """
fragment PullFields on PullRequest {
  id number url title body state isDraft createdAt mergedAt baseRefName baseRefOid headRefName headRefOid
  mergeable mergeStateStatus changedFiles
  author { ...ActorFields } mergedBy { ...ActorFields } mergeCommit { oid } headRepository { databaseId }
  labels(first: 100) { nodes { name } }
  reviews(first: 1) { totalCount }
  isMergeQueueEnabled isInMergeQueue mergeQueueEntry { headCommit { oid } }
  files(first: 100) { nodes { path changeType } pageInfo { hasNextPage endCursor } }
  comments(first: 100) { nodes { ...CommentFields } pageInfo { hasNextPage endCursor } }
}
fragment CommentFields on IssueComment {
  id fullDatabaseId url body createdAt lastEditedAt author { ...ActorFields } editor { ...ActorFields }
}"""

_CONTEXTS = """
fragment ContextFields on StatusCheckRollupContextConnection {
  nodes {
    __typename
    ... on CheckRun {
      id name status conclusion title summary startedAt detailsUrl externalId checkSuite { app { databaseId } }
    }
    ... on StatusContext { context state targetUrl }
  }
  pageInfo { hasNextPage endCursor }
}"""

RULES_QUERY = f"""
query Rules($repositories: [ID!]!, $first: String!, $second: String!) {{
  viewer {{ login databaseId }}
  nodes(ids: $repositories) {{
    ... on Repository {{
      ...RepositoryFields
      head: defaultBranchRef {{
        target {{
          ... on Commit {{
            oid f0: file(path: $first) {{ ...FileFields }} f1: file(path: $second) {{ ...FileFields }}
          }}
        }}
      }}
    }}
  }}
}}{_REPOSITORY}{_FILE}"""

VIEWER_QUERY = "query Viewer { viewer { login databaseId } }"
"""With an installation token the viewer is the App's bot."""

HISTORY_QUERY = f"""
query History($owner: String!, $name: String!, $new: String!) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    databaseId object(expression: $new) {{ ...HistoryFields }}
  }}
}}{_HISTORY}{_COMMIT}"""

PULL_FILES_QUERY = """
query PullFiles($repository: ID!, $number: Int!, $after: String!) {
  node(id: $repository) {
    ... on Repository {
      pullRequest(number: $number) {
        page: files(first: 100, after: $after) { nodes { path changeType } pageInfo { hasNextPage endCursor } }
      }
    }
  }
}"""

PULL_COMMITS_QUERY = f"""
query PullCommits($repository: ID!, $number: Int!, $after: String) {{
  node(id: $repository) {{
    ... on Repository {{
      pullRequest(number: $number) {{
        page: commits(first: 100, after: $after) {{
          totalCount pageInfo {{ hasNextPage endCursor }}
          nodes {{ commit {{ ...CommitFields committer {{ name email user {{ databaseId login }} }} }} }}
        }}
      }}
    }}
  }}
}}{_COMMIT}"""

PULL_COMMENTS_QUERY = f"""
query PullComments($repository: ID!, $number: Int!, $after: String!) {{
  node(id: $repository) {{
    ... on Repository {{
      pullRequest(number: $number) {{
        page: comments(first: 100, after: $after) {{
          nodes {{ ...CommentFields }} pageInfo {{ hasNextPage endCursor }}
        }}
      }}
    }}
  }}
}}
fragment CommentFields on IssueComment {{
  id fullDatabaseId url body createdAt lastEditedAt author {{ ...ActorFields }}
}}{_ACTOR}"""

_REVIEW = """
fragment ReviewFields on PullRequestReview {
  fullDatabaseId state submittedAt author { ...ActorFields } commit { oid }
}"""

PULL_REVIEWS_QUERY = f"""
query PullReviews($repository: ID!, $number: Int!, $after: String!) {{
  node(id: $repository) {{
    ... on Repository {{
      pullRequest(number: $number) {{
        page: reviews(first: 100, after: $after) {{
          nodes {{ ...ReviewFields }} pageInfo {{ hasNextPage endCursor }}
        }}
      }}
    }}
  }}
}}{_REVIEW}{_ACTOR}"""

CONTEXTS_QUERY = f"""
query Contexts($repository: ID!, $head: GitObjectID!, $after: String!) {{
  node(id: $repository) {{
    ... on Repository {{
      object(oid: $head) {{
        ... on Commit {{ statusCheckRollup {{ contexts(first: 100, after: $after) {{ ...ContextFields }} }} }}
      }}
    }}
  }}
}}{_CONTEXTS}"""


@functools.lru_cache(maxsize=128)
def merge_group_query(files: int) -> str:
    """A merge queue with what stands in it, and the commit of one of its groups: variables `repository`, `branch`,
    `head`, `p0` …

    GitHub builds far fewer than a hundred groups at a time; what has no commit yet is no group.
    """
    return f"""
query MergeGroup($repository: ID!, $branch: String!, $head: GitObjectID!{_path_variables(files)}) {{
  node(id: $repository) {{
    ... on Repository {{
      ...RepositoryFields
      mergeQueue(branch: $branch) {{
        entries(first: 100) {{
          nodes {{ position headCommit {{ oid }} pullRequest {{ number headRefOid }} }}
        }}
      }}
      object(oid: $head) {{ ...HeadFields }}
    }}
  }}
}}
{_head(files)}{_REPOSITORY}{_COMMIT}{_CONTEXTS}{_FILE if files else ""}"""


CHECKS_QUERY = f"""
query Checks($repository: ID!, $commit: GitObjectID!) {{
  node(id: $repository) {{
    ... on Repository {{
      ...RepositoryFields
      object(oid: $commit) {{
        ... on Commit {{ oid statusCheckRollup {{ contexts(first: 100) {{ ...ContextFields }} }} }}
      }}
    }}
  }}
}}{_REPOSITORY}{_CONTEXTS}"""


@functools.lru_cache(maxsize=128)
def files_query(files: int) -> str:
    """Files at any commit: variables `owner`, `name`, `ref`, `p0` …; aliases `f0` …"""
    return f"""
query Files($owner: String!, $name: String!, $ref: String!{_path_variables(files)}) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    databaseId
    object(expression: $ref) {{ ... on Commit {{ oid {_files(files)} }} }}
  }}
}}{_FILE}"""


DIRECTORY_QUERY = f"""
query Directory($owner: String!, $name: String!, $ref: String!, $path: String!) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    databaseId
    object(expression: $ref) {{ ... on Commit {{
      oid file(path: $path) {{ object {{ __typename ... on Tree {{ entries {{ name ...FileFields }} }} }} }}
    }} }}
  }}
}}{_FILE}"""
"""The files of one directory: variables `owner`, `name`, `ref`, `path`."""


@functools.lru_cache(maxsize=128)
def environment_query(files: int, branches: int, histories: int = 0) -> str:
    """One environment: variables `repository`, `p0` … (paths), `r0` … (`refs/heads/…`); aliases `f0` …, `b0` ….
    With `histories`, also the commits of app repositories: variables `o0`, `n0`, `e0` (owner, name, commit); `h0` ….

    Pull requests are asked of the branch, not by its name: a fork may use the same name for a hundred of them.
    """
    refs = "".join(f", $r{index}: String!" for index in range(branches))
    asked = "".join(
        f"\n      b{index}: ref(qualifiedName: $r{index}) {{ ...BranchFields }}" for index in range(branches)
    )
    asking = "".join(
        f", $o{each}: String!, $n{each}: String!, $e{each}: String!" for each in range(histories)
    )
    history = "\n  h{0}: repository(owner: $o{0}, name: $n{0}, followRenames: false) {{"
    history += " databaseId object(expression: $e{0}) {{ ...HistoryFields }} }}"
    histories_asked = "".join(history.format(each) for each in range(histories))
    commit = _COMMIT if branches or histories else ""
    branch = f"""
fragment BranchFields on Ref {{
  name
  target {{ ... on Commit {{ ...CommitFields {_files(files)} }} }}
  associatedPullRequests(states: OPEN, first: 20) {{ nodes {{ ...PullFields commits(last: 1) {{ totalCount }} }} }}
}}{_PULL}{_ACTOR}"""
    return f"""
query Environment($repository: ID!{_path_variables(files)}{refs}{asking}) {{
  viewer {{ login databaseId }}{histories_asked}
  node(id: $repository) {{
    ... on Repository {{
      ...RepositoryFields
      labels(first: 100) {{ nodes {{ id name }} }}
      head: defaultBranchRef {{ target {{ ... on Commit {{ oid tree {{ oid }} {_files(files)} }} }} }}{asked}
    }}
  }}
}}{_REPOSITORY}{_FILE if files else ""}{branch if branches else ""}{_HISTORY if histories else ""}{commit}"""


@functools.lru_cache(maxsize=128)
def pull_query(files: int) -> str:
    """One pull request: variables `repository`, `number`, `p0` …; the head commit is the last of its commits."""
    return f"""
query Pull($repository: ID!, $number: Int!{_path_variables(files)}) {{
  viewer {{ login databaseId }}
  node(id: $repository) {{
    ... on Repository {{
      ...RepositoryFields
      labels(first: 100) {{ nodes {{ id name }} }}
      pullRequest(number: $number) {{
        ...PullFields
        voices: reviews(first: 100) {{ nodes {{ ...ReviewFields }} pageInfo {{ hasNextPage endCursor }} }}
        baseRef {{ target {{ ... on Commit {{ oid tree {{ oid }} {_files(files)} }} }} }}
        commits(last: 1) {{ totalCount nodes {{ commit {{ ...HeadFields }} }} }}
      }}
    }}
  }}
}}
{_head(files)}{_REPOSITORY}{_COMMIT}{_PULL}{_REVIEW}{_ACTOR}{_CONTEXTS}{_FILE if files else ""}"""


@functools.lru_cache(maxsize=128)
def arrivals_query(files: int) -> str:
    """Commits down from one, with their merged pull requests: variables `repository`, `head`, `first`, `after`, `p0` …;
    aliases `f0` …"""
    asked = " ".join(f"f{index}: file(path: $p{index}) {{ oid mode }}" for index in range(files))
    return f"""
query Arrivals($repository: ID!, $head: GitObjectID!, $first: Int!, $after: String{_path_variables(files)}) {{
  node(id: $repository) {{
    ... on Repository {{
      ...RepositoryFields
      object(oid: $head) {{ ... on Commit {{ history(first: $first, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          ...CommitFields {asked}
          associatedPullRequests(first: 10) {{ nodes {{
            number merged headRefOid baseRefName mergeCommit {{ oid }} baseRepository {{ databaseId }}
            author {{ ...ActorFields }} mergedBy {{ ...ActorFields }}
          }} }}
        }}
      }} }} }}
    }}
  }}
}}{_REPOSITORY}{_COMMIT}{_ACTOR}"""


@functools.lru_cache(maxsize=128)
def teams_query(teams: int) -> str:
    """Members of teams: variables `o0`, `s0`, `a0` (organization, slug, cursor or null) …; aliases `t0` …

    Without `membership` GitHub lists the members of child teams too, and nobody who is only invited:
    https://docs.github.com/en/graphql/reference/objects#team
    """
    asking = ", ".join(f"$o{each}: String!, $s{each}: String!, $a{each}: String" for each in range(teams))
    asked = "".join(
        f"\n  t{each}: organization(login: $o{each}) {{ team(slug: $s{each}) {{ ...TeamFields "
        f"page: members(first: 100, after: $a{each}) {{ ...MemberFields }} }} }}"
        for each in range(teams)
    )
    return f"""
query Teams({asking}) {{{asked}
}}
fragment TeamFields on Team {{ combinedSlug }}
fragment MemberFields on TeamMemberConnection {{
  nodes {{ databaseId login }} pageInfo {{ hasNextPage endCursor }}
}}"""


@functools.lru_cache(maxsize=128)
def head_query(files: int) -> str:
    """A head commit by its id, for a pull request whose list of commits GitHub cuts off (attack case 24)."""
    return f"""
query Head($repository: ID!, $head: GitObjectID!{_path_variables(files)}) {{
  node(id: $repository) {{ ... on Repository {{ object(oid: $head) {{ ...HeadFields }} }} }}
}}
{_head(files)}{_COMMIT}{_CONTEXTS}{_FILE if files else ""}"""


@functools.lru_cache(maxsize=128)
def places_query(paths: int) -> str:
    """What stands at paths of a commit: variables `repository`, `commit`, `p0` …; aliases `f0` …"""
    asked = " ".join(f"f{index}: file(path: $p{index}) {{ mode oid size }}" for index in range(paths))
    return f"""
query Places($repository: ID!, $commit: GitObjectID!{_path_variables(paths)}) {{
  node(id: $repository) {{
    ... on Repository {{ ...RepositoryFields object(oid: $commit) {{ ... on Commit {{ oid {asked} }} }} }}
  }}
}}{_REPOSITORY}"""


ENTRIES_QUERY = f"""
query Entries($repository: ID!, $expression: String!) {{
  node(id: $repository) {{
    ... on Repository {{
      ...RepositoryFields object(expression: $expression) {{ ... on Tree {{ oid entries {{ name mode }} }} }}
    }}
  }}
}}{_REPOSITORY}"""
"""The names in one folder of a commit: `<commit>:<folder>`."""


@functools.lru_cache(maxsize=128)
def blobs_query(blobs: int) -> str:
    """Blobs by their ids: variables `repository`, `b0` …; aliases `o0` …"""
    asking = "".join(f", $b{index}: GitObjectID!" for index in range(blobs))
    asked = " ".join(
        f"o{index}: object(oid: $b{index}) {{ ... on Blob {{ text }} }}" for index in range(blobs)
    )
    return f"""
query Blobs($repository: ID!{asking}) {{
  node(id: $repository) {{ ... on Repository {{ {asked} }} }}
}}"""


def _head(files: int) -> str:
    return f"""fragment HeadFields on Commit {{
  ...CommitFields statusCheckRollup {{ contexts(first: 100) {{ ...ContextFields }} }} {_files(files)}
}}"""


def _path_variables(files: int) -> str:
    return "".join(f", $p{index}: String!" for index in range(files))


def _files(files: int) -> str:
    return " ".join(f"f{index}: file(path: $p{index}) {{ ...FileFields }}" for index in range(files))


FILES_QUERY = files_query(2)
ENVIRONMENT_QUERY = environment_query(2, 2, 2)
PULL_QUERY = pull_query(2)
HEAD_QUERY = head_query(1)
TEAMS_QUERY = teams_query(2)
MERGE_GROUP_QUERY = merge_group_query(2)
ARRIVALS_QUERY = arrivals_query(2)
PLACES_QUERY = places_query(2)
BLOBS_QUERY = blobs_query(2)
NOTE_QUERY = f"""
query Note($owner: String!, $name: String!, $ref: String!{_path_variables(3)}) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    databaseId
    object(expression: $ref) {{ ... on Commit {{ oid tree {{ oid }} {_files(3)} }} }}
  }}
}}{_FILE}"""
"""The newest commit of a notes ref, and the note of one commit at each of the three places where it can be."""
