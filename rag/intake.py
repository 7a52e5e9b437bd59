"""Folders -> articles, and the files that were set aside by name. Knows no index."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from rag.errors import ArticleError, NothingToIndexError
from rag.parsing import read_articles
from rag.records import Article

SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm", ".txt"})

SHORT_TEXT = 20
"""Characters under which two posts are copies only if their titles agree as well."""

FileStamp = tuple[int, int]
"""A file's size in bytes and the later of its times of change, of content and of entry, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Source:
    """A folder that is read together with others.

    Attributes:
        prefix: stands before the path of everything in it: empty, or a name and a slash.
    """

    folder: Path
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file or folder that is not in the index, and why."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What a folder holds.

    Attributes:
        articles: by path; exact copies are one article with aliases.
        stamps: of every file whose name can be printed, those set aside included, by path.
        outlets: of every file that was read, copies included, where its header names one.
        set_aside: files, and folders that were not entered, in the order of their paths.
        unchanged: how many files were known and not read again.
        duplicates: how many files are exact copies of another.
    """

    articles: tuple[Article, ...]
    stamps: Mapping[str, FileStamp]
    outlets: Mapping[str, str | None]
    set_aside: tuple[SetAside, ...]
    unchanged: int
    duplicates: int


def read_folder(
    folder: Path,
    known: Callable[[str, FileStamp], Article | ArticleError | None] = lambda path, stamp: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    beside: Sequence[Source] = (),
) -> Intake:
    """Read every article below a folder.

    Args:
        known: gives what became of a path if its file still has this stamp, so that it is not read again.
        progress: called with the files done and the files in all.
        beside: read as if they were folders in it; they may be missing.

    Raises:
        NothingToIndexError: there is no such folder, or no file in it could be an article, and none beside it.
    """
    paths, closed = _list_files(folder, beside)
    outcomes: dict[str, Article | ArticleError] = {}
    stamps: dict[str, FileStamp] = {}
    unchanged = 0
    for path, source in paths.items():
        try:
            stamps[path] = _stamp(source, path)
        except ArticleError as error:
            outcomes[path] = error
            continue
        before = known(path, stamps[path])
        if before is not None:
            outcomes[path] = before
            unchanged += 1
    progress(len(outcomes), len(paths))
    for path, outcome in _read({path: source for path, source in paths.items() if path not in outcomes}):
        outcomes[path] = outcome
        progress(len(outcomes), len(paths))
    articles = [outcome for outcome in outcomes.values() if isinstance(outcome, Article)]
    set_aside = closed + [
        SetAside(to_printable(path), outcome.reason, to_printable(outcome.detail))
        for path, outcome in outcomes.items()
        if isinstance(outcome, ArticleError)
    ]
    merged = merge_copies(articles)
    return Intake(
        articles=merged,
        stamps={path: stamp for path, stamp in stamps.items() if to_printable(path) == path},
        outlets={article.path: article.outlet for article in articles},
        set_aside=tuple(sorted(set_aside, key=lambda each: each.path)),
        unchanged=unchanged,
        duplicates=len(articles) - len(merged),
    )


def list_files(folder: Path, beside: Sequence[Source] = ()) -> tuple[list[str], list[SetAside]]:
    """The files that could be articles: relative POSIX paths, sorted. Hidden ones are left out.

    Args:
        beside: as of ``read_folder``.

    Returns:
        The paths, and the folders below that were not entered: links, and those that cannot be read.

    Raises:
        NothingToIndexError: there is no such folder, or it holds no such file, and none is beside it.
    """
    paths, closed = _list_files(folder, beside)
    return list(paths), closed


def list_source(source: Source) -> list[str]:
    """The files of a folder that could be articles, prefixed and sorted; none where there is no folder."""
    return sorted(_walk(source, set())[0])


def could_be_article(name: str) -> bool:
    """Whether a file's name ends as an article's does."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


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


def _list_files(folder: Path, beside: Sequence[Source]) -> tuple[dict[str, Source], list[SetAside]]:
    """Where each file that could be an article lies, in the order of their paths; folders not entered."""
    paths: dict[str, Source] = {}
    closed: list[SetAside] = []
    others = {os.path.realpath(source.folder) for source in beside}  # may lie inside the folder
    for source in (Source(folder), *beside):
        found, shut = _walk(source, others)
        paths |= dict.fromkeys(found, source)
        closed += shut
    if not paths and not folder.is_dir():
        raise NothingToIndexError(f"No folder at {folder}. Name the folder that holds the articles.")
    if not paths:
        kinds = " ".join(sorted(SUFFIXES))
        raise NothingToIndexError(f"{folder} holds no articles. Put files in it that end in one of: {kinds}")
    return dict(sorted(paths.items())), sorted(closed, key=lambda each: each.path)


def _read(paths: Mapping[str, Source]) -> Iterator[tuple[str, Article | ArticleError]]:
    for source in dict.fromkeys(paths.values()):
        inner = [path.removeprefix(source.prefix) for path, home in paths.items() if home is source]
        for each, outcome in read_articles(source.folder, inner):
            path = source.prefix + each
            yield path, replace(outcome, path=path) if isinstance(outcome, Article) else outcome


def _walk(source: Source, others: Set[str]) -> tuple[list[str], list[SetAside]]:
    """The files of a folder that could be articles, and the folders in it that were not entered.

    Args:
        others: real paths of folders that are read by themselves.
    """
    folder = os.path.realpath(source.folder)
    paths: list[str] = []
    closed: list[SetAside] = []
    if not os.path.isdir(folder):
        return paths, closed

    def close(path: str, detail: str) -> None:
        below = source.prefix + os.path.relpath(path, folder)
        closed.append(SetAside(to_printable(below), "folder", detail))

    for parent, folders, files in os.walk(
        folder, onerror=lambda error: close(error.filename, f"the folder cannot be read: {error.strerror}")
    ):
        folders[:] = [
            name for name in folders if not name.startswith(".") and os.path.join(parent, name) not in others
        ]
        for name in folders:
            if Path(parent, name).is_symlink():  # os.walk does not follow it
                close(
                    os.path.join(parent, name), "a link to a folder is not followed; name that folder itself"
                )
        for name in files:
            if not name.startswith(".") and could_be_article(name):
                paths.append(source.prefix + Path(parent, name).relative_to(folder).as_posix())
    return paths, closed


def _stamp(source: Source, path: str) -> FileStamp:
    try:
        status = (source.folder / path.removeprefix(source.prefix)).stat()
    except OSError as error:
        raise ArticleError(path, "missing", f"cannot be read: {error.strerror}") from None
    # Renaming another file to this name leaves its time of change, and perhaps its size, but not the time of its entry.
    return status.st_size, max(status.st_mtime_ns, status.st_ctime_ns)
