# Tests of digest_only: `opa test policies/guards`, or `conftest verify -p policies/guards`.
package main

import rego.v1

image_hex := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

image_input(image, built) := {"files": [{
	"path": "k8s/api.yaml",
	"images": [{"image": image, "line": 7, "where": "spec.containers.0.image", "built": built}],
}]}

test_digest_a_digest_passes_with_and_without_a_tag if {
	every tag in ["", ":1.2.3", ":latest"] {
		image := sprintf("ghcr.io/acme/api%s@sha256:%s", [tag, image_hex])
		count(deny) == 0 with input as image_input(image, false)
	}
}

test_digest_everything_else_is_denied if {
	every image in [
		"nginx",
		"nginx:1.25",
		"nginx:latest",
		"registry.example:5000/nginx",
		"nginx@sha256:",
		"nginx@sha512:abc",
		sprintf("nginx@sha256:%s0", [image_hex]),
		sprintf("nginx@sha256:%s", [upper(image_hex)]),
		sprintf("nginx@sha256:%s ", [image_hex]),
		sprintf("nginx:%s", [image_hex]),
		sprintf("nginx@sha256:%s:latest", [image_hex]),
	] {
		count(deny) == 1 with input as image_input(image, false)
	}
}

test_digest_what_is_filled_in_elsewhere_is_not_pinned if {
	every image in [
		sprintf("${IMAGE}@sha256:%s", [image_hex]),
		sprintf("{{ .Image }}@sha256:%s", [image_hex]),
	] {
		count(deny) == 1 with input as image_input(image, false)
	}
}

test_digest_says_where_image_and_fix if {
	some found in deny with input as image_input("nginx:1", false)
	found.file == "k8s/api.yaml"
	found.line == 7
	startswith(found.msg, "spec.containers.0.image: the image nginx:1 is not pinned by digest; write nginx:1@sha256:")
}

message_about(image) := msg if {
	some found in deny with input as {"files": [{"path": "a.yaml", "images": [image]}]}
	msg := found.msg
}

test_digest_a_tag_that_stands_alone_gets_its_digest_beside_it if {
	msg := message_about({"image": "nginx:1", "line": 3, "where": "images", "built": false, "beside": "newTag"})
	startswith(msg, "images: the image nginx:1 is not pinned by digest; add digest: sha256:… beside newTag ")
}

test_digest_what_is_filled_in_elsewhere_is_to_be_written_out if {
	every image in ["${IMAGE}", "nginx:{{ .Tag }}", "nginx:${TAG:-1}"] {
		msg := message_about({"image": image, "line": 3, "where": "service web", "built": false})
		contains(msg, " is filled in elsewhere, so it is not pinned by digest; write it out")
	}
}

test_digest_a_bad_digest_is_told_what_a_digest_is if {
	msg := message_about({"image": "nginx@sha256:abc", "line": 3, "where": "service web", "built": false})
	endswith(msg, "behind the @ belong sha256: and 64 digits of 0-9a-f")
}

test_digest_what_compose_builds_itself_is_a_warning if {
	count(deny) == 0 with input as image_input("acme/api:dev", true)
	count(warn) == 1 with input as image_input("acme/api:dev", true)
	count(warn) == 0 with input as image_input(sprintf("acme/api@sha256:%s", [image_hex]), true)
}

test_digest_of_two_images_each_is_told if {
	two := {"files": [{"path": "a.yaml", "images": [
		{"image": "a:1", "line": 1, "where": "a", "built": false},
		{"image": "b:1", "line": 2, "where": "b", "built": false},
	]}]}
	count(deny) == 2 with input as two
}
