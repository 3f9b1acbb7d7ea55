# METADATA
# title: Automatic remediation stays switched off
# description: AUTOHEAL_ENABLED is not true in a Compose file or in an environment file beside it (row G1).
# custom:
#   input: lockstep
package main

import rego.v1

# What YAML has for true, and 1: nobody writes it for "off".
true_words := {"true", "yes", "on", "y", "1"}

# What some programs take for true; shown, and left to a person.
maybe_words := {"t", "enable", "enabled"}

deny contains finding if {
	some file in input.files
	some variable in file.environment
	switched(variable, true_words)
	not for_development(variable)
	finding := {
		"msg": sprintf(
			"AUTOHEAL_ENABLED is true for %s; automatic remediation stays off here: set it to \"false\" or remove it",
			[variable.service],
		),
		"file": file.path,
		"line": variable.line,
	}
}

warn contains finding if {
	some file in input.files
	some variable in file.environment
	switched(variable, maybe_words)
	not switched(variable, true_words)
	not for_development(variable)
	finding := {
		"msg": sprintf(
			"AUTOHEAL_ENABLED for %s is set to what some programs take for true; set it to \"false\" or remove it",
			[variable.service],
		),
		"file": file.path,
		"line": variable.line,
	}
}

switched(variable, words) if {
	upper(variable.name) == "AUTOHEAL_ENABLED"
	some value in variable.values
	lower(value) in words
}

# A service that starts only with `--profile dev`, in a file that says it is for development.
for_development(variable) if {
	variable.development
	variable.profiles == ["dev"]
}
