# METADATA
# title: A promotion touches only what it may
# description: Its environment's values files, and what guards.allowed_paths lists.
# custom:
#   input: lockstep
package main

import rego.v1

deny contains finding if {
	some changed in input.change.paths
	not changed.values
	not changed.allowed
	finding := {
		"msg": sprintf(
			"a promotion to %s may not change this file; leave it out, or list it under guards.allowed_paths",
			[input.change.environment],
		),
		"file": changed.path,
		"line": 1,
	}
}
