"""Moving components to their images: every form that stands in values files, and every reason to refuse (row R2)."""

from __future__ import annotations

import pytest

from bot.decide.bump import BumpRefused, Image, bump_images, path_tokens, read_images

OLD = "sha256:" + "0" * 64
NEW = "sha256:" + "a" * 64
PATH = "{component}.image"


def image(tag: str = "v2", repository: str | None = None, digest: str = NEW) -> Image:
    return Image(repository=repository, tag=tag, digest=digest)


def bumped(text: str, path: str = PATH, **images: Image) -> str:
    wanted = images or {"api": image()}
    short = bump_images(text.replace("OLD", OLD).encode(), wanted, path=path, file="v.yaml")[0].decode()
    return short.replace(OLD, "OLD").replace(NEW, "NEW")


def refusal(text: str, path: str = PATH, **images: Image) -> BumpRefused:
    with pytest.raises(BumpRefused) as caught:
        bumped(text, path, **images)
    return caught.value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{tag: v1, digest: OLD}", "{tag: v2, digest: NEW}"),
        ("{digest: 'OLD', repository: r, tag: \"v1\"}", "{digest: 'NEW', repository: r, tag: \"v2\"}"),
        ("{digest: OLD}", "{digest: NEW}"),
        ("{tag: v1, digest: }", "{tag: v2, digest: NEW}"),
        ("{tag: v1@OLD}", "{tag: v2@NEW}"),
        ("r:v1@OLD # why", "r:v2@NEW # why"),
        ("r@OLD", "r@NEW"),
        ("r:v1", "r:v2@NEW"),
        ('"localhost:5000/r:v1"', '"localhost:5000/r:v2@NEW"'),
        ("'localhost:5000/r@OLD'", "'localhost:5000/r@NEW'"),
    ],
)
def test_the_form_that_stands_there_is_kept_and_ends_pinned(before: str, after: str) -> None:
    assert bumped(f"api:\n  image: {before}\n") == f"api:\n  image: {after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("api: {image: {tag: v1}}", "api: {image: {tag: v2, digest: NEW}}"),
        ("api: {image: {tag: v1, name: x}}", "api: {image: {tag: v2, digest: NEW, name: x}}"),
        ('{"api":{"image":{"tag":"v1","x":1}}}', '{"api":{"image":{"tag":"v2","digest":"NEW","x":1}}}'),
        ("api:\n  image:\n    tag: v1", "api:\n  image:\n    tag: v2\n    digest: NEW"),
        (
            "api:\r\n  image:\r\n    tag: 'v1' # why\r\n    name: x\r\n",
            "api:\r\n  image:\r\n    tag: 'v2' # why\r\n    digest: 'NEW'\r\n    name: x\r\n",
        ),
        (
            "api:\n  image: {\n    tag: v1, # why\n  }\n",
            "api:\n  image: {\n    tag: v2, # why\n    digest: NEW,\n  }\n",
        ),
        (
            "api:\n  image: {\n    tag: v1 # why\n  }\n",
            "api:\n  image: {\n    tag: v2, # why\n    digest: NEW\n  }\n",
        ),
        (
            'api:\n  image:\n    "tag":   "v1"\n',
            'api:\n  image:\n    "tag":   "v2"\n    "digest": "NEW"\n',
        ),
        (
            "api:\n  image:\n    ? tag\n    : v1\n    ? name\n    : x\n",
            "api:\n  image:\n    ? tag\n    : v2\n    digest: NEW\n    ? name\n    : x\n",
        ),
    ],
)
def test_a_missing_digest_is_added_beside_the_tag_in_its_style(before: str, after: str) -> None:
    assert bumped(before) == after


def test_a_missing_digest_is_added_in_a_list_item() -> None:
    before, after = "c:\n- tag: v1\n  x: 1\n", "c:\n- tag: v2\n  digest: NEW\n  x: 1\n"
    assert bumped(before, "c.0") == after


def test_a_numeric_looking_tag_gets_quotes_and_keeps_comments() -> None:
    before = "api:\n  image:\n    tag: 1.9   # why\n    digest: OLD\n"
    assert bumped(before, api=image("1.10")) == before.replace("1.9", '"1.10"').replace("OLD", "NEW")


def test_only_the_named_components_move() -> None:
    text = "api: {image: {tag: v1, digest: OLD}}\nweb: {image: {tag: v1, digest: OLD}}\n"
    assert bumped(text, web=image()).startswith("api: {image: {tag: v1, digest: OLD}}\nweb: {image: {tag: v2")


def test_what_stands_there_already_is_no_edit() -> None:
    data = f"api: {{image: {{tag: v2, digest: {NEW}}}}}\n".encode()
    assert bump_images(data, {"api": image()}, path=PATH, file="v.yaml") == (data, ())


def test_edits_name_line_pointer_before_and_after() -> None:
    data = b"api:\n  image:\n    repository: r\n    tag: v1\n"
    _, edits = bump_images(data, {"api": image()}, path=PATH, file="v.yaml")
    assert [(e.line, e.pointer, e.before, e.after) for e in edits] == [
        (4, "/api/image/tag", "v1", "v2"),
        (5, "/api/image/digest", None, NEW),
    ]


@pytest.mark.parametrize(
    ("there", "configured"),
    [
        ("repository: ghcr.io/o/api", "ghcr.io/o/api"),
        ("registry: ghcr.io\n    repository: o/api", "ghcr.io/o/api"),
        ("repository: nginx", "docker.io/library/nginx"),
        ("registry: ''\n    repository: o/api", "index.docker.io/o/api"),
        ("name: x", "ghcr.io/o/api"),
    ],
)
def test_the_configured_repository_is_recognised(there: str, configured: str) -> None:
    text = f"api:\n  image:\n    {there}\n    tag: v1\n    digest: OLD\n"
    assert bumped(text, api=image(repository=configured)) == text.replace("v1", "v2").replace("OLD", "NEW")


@pytest.mark.parametrize(
    "there",
    ["ghcr.io.evil.tld/o/api", "ghcr.io/o-evil/api", "ghcr.io:444/o/api", "o/api", "gh\u0441r.io/o/api"],
)
def test_case_38_another_repository_is_refused_and_both_are_named(there: str) -> None:
    error = refusal(f"a: 1\napi: {{image: {there}:v1}}\n", api=image(repository="ghcr.io/o/api"))
    assert (error.line, repr(there) in error.message, "'ghcr.io/o/api'" in error.message) == (2, True, True)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\n", 1, "has no key 'api'"),
        ("a: 1\napi:\n", 2, "is empty"),
        ("a: 1\napi: x\n", 2, "a single value"),
        ("a: 1\napi: {image: {name: x}}\n", 2, "neither tag nor digest"),
        ("a: 1\napi: {image: name}\n", 2, "neither tag nor digest"),
        ("a: 1\napi: {image: [x]}\n", 2, "is a list"),
        ("a: 1\napi: {image: {tag: [x]}}\n", 2, "not a single value"),
        ("a: 1\napi: {image: some words}\n", 2, "no image"),
        ("a: 1\napi: {image: {tag: v1@OLD, digest: OLD}}\n", 2, "says its digest twice"),
        ("api:\n  image: {tag: v1}\n  image: {tag: v1}\n", 3, "stands twice"),
        ("api: {image: {tag: v1}}\n---\napi: {image: {tag: v1}}\n", 1, "exists in documents 0, 1"),
        ("api:\n  image: &x {tag: v1}\nweb:\n  image: *x\n", 2, "shared"),
        ("api:\n  image: &x {tag: v1, digest: OLD}\nweb:\n  image: *x\n", 2, "shared"),
        ("web:\n  image: &x {tag: v1}\napi:\n  image: *x\n", 2, "shared"),
        ("web: &x {image: {tag: v1}}\napi:\n  <<: *x\n", 2, "merge key"),
        ("web: &x {tag: v1}\napi:\n  image: {<<: *x}\n", 3, "merge key"),
        ("web: &x {tag: v1}\napi:\n  image: {<<: *x, digest: OLD}\n", 3, "merge key"),
        ("t: &t v1\napi:\n  image: {tag: *t, digest: OLD}\n", 1, "shared"),
        ("", 1, "the file is empty"),
    ],
)
def test_case_52_an_image_that_cannot_be_moved_with_certainty_is_refused_with_its_line(
    text: str, line: int, words: str
) -> None:
    error = refusal(text)
    assert (error.file, error.line, words in error.message) == ("v.yaml", line, True), str(error)


def test_components_that_share_one_image_move_together() -> None:
    text = "api:\n  image: &x {tag: v1}\nweb:\n  image: *x\n"
    assert bumped(text, api=image(), web=image()) == text.replace("v1", "v2, digest: NEW")


def test_components_that_share_one_image_cannot_differ() -> None:
    text = "api:\n  image: &x {tag: v1}\nweb:\n  image: *x\n"
    assert "write them out" in refusal(text, api=image(), web=image("v3")).message


def test_a_shared_mapping_may_get_its_own_tag_beside_a_merge_key() -> None:
    text = "base: &x {repository: r}\napi:\n  image:\n    <<: *x\n    tag: v1\n"
    assert bumped(text) == text.replace("v1", "v2\n    digest: NEW")


@pytest.mark.parametrize("tag", ["", "a b", "-x", "v1\n", "x" * 129])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    assert "not an image tag" in refusal("api: {image: {tag: v1}}\n", api=image(tag)).message


@pytest.mark.parametrize(
    "digest", ["sha256:" + "a" * 63, "sha256:" + "A" * 64, NEW + "\n", "md5:" + "a" * 32]
)
def test_case_37_a_digest_that_is_not_canonical_is_refused(digest: str) -> None:
    assert "64 lowercase hex" in refusal("api: {image: {tag: v1}}\n", api=image(digest=digest)).message


@pytest.mark.parametrize(
    ("path", "tokens"),
    [
        ("{component}.image", ("a.b", "image")),
        ("services.{component}.image", ("services", "a.b", "image")),
        (r"x\.y/z.{component}", ("x.y/z", "a.b")),
        ("pre-{component}.0", ("pre-a.b", "0")),
        (".", ()),
        ("", ()),
    ],
)
def test_a_path_template_becomes_steps(path: str, tokens: tuple[str, ...]) -> None:
    assert path_tokens(path, "a.b") == tokens


def test_the_root_itself_may_be_the_image() -> None:
    assert bumped("tag: v1\ndigest: OLD\n", ".") == "tag: v2\ndigest: NEW\n"


def test_reading_tells_what_stands_there_for_each_component() -> None:
    text = f"api:\n  image: {{registry: r.io, repository: o/a, tag: v1}}\nweb: {{image: r.io/w:v1@{OLD}}}\n"
    found = read_images(text.encode(), ["api", "web", "gone"], path=PATH, file="v.yaml", missing_ok=True)
    assert {name: (at.repository, at.tag, at.digest, at.line) for name, at in found.items()} == {
        "api": ("r.io/o/a", "v1", None, 2),
        "web": ("r.io/w", "v1", OLD, 3),
    }


def test_reading_a_component_that_is_not_there_is_refused() -> None:
    with pytest.raises(BumpRefused, match="component 'gone'"):
        read_images(b"a: 1\n", ["gone"], path=PATH, file="v.yaml")


@pytest.mark.parametrize(
    "text", ["api: x\n", "b: &x {image: {tag: v1}}\napi: {<<: *x}\n", "api: {image: [v1]}\n"]
)
def test_what_stands_there_in_the_wrong_form_is_never_taken_for_missing(text: str) -> None:
    with pytest.raises(BumpRefused):
        read_images(text.encode(), ["api"], path=PATH, file="v.yaml", missing_ok=True)
