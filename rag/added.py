"""Articles that were added by hand: files in a folder of the index, indexed together with the folder of articles.

    INDEX/added/x/y.md      the article .added/x/y.md

No path of theirs is one of the folder of articles, since hidden names are left out there. Whoever hands a file in
names it, so a name may be anything; what it becomes is safe on any disk.
"""

import re
import unicodedata
from pathlib import Path, PurePosixPath

from filelock import FileLock

from rag.articles import MAX_BYTES
from rag.errors import ArticleError
from rag.generations import disk_errors, flush
from rag.intake import SUFFIXES, Source, could_be_article, list_source, to_printable

ADDED = ".added"
"""What the paths of added articles begin with."""
MOST_BYTES = 180
"""Of one part of a name; disks take 255."""
MOST_PARTS = 6
MOST_IN_ALL = 2 * 2**30
"""Bytes of all that were added; larger collections are better indexed from a folder of their own."""

_RESERVED = re.compile(r'[<>:"|?*]')


def added_folder(root: Path) -> Path:
    """Where the index at ``root`` keeps them; need not be there."""
    return root / "added"


def added_source(root: Path) -> Source:
    """What is read beside the folder of articles."""
    return Source(added_folder(root), f"{ADDED}/")


def is_added(path: str) -> bool:
    """Whether an article's path is of one that was added."""
    return path.startswith(f"{ADDED}/")


def list_added(root: Path) -> list[str]:
    """The paths of all that were added, sorted."""
    return list_source(added_source(root))


def room_left(root: Path) -> int:
    """Bytes that may still be added."""
    files = [added_folder(root) / path.removeprefix(f"{ADDED}/") for path in list_added(root)]
    return MOST_IN_ALL - sum(file.stat().st_size for file in files if file.exists())


def add_file(root: Path, name: str, source: Path, room: int = MOST_IN_ALL) -> str:
    """Copy a file in; the next run of indexing reads it.

    Args:
        name: as its owner calls it, folders before it; made safe, and told from another file of that name.
        source: its content.
        room: the most bytes that it may have, such as ``room_left``.

    Returns:
        The path of the article that it will be; the same for the same content under the same name.

    Raises:
        ArticleError: it cannot be an article: its name's ending, its size, or it cannot be read; there is no room.
        DiskError: the disk refused.
    """
    below = to_safe_name(name)
    data = _read_bytes(name, source)
    if len(data) > room:
        raise ArticleError(
            to_printable(name), "full", "the articles added here take all their room; remove some first"
        )
    with disk_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / "added.lock"):
            target = _find_place(added_folder(root) / below, data)
            if not target.exists():
                part = root / "added.part"
                part.write_bytes(data)
                flush(part)
                target.parent.mkdir(parents=True, exist_ok=True)
                part.replace(target)
                flush(target.parent)
    return f"{ADDED}/{target.relative_to(added_folder(root)).as_posix()}"


def remove_added(root: Path, path: str) -> None:
    """Remove a file that was added, and the folders that it leaves empty; the next run of indexing drops it.

    Args:
        path: of its article, as ``list_added`` gives it.

    Raises:
        ArticleError: none was added under this path.
        DiskError: the disk refused.
    """
    with disk_errors(root):
        if path not in list_added(root):
            raise ArticleError(path, "missing", "no article was added under this path; list them anew")
        with FileLock(root / "added.lock"):
            file = added_folder(root) / path.removeprefix(f"{ADDED}/")
            file.unlink(missing_ok=True)
            for parent in file.relative_to(root).parents[:-2]:
                if not any((root / parent).iterdir()):
                    (root / parent).rmdir()


def to_safe_name(name: str) -> PurePosixPath:
    """A relative path that any disk takes, as like the name as can be.

    Raises:
        ArticleError: it does not end as an article's name does.
    """
    parts = [part for each in re.split(r"[/\\]", name) if (part := _to_safe_part(each))]
    if not parts or not could_be_article(parts[-1]):
        kinds = " ".join(sorted(SUFFIXES))
        raise ArticleError(
            to_printable(name), "name", f"the name must end in one of: {kinds}; rename the file"
        )
    # A folder never ends as a file does, so that none stands where a file must.
    folders = [f"{part}_" if could_be_article(part) else part for part in parts[:-1]]
    return PurePosixPath(*folders[-(MOST_PARTS - 1) :], parts[-1])


def _to_safe_part(part: str) -> str:
    text = _RESERVED.sub("_", unicodedata.normalize("NFC", part))
    text = "".join(each if each.isprintable() else " " if each.isspace() else "_" for each in text)
    return _cut(text.strip(" ."))


def _cut(name: str, end: str = "") -> str:
    """A name short enough, with ``end`` before its suffix."""
    suffix = PurePosixPath(name).suffix if could_be_article(name) else ""
    stem = name.removesuffix(suffix).encode()[: MOST_BYTES - len(f"{end}{suffix}_".encode())]
    return f"{stem.decode(errors='ignore').rstrip(' .')}{end}{suffix}"


def _find_place(wanted: Path, data: bytes) -> Path:
    """Where a file of this name and content is, or may be."""
    place, number = wanted, 1
    while place.exists() and (place.stat().st_size != len(data) or place.read_bytes() != data):
        number += 1
        place = wanted.with_name(_cut(wanted.name, f" ({number})"))
    return place


def _read_bytes(name: str, source: Path) -> bytes:
    try:
        with source.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ArticleError(
            to_printable(name), "unreadable", f"the file cannot be read: {error.strerror}"
        ) from error
    if len(data) > MAX_BYTES:
        raise ArticleError(to_printable(name), "too large", f"the file is over {MAX_BYTES // 2**20} MB")
    return data
