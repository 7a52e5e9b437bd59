"""A folder -> articles, and the files that were set aside by name. Knows no index."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from rag.articles import read_article
from rag.errors import ArticleError, NothingToIndexError
from rag.records import Article

SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm", ".txt"})

SHORT_TEXT = 20
"""Characters under which two posts are copies only if their titles agree as well."""

FileStamp = tuple[int, int]
"""A file's size in bytes and its time of change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that is not in the index, and why."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What a folder holds.

    Attributes:
        articles: by path; exact copies are one article with aliases.
        stamps: of every file that was read, copies included, by path.
        set_aside: in the order of their paths.
        unchanged: how many files were known and not read again.
        duplicates: how many files are exact copies of another.
    """

    articles: tuple[Article, ...]
    stamps: Mapping[str, FileStamp]
    set_aside: tuple[SetAside, ...]
    unchanged: int
    duplicates: int


def read_folder(
    folder: Path,
    known: Callable[[str, FileStamp], Article | None] = lambda path, stamp: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Intake:
    """Read every article below a folder.

    Args:
        known: gives the article of a path if its file still has this stamp, so that it is not read again.
        progress: called with the files done and the files in all.

    Raises:
        NothingToIndexError: there is no such folder, or no file in it could be an article.
    """
    paths = list_files(folder)
    articles, stamps, set_aside, unchanged = [], {}, [], 0
    for done, path in enumerate(paths):
        progress(done, len(paths))
        try:
            stamp = _stamp(folder, path)
            article = known(path, stamp)
            unchanged += article is not None
            articles.append(article or read_article(folder, path))
            stamps[path] = stamp
        except ArticleError as error:
            set_aside.append(SetAside(to_printable(path), error.reason, to_printable(error.detail)))
    progress(len(paths), len(paths))
    merged = merge_copies(articles)
    return Intake(merged, stamps, tuple(set_aside), unchanged, len(articles) - len(merged))


def list_files(folder: Path) -> list[str]:
    """Relative POSIX paths of the files that could be articles, sorted; hidden ones are left out.

    Raises:
        NothingToIndexError: there is no such folder, or it holds no such file.
    """
    if not folder.is_dir():
        raise NothingToIndexError(f"No folder at {folder}. Name the folder that holds the articles.")
    paths = sorted(_walk(folder))
    if not paths:
        kinds = " ".join(sorted(SUFFIXES))
        raise NothingToIndexError(f"{folder} holds no articles. Put files in it that end in one of: {kinds}")
    return paths


def to_printable(text: str) -> str:
    """A file's name or what was said of it, control characters and bytes that are no text escaped."""
    whole = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in whole
    )


def merge_copies(articles: list[Article]) -> tuple[Article, ...]:
    """Make one article of those with the same text: the earliest published, the others its aliases."""
    groups: dict[tuple[str, str | None], list[Article]] = {}
    for article in articles:
        # A few words or pictures may be the whole text of two different posts.
        short = len(article.text.replace("[图片]", "")) < SHORT_TEXT
        groups.setdefault((article.digest, article.title if short else None), []).append(article)
    return tuple(sorted((_merge(group) for group in groups.values()), key=lambda article: article.path))


def _merge(copies: list[Article]) -> Article:
    latest = datetime.max.replace(tzinfo=UTC)
    first = min(copies, key=lambda article: (article.published or latest, article.path))
    return replace(first, aliases=tuple(sorted(copy.path for copy in copies if copy is not first)))


def _walk(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and PurePosixPath(name).suffix.lower() in SUFFIXES:
                yield (Path(parent) / name).relative_to(folder).as_posix()


def _stamp(folder: Path, path: str) -> FileStamp:
    try:
        status = (folder / path).stat()
    except OSError as error:
        raise ArticleError(path, "missing", f"cannot be read: {error.strerror}") from None
    return status.st_size, status.st_mtime_ns
