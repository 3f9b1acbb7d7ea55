"""The rules file: bytes in, a frozen Policy or every error with its line out.

What a rules file leaves out comes from the shipped `policies/promotion-rules.yaml`, like this:

- An environment takes defaults from the shipped environment *of the same name* (`dev`, `staging`, `canary`,
  `production`). Any other name gets the careful defaults: merged when approved, pinned, never by itself.
- Writing a key replaces that key's whole value: `approvals: [{role: qa}]` leaves nothing of the shipped approvals.
- `gates` is the one exception: it is replaced gate by gate. `gates: {coverage: {min_percent: 75}}` keeps the
  other shipped gates, and replaces `coverage` as a whole.
- `gates: {coverage: off}` (or `false`, or null) switches a shipped gate off; `soak: null` ends a shipped soak;
  `approvals: []` asks for nobody by role.
- `sources`, `roles`, and an environment's `from`, `values` and `argocd` never have defaults. The shipped
  approvals of `canary` and `production` ask for roles by name: define them, or write other approvals.
- `alerts`, `guards`, `notify`, `freeze`, `commands` and `validation` are each replaced as a whole.
- Only environments that the file lists exist.

What a person or a pipeline sees as an error: see `RulesError`; all come at once, sorted by line. YAML anchors, aliases
and merge keys work within a budget of 20,000 values; tags, second documents, control characters and files of more than
1 MiB are refused. Words are read as YAML 1.2 reads them: `off` is a word, `1:30` is text, only `true` is true.
"""

from bot.adapters.rules.grammar import RULES_PATHS
from bot.adapters.rules.load import check_text, load_policy, shipped_rules
from bot.adapters.rules.outline import outline
from bot.adapters.rules.problems import json_schema

__all__ = ["RULES_PATHS", "check_text", "json_schema", "load_policy", "outline", "shipped_rules"]
