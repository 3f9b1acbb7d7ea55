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
		"msg": sprintf(
			"%s: the image %s is not pinned by digest; write %s@sha256:… (docker buildx imagetools inspect prints it)",
			[image.where, image.image, image.image],
		),
		"file": file.path,
		"line": image.line,
	}
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
