# METADATA
# title: No secret in plain text
# description: Private keys, and tokens that their format gives away. The text itself is never repeated.
# custom:
#   input: lockstep
package main

import rego.v1

formats := {
	"a GitHub token": `gh[opusr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50}`,
	"an AWS access key": `(^|[^A-Za-z0-9])(AKIA|ASIA)[0-9A-Z]{16}([^A-Za-z0-9]|$)`,
	"a Slack token": `xox[abeoprs]-[A-Za-z0-9-]{20}`,
	"a Slack webhook": `hooks\.slack\.com/(services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16}|workflows/T[A-Z0-9]{6,}/A[A-Z0-9]{6,}/)`,
	"a Google API key": `AIza[0-9A-Za-z_-]{35}`,
	"a Stripe key": `[rs]k_live_[A-Za-z0-9]{20}`,
	"a GitLab token": `glpat-[A-Za-z0-9_-]{20}`,
	"an npm token": `npm_[A-Za-z0-9]{36}`,
	"a PyPI token": `pypi-AgE[A-Za-z0-9_-]{40}`,
	"a SendGrid key": `SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32}`,
	"an age key": `AGE-SECRET-KEY-1[0-9A-Z]{40}`,
	"a DigitalOcean token": `dop_v1_[a-f0-9]{60}`,
	"a Vault token": `hvs\.[A-Za-z0-9_-]{24}`,
	"a Docker Hub token": `dckr_pat_[A-Za-z0-9_-]{20}`,
	"a Telegram bot's token": `(^|[^0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}([^A-Za-z0-9_-]|$)`,
	"a Discord webhook": `discord(app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60}`,
}

private_key := `-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`

# A key has a body: on the line after, or behind a written line end, which comes as a space.
deny contains finding if {
	some file in input.files
	some line in file.lines
	regex.match(private_key, line.text)
	has_body(line)
	finding := told(file, line, "a private key")
}

deny contains finding if {
	some file in input.files
	some line in file.lines
	some name, format in formats
	regex.match(format, line.text)
	finding := told(file, line, name)
}

# Lockstep looks at so many lines of a file; a token behind them would not be seen.
deny contains finding if {
	some file in input.files
	some line in file.lines
	line.heap
	finding := {
		"msg": "from here on are more lines that look like secrets than are read; split the file, or list it under guards.ignore",
		"file": file.path,
		"line": line.line,
	}
}

has_body(line) if regex.match(`PRIVATE KEY( BLOCK)?----- *[A-Za-z0-9+/]{16}`, line.text)

has_body(line) if regex.match(`^[ >|+-]*([A-Za-z0-9+/=]{16}|Proc-Type:|Version:|Comment:)`, line.after)

told(file, line, name) := {
	"msg": concat(" ", [name, "in plain text; revoke it, and keep it in a secret store"]),
	"file": file.path,
	"line": line.line,
}
