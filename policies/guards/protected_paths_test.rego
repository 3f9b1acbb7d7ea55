# Tests of protected_paths: `opa test policies/guards`, or `conftest verify -p policies/guards`.
package main

import rego.v1

change_input(changed) := {
	"files": [],
	"rules": {"allowed_hosts": []},
	"change": {"environment": "staging", "paths": changed},
}

test_paths_anything_else_is_denied_by_its_name if {
	found := deny with input as change_input([
		{"path": "helm/values-staging.yaml", "values": true, "allowed": false},
		{"path": "docs/a.md", "values": false, "allowed": true},
		{"path": ".github/workflows/x.yml", "values": false, "allowed": false},
	])
	{each.file | some each in found} == {".github/workflows/x.yml"}
	every each in found {
		each.line == 1
		contains(each.msg, "a promotion to staging may not change this file")
	}
}

test_paths_values_files_and_allowed_paths_pass if {
	found := deny with input as change_input([
		{"path": "helm/values-staging.yaml", "values": true, "allowed": false},
		{"path": "docs/a.md", "values": false, "allowed": true},
	])
	count(found) == 0
}

test_paths_what_is_no_promotion_is_not_looked_at if {
	count(deny) == 0 with input as {"files": [], "rules": {"allowed_hosts": []}}
}
