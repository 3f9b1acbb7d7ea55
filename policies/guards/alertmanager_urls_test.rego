# Tests of alertmanager_urls: `opa test policies/guards`, or `conftest verify -p policies/guards`.
package main

import rego.v1

alertmanager_target := {
	"host": "heal.example.com",
	"kind": "external",
	"key": "url",
	"receiver": "webhook",
	"known": false,
	"line": 4,
}

alertmanager_input(changed, hosts) := {
	"rules": {"allowed_hosts": hosts},
	"files": [{"path": "alertmanager.yml", "targets": [object.union(alertmanager_target, changed)]}],
}

test_alertmanager_an_outside_host_is_denied_with_host_and_fix if {
	some found in deny with input as alertmanager_input({}, [])
	found.file == "alertmanager.yml"
	found.line == 4
	contains(found.msg, "url calls heal.example.com, outside; use url_file, or write an address in the cluster")
}

test_alertmanager_a_file_is_proposed_only_where_alertmanager_reads_one if {
	every changed in [
		{"key": "webhook_url", "receiver": "discord"},
		{"key": "slack_api_url", "receiver": "slack"},
		{"key": "api_url", "receiver": "slack"},
	] {
		some found in deny with input as alertmanager_input(changed, [])
		contains(found.msg, concat("", ["use ", changed.key, "_file, or write"]))
	}
	every changed in [{"key": "api_url", "receiver": "opsgenie"}, {"key": "hipchat_api_url", "receiver": ""}] {
		some found in deny with input as alertmanager_input(changed, [])
		not contains(found.msg, "_file")
	}
}

test_alertmanager_everything_inside_passes if {
	every kind in ["loopback", "cluster", "private", "none"] {
		count(deny) == 0 with input as alertmanager_input({"kind": kind}, [])
	}
}

test_alertmanager_a_receivers_own_service_passes if {
	count(deny) == 0 with input as alertmanager_input({"host": "hooks.slack.com", "known": true}, [])
}

test_alertmanager_a_listed_host_passes_and_no_other if {
	count(deny) == 0 with input as alertmanager_input({}, ["other.example", "heal.example.com"])
	count(deny) == 1 with input as alertmanager_input({}, ["example.com", "HEAL.example.com", "*"])
}

test_alertmanager_a_star_stands_for_exactly_one_label if {
	count(deny) == 0 with input as alertmanager_input({}, ["*.example.com"])
	count(deny) == 1 with input as alertmanager_input({"host": "a.b.example.com"}, ["*.example.com"])
	count(deny) == 1 with input as alertmanager_input({"host": "example.com"}, ["*.example.com"])
	count(deny) == 1 with input as alertmanager_input({"host": "evilexample.com"}, ["*.example.com"])
}

test_alertmanager_a_host_filled_in_elsewhere_is_denied_even_if_listed if {
	template := alertmanager_input({"host": "{{ .Host }}", "kind": "template"}, ["{{ .Host }}"])
	some found in deny with input as template
	contains(found.msg, "filled in elsewhere, so where it leads cannot be told; use url_file, or write the host")
}

test_alertmanager_a_host_with_two_readings_is_denied_even_if_listed if {
	odd := alertmanager_input({"host": "0x08080808", "kind": "odd"}, ["0x08080808"])
	some found in deny with input as odd
	contains(found.msg, "understand in different ways")
}

test_alertmanager_a_template_is_no_known_service if {
	count(deny) == 1 with input as alertmanager_input({"kind": "template", "known": true}, [])
}
