# METADATA
# title: Images are pinned by digest
# description: Every image reference carries sha256 and 64 lowercase hex digits; a tag beside it is fine (row R8).
# custom:
#   input: lockstep
package main

import rego.v1

pinned := `@sha256:[0-9a-f]{64}$`

deny contains finding if {
	some file in input.files
	some image in file.images
	not image.built
	not is_pinned(image.image)
	finding := {
		"msg": concat("", [image.where, ": the image ", image.image, " ", what_to_do(image)]),
		"file": file.path,
		"line": image.line,
	}
}

tool := "(docker buildx imagetools inspect prints it)"

what_to_do(image) := "is filled in elsewhere, so it is not pinned by digest; write it out, as name:tag@sha256:…" if {
	is_filled_in(image.image)
}

what_to_do(image) := "is not pinned by digest; behind the @ belong sha256: and 64 digits of 0-9a-f" if {
	not is_filled_in(image.image)
	contains(image.image, "@")
}

what_to_do(image) := concat("", ["is not pinned by digest; write ", image.image, "@sha256:… ", tool]) if {
	not is_filled_in(image.image)
	not contains(image.image, "@")
	not image.beside
}

# The tag is a value of its own: Kustomize's newTag, a chart's tag.
what_to_do(image) := concat("", ["is not pinned by digest; add digest: sha256:… beside ", image.beside, " ", tool]) if {
	not is_filled_in(image.image)
	not contains(image.image, "@")
	image.beside
}

# Compose pulls an image of that name first, and builds only when there is none.
warn contains finding if {
	some file in input.files
	some image in file.images
	image.built
	not is_pinned(image.image)
	finding := {
		"msg": sprintf(
			"%s: is built here, but Compose first pulls %s by its tag; set pull_policy: build, or pin it",
			[image.where, image.image],
		),
		"file": file.path,
		"line": image.line,
	}
}

is_pinned(image) if {
	regex.match(pinned, image)
	not contains(image, "$")
	not contains(image, "{{")
}

is_filled_in(image) if contains(image, "$")

is_filled_in(image) if contains(image, "{{")
