"""The folder of an index: whole generations, one of which serves. Knows files, and nothing of what they hold.

    INDEX/write.lock                 held by the one writer
    INDEX/current                    the generation that serves, and the sha256 of its manifest
    INDEX/generations/000002/        written under another name, flushed to the disk, then renamed
        manifest.json                layout, facts, and the size and sha256 of every other file
        manifest.sha256
        ...
    INDEX/removed/000001.json        what generation 1 holds that is gone from the one after it

A generation becomes current by the rename of one small file, so that a kill at any moment leaves the old one or the
new one. Two are kept. Where the current one is damaged the other serves, without what was removed since; a
reader is told. Where that cannot be known, nothing serves.
"""

import hashlib
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.errors import DiskError, IndexBusyError, IndexCorruptError, IndexMismatchError, IndexMissingError

LAYOUT = 3
MANIFEST = "manifest.json"
MANIFEST_DIGEST = "manifest.sha256"
CHECKED_AT_OPEN = 500_000_000
"""Bytes of a generation up to which every file is hashed when it is opened; beyond, later."""
logger = logging.getLogger(__name__)

BUILD_ADVICE = "Build it with: wenfeng index ARTICLES"
REBUILD_ADVICE = "Renew it with: wenfeng index ARTICLES --rebuild"


class DamageError(Exception):
    """A file of a generation is missing, cut short or changed."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation that may serve.

    Attributes:
        pointer: what said that it, or the one for which it stands in, serves.
        facts: what was said of it when it was written.
        removed: keys of what it holds and must not serve; empty unless it stands in for a damaged one.
        damage: what is wrong with the one that should serve, or None where this is it.
        unchecked: its files that are yet to be hashed, and their digests.
    """

    folder: Path
    pointer: str
    facts: Mapping[str, Any]
    removed: frozenset[str] = frozenset()
    damage: str | None = None
    unchecked: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its number, as the name of its folder."""
        return self.folder.name


def find_generation(root: Path, check_all: bool = False) -> Generation:
    """The generation that serves, checked; or the one that stands in for it.

    Args:
        check_all: hash every file, however large.

    Raises:
        IndexMissingError: there is no index.
        IndexCorruptError: neither is whole.
        IndexMismatchError: the index was written in another layout.
    """
    pointed = read_pointer(root)
    name, digest = (*pointed.split(), "", "")[:2]
    try:
        found = replace(_check(root, name, digest), pointer=pointed)
        if not check_all:
            return found
        check_files(found.folder, found.unchecked)
        return replace(found, unchecked={})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DamageError) as error:
        if read_pointer(root) != pointed:
            return find_generation(root, check_all)  # a writer has made another generation current meanwhile
        damaged = "" if _is_pointer_wrong(root, name, digest) else name
        return replace(_stand_in(root, damaged, f"{error}"), pointer=pointed)


def read_pointer(root: Path) -> str:
    """What says which generation serves; another text means another generation.

    Raises:
        IndexMissingError: there is no index.
        IndexCorruptError: it cannot be read.
    """
    try:
        return (root / "current").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise IndexMissingError(f"No index at {root}. {BUILD_ADVICE}") from None
    except OSError as error:
        raise IndexCorruptError(f"The index at {root} cannot be read: {error}. {REBUILD_ADVICE}") from error


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Hash files.

    Args:
        files: the sha256 of each.

    Raises:
        DamageError: one is missing or has changed.
    """
    for name, expected in files.items():
        try:
            found = sha256(folder / name)
        except OSError as error:
            raise DamageError(f"{name} cannot be read: {error.strerror}") from error
        if found != expected:
            raise DamageError(f"{name} has changed")


@contextmanager
def writing(root: Path, wait: float = 0) -> Iterator[None]:
    """Be the one writer of the index at ``root``.

    Args:
        wait: seconds to wait for another writer.

    Raises:
        IndexBusyError: another process is still writing.
        DiskError: the folder cannot be made or written.
    """
    with disk_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / "write.lock", timeout=wait)
        try:
            lock.acquire()
        except Timeout:
            raise IndexBusyError(
                f"Another process is writing the index at {root}. Wait for it, or add: --wait SECONDS"
            ) from None
    try:
        with disk_errors(root):
            _drop_unfinished(root)
        yield
    finally:
        lock.release()


def write_generation(
    root: Path,
    fill: Callable[[Path], None],
    facts: Mapping[str, object],
    before: str | None = None,
    removed: Collection[str] = (),
) -> str:
    """Write a generation and make it current. Call it inside ``writing``.

    Args:
        fill: writes the files into an empty folder.
        facts: JSON values to keep beside them.
        before: the generation to keep as well, to stand in for this one.
        removed: keys of what ``before`` holds and this one does not.

    Returns:
        Its name.

    Raises:
        DiskError: the disk is full or refuses; the generation before goes on serving, or this one does.
    """
    with disk_errors(root):
        parent = root / "generations"
        parent.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.name) for path in parent.iterdir() if path.name.isdigit()]
        name = f"{max(numbers, default=0) + 1:06d}"
        part = parent / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        fill(part)
        manifest = {"layout": LAYOUT, "facts": dict(facts), "files": _describe_files(part)}
        # In ASCII: the name of a folder may hold bytes that are no text.
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="ascii")
        (part / MANIFEST_DIGEST).write_text(sha256(part / MANIFEST), encoding="ascii")
        _flush_tree(part)
        if before is not None:
            _write_removed(root, before, name, removed)
        part.rename(parent / name)
        flush(parent)
        _replace(root / "current", f"{name} {sha256(parent / name / MANIFEST)}\n")
    try:
        _drop_others(root, {name, before})
    except OSError as error:  # the next run tries again
        logger.warning("Old generations of the index at %s cannot be removed: %s", root, error)
    return name


@contextmanager
def disk_errors(root: Path) -> Iterator[None]:
    """Say what to do when the disk refuses."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise DiskError(
            f"The disk refused to write the index at {root}: {error}. "
            "Free some room or choose another folder with --index DIR, then run the command again."
        ) from error


def sha256(path: Path) -> str:
    """The digest of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(root: Path, name: str, digest: str) -> Generation:
    folder = root / "generations" / name
    if not (name.isdigit() and folder.is_dir()):
        raise DamageError(f"there is no generation {name!r}")
    data = (folder / MANIFEST).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamageError(f"{MANIFEST} has changed")
    manifest = json.loads(data)
    if manifest["layout"] != LAYOUT:
        raise IndexMismatchError(
            f"The index at {root} is in layout {manifest['layout']}, this version reads {LAYOUT}. {REBUILD_ADVICE}",
            expected={"layout": LAYOUT},
            found={"layout": manifest["layout"]},
        )
    files = manifest["files"]
    for file, expected in files.items():
        size = (folder / file).stat().st_size
        if size != expected["size"]:
            raise DamageError(f"{file} has {size} bytes instead of {expected['size']}")
    digests = {file: expected["sha256"] for file, expected in files.items()}
    if sum(expected["size"] for expected in files.values()) > CHECKED_AT_OPEN:
        return Generation(folder, "", manifest["facts"], unchecked=digests)
    check_files(folder, digests)
    return Generation(folder, "", manifest["facts"])


def _is_pointer_wrong(root: Path, name: str, digest: str) -> bool:
    """Whether it is the pointer, and not the generation that it names, that has changed."""
    folder = root / "generations" / name
    try:
        own = (folder / MANIFEST_DIGEST).read_text(encoding="ascii")
        return own == sha256(folder / MANIFEST) != digest
    except (OSError, ValueError):
        return False


def _stand_in(root: Path, damaged: str, damage: str) -> Generation:
    """The newest other generation that is whole and of which is known what was removed since.

    Args:
        damaged: the name of the one that should serve; of another text where that itself cannot be read.
    """
    parent = root / "generations"
    names = sorted((path.name for path in parent.glob("[0-9]*") if path.name.isdigit()), reverse=True)
    is_lost = damaged not in names
    for name in names:
        if not is_lost and name >= damaged:
            continue  # itself, or one that was written and never became current
        try:
            found = _check(root, name, (parent / name / MANIFEST_DIGEST).read_text(encoding="ascii"))
            check_files(found.folder, found.unchecked)
            removed = _removed_since(root, name, names[0] if is_lost else damaged, is_lost)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, DamageError, IndexMismatchError):
            continue
        said = f"Generation {damaged!r} of the index at {root} is damaged: {damage}"
        return replace(found, removed=removed, damage=said, unchecked={})
    raise IndexCorruptError(f"The index at {root} is damaged: {damage}. {REBUILD_ADVICE}")


def _removed_since(root: Path, name: str, newest: str, is_lost: bool) -> frozenset[str]:
    """What a generation holds that is gone from the newest one.

    Args:
        newest: the one that should serve, or, where that is lost, the newest that is left.

    Raises:
        DamageError: that is not known.
    """
    was_followed = (root / "removed" / f"{newest}.json").exists()
    if is_lost and name == newest:
        return _read_removed(root, name) if was_followed else frozenset()
    if is_lost and was_followed:
        raise DamageError("what was removed since is not known")
    return _read_removed(root, name, until=newest)


def _write_removed(root: Path, name: str, until: str, keys: Collection[str]) -> None:
    """Keep what generation ``name`` holds that is gone from ``until``, the one after it."""
    listed = json.dumps({"until": until, "keys": sorted(keys)})
    content = json.dumps({"sha256": hashlib.sha256(listed.encode()).hexdigest(), "removed": listed})
    (root / "removed").mkdir(exist_ok=True)
    _replace(root / "removed" / f"{name}.json", content)


def _read_removed(root: Path, name: str, until: str | None = None) -> frozenset[str]:
    stored = json.loads((root / "removed" / f"{name}.json").read_text(encoding="utf-8"))
    listed = json.loads(stored["removed"])
    digest = hashlib.sha256(stored["removed"].encode()).hexdigest()
    if digest != stored["sha256"] or until not in (None, listed["until"]):
        raise DamageError("what was removed since is not known")
    return frozenset(listed["keys"])


def _drop_unfinished(root: Path) -> None:
    """Remove what a run that was killed had written and not made current."""
    try:
        current = read_pointer(root).split()[0]
    except (IndexMissingError, IndexCorruptError, IndexError):
        return
    for path in (root / "generations").glob("*"):
        if path.name > current and (root / "generations" / current).is_dir():
            shutil.rmtree(path)


def _drop_others(root: Path, kept: Collection[str | None]) -> None:
    for path in (root / "generations").iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
    for path in (root / "removed").glob("*.json"):
        if path.stem not in kept:
            path.unlink(missing_ok=True)


def _describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _replace(path: Path, content: str) -> None:
    """Write a small file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(content, encoding="utf-8")
    flush(part)
    part.replace(path)
    flush(path.parent)


def _flush_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        flush(path)
