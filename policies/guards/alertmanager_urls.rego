# METADATA
# title: Alertmanager calls nobody outside
# description: No hard-coded external address in Alertmanager's configuration, but for guards.allowed_hosts (row G1).
# custom:
#   input: lockstep
package main

import rego.v1

inside := {"loopback", "cluster", "private", "none"}

deny contains finding if {
	some file in input.files
	some target in file.targets
	not target.kind in inside
	not allowed(target)
	finding := {"msg": message(target), "file": file.path, "line": target.line}
}

allowed(target) if {
	target.kind == "external"
	target.known
}

allowed(target) if {
	target.kind == "external"
	some host in input.rules.allowed_hosts
	host == target.host
}

allowed(target) if {
	target.kind == "external"
	some host in input.rules.allowed_hosts
	startswith(host, "*.")
	endswith(target.host, substring(host, 1, -1))
	count(split(target.host, ".")) == count(split(host, "."))
}

message(target) := concat("", [
	target.key, " calls ", target.host, ", outside; ", instead(target),
	" an address in the cluster, or list the host under guards.allowed_hosts",
]) if {
	target.kind == "external"
}

message(target) := concat("", [
	target.key, " has the host ", target.host, ", which is filled in elsewhere, so where it leads cannot be told; ",
	instead(target), " the host",
]) if {
	target.kind == "template"
}

message(target) := sprintf(
	"%s has the host %s, which readers may understand in different ways; write a plain host name or address",
	[target.key, target.host],
) if {
	target.kind == "odd"
}

# Not every address can be kept in a file: Alertmanager knows these.
instead(target) := concat("", ["use ", target.key, "_file, or write"]) if in_a_file(target)

instead(target) := "write" if not in_a_file(target)

in_a_file(target) if target.key in {"url", "webhook_url", "slack_api_url"}

in_a_file(target) if {
	target.key == "api_url"
	target.receiver == "slack"
}
