# Tests of autoheal_disabled: `opa test policies/guards`, or `conftest verify -p policies/guards`.
package main

import rego.v1

autoheal_variable := {
	"name": "AUTOHEAL_ENABLED",
	"values": ["false"],
	"line": 5,
	"service": "api",
	"profiles": [],
	"development": false,
}

autoheal_input(changed) := {"files": [{
	"path": "compose.yml",
	"environment": [object.union(autoheal_variable, changed)],
}]}

autoheal_true_words := ["true", "TRUE", "True", "yes", "Yes", "on", "ON", "y", "1"]

autoheal_other_words := ["false", "no", "off", "0", "", "trueish", "2", "none"]

test_autoheal_every_word_for_true_is_denied if {
	every word in autoheal_true_words {
		count(deny) == 1 with input as autoheal_input({"values": [word]})
	}
}

test_autoheal_every_other_word_passes if {
	every word in autoheal_other_words {
		count(deny) == 0 with input as autoheal_input({"values": [word]})
		count(warn) == 0 with input as autoheal_input({"values": [word]})
	}
}

test_autoheal_words_of_some_programs_are_a_warning if {
	every word in ["t", "T", "enable", "Enabled"] {
		count(deny) == 0 with input as autoheal_input({"values": [word]})
		count(warn) == 1 with input as autoheal_input({"values": [word]})
	}
}

test_autoheal_one_of_several_possible_values_is_enough if {
	count(deny) == 1 with input as autoheal_input({"values": ["", "false", "true"]})
}

test_autoheal_what_is_denied_is_not_a_warning_too if {
	count(warn) == 0 with input as autoheal_input({"values": ["t", "true"]})
}

test_autoheal_says_service_file_and_line if {
	some found in deny with input as autoheal_input({"values": ["true"]})
	found.file == "compose.yml"
	found.line == 5
	startswith(found.msg, "AUTOHEAL_ENABLED is true for api;")
}

test_autoheal_name_is_known_in_any_case if {
	count(deny) == 1 with input as autoheal_input({"name": "autoheal_enabled", "values": ["true"]})
}

test_autoheal_longer_names_are_others if {
	every name in ["AUTOHEAL_ENABLED_HOURS", "MY_AUTOHEAL_ENABLED", "AUTOHEAL"] {
		count(deny) == 0 with input as autoheal_input({"name": name, "values": ["true"]})
	}
}

test_autoheal_dev_profile_alone_in_a_development_file_may if {
	may := autoheal_input({"values": ["true"], "profiles": ["dev"], "development": true})
	count(deny) == 0 with input as may
	maybe := autoheal_input({"values": ["t"], "profiles": ["dev"], "development": true})
	count(warn) == 0 with input as maybe
}

test_autoheal_dev_profile_in_any_other_file_may_not if {
	found := autoheal_input({"values": ["true"], "profiles": ["dev"], "development": false})
	count(deny) == 1 with input as found
}

test_autoheal_any_other_profile_may_not if {
	every profiles in [[], ["prod"], ["dev", "prod"], ["dev", "dev"]] {
		found := autoheal_input({"values": ["true"], "profiles": profiles, "development": true})
		count(deny) == 1 with input as found
	}
}
