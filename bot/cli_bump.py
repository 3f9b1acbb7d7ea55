"""`lockstep bump`: the byte-exact edit of values files, offline (row R2).

Reads every file, lets `decide/bump` make the edits in memory, and writes only when no file was refused.
Exit codes: 0 done (also when there was nothing to change), 1 refused and every file left as it was, 2
usage.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bot.decide.bump import BumpRefused, Edit, Image, ScalarEdit, apply_edits, bump_images, read_images
from bot.decide.component_tags import parse_component_tags
from bot.errors import UserError
from bot.model.image import ComponentTags

EXAMPLES = """\b
Examples:
  lockstep bump --tags component-tags.json --path '{component}.image' values-dev.yaml
  lockstep bump --tags component-tags.json --path 'services.{component}.image' --dry-run helm/*/values.yaml
  lockstep bump --set /api/image/tag=1.7.3 --set /web/image/tag=2.4.0 values-dev.yaml
  lockstep bump --set 1#/image/tag=1.10 --json two-documents.yaml

PATH is dot-separated; write a dot inside a key as '\\.'. --set takes a JSON Pointer (~1 for /, ~0 for ~)
up to the first '='; N# before it names the document, counted from 0, when several have that path.
Nothing is written if any file is refused. Exit codes: 0 done, 1 refused, 2 usage.
"""

READABLE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SET = re.compile(r"(?:(\d+)#)?((?:/[^=]*)?)=(.*)", re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bumped:
    """One file in memory: what was read, what is to stand there, and the edits between the two."""

    path: Path
    before: bytes
    after: bytes
    edits: tuple[Edit, ...]


@click.command(name="bump", short_help="Edit images in values files, byte-exact.", epilog=EXAMPLES)
@click.option("--tags", type=READABLE, help="component-tags.json of the release.")
@click.option("--path", "template", metavar="PATH", help="Where it stands, as in '{component}.image'.")
@click.option("--set", "settings", metavar="POINTER=VALUE", multiple=True, help="Put one string; repeatable.")
@click.option("--dry-run", is_flag=True, help="Print a unified diff and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="List file, line, pointer, before and after as JSON.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def bump(
    ctx: click.Context,
    *,
    tags: Path | None,
    template: str | None,
    settings: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    files: tuple[Path, ...],
) -> None:
    """Edit images in values FILEs in place: only the meant scalars change, and not one byte more."""
    _check_options(tags, template, settings, files)
    try:
        contents = [(path, _read(path)) for path in files]
        if tags is not None and template is not None:
            bumped = _by_tags(contents, _component_tags(tags, template), template)
        else:
            edits = [_scalar_edit(setting) for setting in settings]
            bumped = _each(contents, lambda data, file: apply_edits(data, edits, file=file))
        if not dry_run:
            _write(bumped)
    except UserError as error:
        for line in str(error).splitlines():
            click.echo(f"refused: {line}", err=True)
        ctx.exit(1)
    _show(bumped, dry_run=dry_run, as_json=as_json)


def _check_options(
    tags: Path | None, template: str | None, settings: tuple[str, ...], files: tuple[Path, ...]
) -> None:
    if (tags is None) == (not settings):
        raise click.UsageError("give either --tags with --path, or --set")
    if (tags is None) != (template is None):
        raise click.UsageError("--tags and --path belong together, as in --path '{component}.image'")
    if settings and len(files) > 1:
        raise click.UsageError("--set edits one FILE at a time")
    for path in files:
        if not path.is_symlink() and not path.exists():
            raise click.UsageError(f"{path}: no such file")
        if path.exists() and not path.is_file():
            raise click.UsageError(f"{path}: is not a file")
    if len({path.resolve() for path in files}) < len(files):
        raise click.UsageError("a FILE is given twice")


def _component_tags(tags: Path, template: str) -> ComponentTags:
    """The release's components; what is wrong with the tags file is a usage error (exit code 2)."""
    try:
        components = parse_component_tags(tags.read_bytes())
    except UserError as error:
        raise click.UsageError(f"{tags}: {error}") from error
    if "{component}" not in template and len(components) > 1:
        raise click.UsageError("--path must contain {component} when the tags file has several components")
    return components


def _scalar_edit(setting: str) -> ScalarEdit:
    found = _SET.fullmatch(setting)
    if found is None:
        raise click.UsageError(f"--set {setting!r}: expected POINTER=VALUE, as in /api/image/tag=1.7.3")
    document, pointer, value = found.groups()
    return ScalarEdit(pointer=pointer, value=value, document=None if document is None else int(document))


def _by_tags(contents: Sequence[tuple[Path, bytes]], tags: ComponentTags, template: str) -> list[Bumped]:
    """Bump in each file the components that stand there; one that stands in no file is refused."""
    images = {
        name: Image(repository=None, tag=component.tag, digest=component.digest)
        for name, component in tags.items()
    }
    seen: set[str] = set()

    def edit(data: bytes, file: str) -> tuple[bytes, tuple[Edit, ...]]:
        here = read_images(data, images, path=template, file=file, missing_ok=True)
        seen.update(here)
        return bump_images(data, {name: images[name] for name in here}, path=template, file=file)

    bumped = _each(contents, edit)
    lost = [name for name in images if name not in seen]
    if lost:
        names = ", ".join(lost)
        message = f"no file has {names} at {template!r}; correct --path or add the file that has it"
        raise BumpRefused(file=", ".join(str(path) for path, _ in contents), line=None, message=message)
    return bumped


def _each(
    contents: Sequence[tuple[Path, bytes]], edit: Callable[[bytes, str], tuple[bytes, tuple[Edit, ...]]]
) -> list[Bumped]:
    """Edit every file in memory, and raise all refusals at once."""
    bumped: list[Bumped] = []
    refusals: list[str] = []
    for path, before in contents:
        try:
            after, edits = edit(before, str(path))
        except BumpRefused as error:
            refusals.append(str(error))
        else:
            bumped.append(Bumped(path=path, before=before, after=after, edits=edits))
    if refusals:
        raise UserError("\n".join(refusals))
    return bumped


def _read(path: Path) -> bytes:
    """The file's bytes; refused when it, or a directory between it and its repository's root, is a symlink."""
    whole = path.absolute()
    root = next((parent for parent in whole.parents if (parent / ".git").exists()), whole.parent)
    for part in (whole, *whole.parents):
        if part == root:
            break
        if part.is_symlink():
            target = os.readlink(part)
            message = f"{part.name} is a symlink to {target}; name the file that it points to"
            raise BumpRefused(file=str(path), line=None, message=message)
    marker = root / ".git"
    outside = root not in (Path.cwd(), *Path.cwd().parents)
    if outside and marker.is_file() and "/modules/" in marker.read_text("utf-8", "replace"):
        # Whoever stands inside a submodule means to edit it.
        message = f"lies in the submodule {root.name}; edit it in its own repository"
        raise BumpRefused(file=str(path), line=None, message=message)
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from error


def _write(bumped: Sequence[Bumped]) -> None:
    """Put all files in place: every new file is complete on disk before the first rename, modes are kept."""
    changed = [item for item in bumped if item.after != item.before]
    ready: list[tuple[Path, Bumped]] = []
    try:
        for item in changed:
            handle, name = tempfile.mkstemp(dir=item.path.parent, prefix=f".{item.path.name}.")
            ready.append((Path(name), item))
            _fill(handle, item)
        for _, item in ready:
            if item.path.read_bytes() != item.before:
                message = "was changed by somebody else meanwhile; run the command again"
                raise BumpRefused(file=str(item.path), line=None, message=message)
        for fresh, item in ready:
            fresh.replace(item.path)
    except OSError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}") from error
    finally:
        for fresh, _ in ready:
            fresh.unlink(missing_ok=True)


def _fill(handle: int, item: Bumped) -> None:
    """Complete the new file on disk, with the old one's mode (and owner, where the system allows that)."""
    status = item.path.stat()
    with os.fdopen(handle, "wb") as stream:
        stream.write(item.after)
        stream.flush()
        os.fsync(stream.fileno())
        if os.geteuid() == 0:
            os.fchown(stream.fileno(), status.st_uid, status.st_gid)
        os.fchmod(stream.fileno(), stat.S_IMODE(status.st_mode))


def _show(bumped: Sequence[Bumped], *, dry_run: bool, as_json: bool) -> None:
    edits = [edit for item in bumped for edit in item.edits]
    if as_json:
        click.echo(json.dumps([asdict(edit) for edit in edits], indent=2, ensure_ascii=False))
    elif dry_run:
        click.echo(b"".join(unified_diff(item) for item in bumped), nl=False)
    else:
        for edit in edits:
            before = "(new)" if edit.before is None else edit.before
            click.echo(f"{edit.file}:{edit.line} {edit.pointer}: {before} → {edit.after}")
        if not edits:
            click.echo("nothing to change: all values stand there already")


def unified_diff(item: Bumped) -> bytes:
    """The change as `git apply` and `patch` read it: lines end at LF alone, a missing last line break is said."""
    if item.after == item.before:
        return b""
    name = str(item.path).lstrip("/")
    before, after = (data.decode("utf-8").split("\n") for data in (item.before, item.after))
    lines: list[str] = []
    for line in difflib.unified_diff(_ended(before), _ended(after), f"a/{name}", f"b/{name}"):
        lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines).encode("utf-8")


def _ended(lines: list[str]) -> list[str]:
    """Each line with its line break; the rest behind the last one is a line only if it is not empty."""
    return [f"{line}\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])
