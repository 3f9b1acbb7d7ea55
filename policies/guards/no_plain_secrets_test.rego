# Tests of no_plain_secrets: `opa test policies/guards`, or `conftest verify -p policies/guards`.
# Every example is put together here, so that no scanner takes this file for a leak.
package main

import rego.v1

secret_letters := "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v2W3x4Y5z6"

secret_hex := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

secret_input(text, after) := {"files": [{
	"path": "notes.txt",
	"lines": [{"text": text, "after": after, "line": 3}],
}]}

secret_token(prefix, length) := concat("", [prefix, substring(secret_letters, 0, length)])

secret_examples := [
	secret_token("ghp_", 36),
	secret_token("github_pat_", 50),
	concat("", ["AK", "IA", "ABCDEFGH23456789"]),
	secret_token("xoxb-", 24),
	concat("", ["https://hooks.slack.com/serv", "ices/T0123ABCD/B0123ABCD/", substring(secret_letters, 0, 24)]),
	secret_token("AIza", 35),
	secret_token("sk_live_", 24),
	secret_token("glpat-", 20),
	secret_token("npm_", 36),
	secret_token("pypi-AgE", 45),
	concat(".", ["SG", substring(secret_letters, 0, 22), substring(secret_letters, 0, 43)]),
	concat("", ["AGE-SECRET-", "KEY-1", upper(substring(secret_letters, 0, 45))]),
	concat("", ["dop_v1_", secret_hex]),
	secret_token("hvs.", 24),
	secret_token("dckr_pat_", 27),
	concat("", ["https://api.telegram.org/bot", "123456789", ":AA", substring(secret_letters, 0, 33), "/sendMessage"]),
	concat("", ["https://discord.com/api/", "webhooks/", "123456789012345678/", secret_letters, secret_letters]),
]

test_secrets_every_format_is_denied_and_never_repeated if {
	every token in secret_examples {
		found := deny with input as secret_input(concat(" ", ["token:", token]), "")
		count(found) == 1
		every each in found {
			each.file == "notes.txt"
			each.line == 3
			not contains(each.msg, token)
		}
	}
}

test_secrets_every_format_has_an_example if {
	named := {name |
		some token in secret_examples
		some name, format in formats
		regex.match(format, token)
	}
	named == object.keys(formats)
}

test_secrets_a_heap_that_is_not_read_is_denied if {
	count(deny) == 1 with input as {"files": [{
		"path": "notes.txt",
		"lines": [{"text": "", "after": "", "line": 1001, "heap": true}],
	}]}
}

test_secrets_a_token_cut_short_passes if {
	every token in [secret_token("ghp_", 20), concat("", ["AK", "IA", "SHORT"]), "xoxb-", "glpat-short"] {
		count(deny) == 0 with input as secret_input(token, "")
	}
}

secret_head(kind) := concat("", ["-----BEGIN ", kind, "PRIVATE", " KEY-----"])

test_secrets_a_private_key_with_its_body_is_denied if {
	every kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
		found := deny with input as secret_input(secret_head(kind), substring(secret_letters, 0, 32))
		count(found) == 1
	}
}

test_secrets_a_private_key_on_one_line_is_denied if {
	line := concat(" ", [secret_head("RSA "), substring(secret_letters, 0, 32)])
	count(deny) == 1 with input as secret_input(line, "")
}

test_secrets_a_key_with_headers_is_denied if {
	every after in ["Proc-Type: 4,ENCRYPTED", "Version: GnuPG v2", "  Comment: x"] {
		count(deny) == 1 with input as secret_input(secret_head("RSA "), after)
	}
}

test_secrets_talk_about_keys_passes if {
	every after in ["", "and so on", "..."] {
		count(deny) == 0 with input as secret_input(secret_head(""), after)
	}
}
