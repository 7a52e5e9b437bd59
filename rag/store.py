"""The index on disk: one folder a generation, written whole and then made current by one rename.

    INDEX/current                    the name of the generation that serves
    INDEX/write.lock                 held by the one writer
    INDEX/generations/000001/
        manifest.json                sizes and sha256 of the files, counts, and what the vectors depend on
        articles.sqlite              articles in the order of their rows, files read and files set aside
        stories.npy signatures.npy   which articles are near copies
        passages.npy sentences.npy   offsets; *.keys.npy say which text a vector belongs to
        passages.faiss sentences.faiss
        words/                       BM25

Knows nothing of how articles are read, cut or embedded.
"""

import functools
import hashlib
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from embeddings.index import VectorIndex, VectorIndexError
from rag.copies import Signatures
from rag.errors import DiskError, IndexBusyError, IndexCorruptError, IndexMismatchError, IndexMissingError
from rag.intake import FileStamp, SetAside
from rag.lexical import LexicalIndex
from rag.records import Article, Passage

LAYOUT = 2
MANIFEST = "manifest.json"
BUILD_ADVICE = "Build it with: wenfeng index ARTICLES"
REBUILD_ADVICE = "Renew it with: wenfeng index ARTICLES --rebuild"

Offsets = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint8]

_SCHEMA = """
create table articles (row integer primary key, path text unique, aliases text, title text, outlet text, author text,
                       url text, categories text, published text, text text);
create table files (path text primary key, size integer, changed integer, outlet text);
create table set_aside (path text, reason text, detail text);
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a generation holds, ready to be written.

    Attributes:
        passages: int64 (passages, 5): article row, start, end, first sentence row, end of sentence rows.
        sentences: int64 (sentences, 3): article row, start, end.
        stories: int64 (articles,): the lowest row of each article's story, see ``rag.copies``.
        signatures: uint32 (articles, ``copies.SIGNATURE``).
        passage_keys, sentence_keys: uint8 (rows, 16): digest of the text each vector was made from.
    """

    articles: Sequence[Article]
    stamps: Mapping[str, FileStamp]
    outlets: Mapping[str, str | None]
    set_aside: Sequence[SetAside]
    passages: Offsets
    sentences: Offsets
    stories: Offsets
    signatures: Signatures
    passage_keys: Keys
    sentence_keys: Keys
    passage_vectors: VectorIndex
    sentence_vectors: VectorIndex
    words: LexicalIndex


class Index:
    """One generation, open for reading; safe to read from several threads.

    Attributes:
        name: of the generation.
        made_with: what its passages and vectors depend on, as given to ``write_generation``.
        passages, sentences, stories, signatures, passage_keys, sentence_keys, passage_vectors,
            sentence_vectors, words: see ``Contents``.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.name = folder.name
        self.made_with: dict[str, object] = manifest["made_with"]
        self.passages: Offsets = np.load(folder / "passages.npy", allow_pickle=False)
        self.sentences: Offsets = np.load(folder / "sentences.npy", allow_pickle=False)
        self.stories: Offsets = np.load(folder / "stories.npy", allow_pickle=False)
        self.signatures: Signatures = np.load(folder / "signatures.npy", allow_pickle=False)
        self.passage_keys: Keys = np.load(folder / "passages.keys.npy", allow_pickle=False)
        self.sentence_keys: Keys = np.load(folder / "sentences.keys.npy", allow_pickle=False)
        self.passage_vectors = VectorIndex.open(folder / "passages.faiss")
        self.sentence_vectors = VectorIndex.open(folder / "sentences.faiss")
        self.words = LexicalIndex.open(folder / "words")
        self._lock = threading.Lock()
        uri = f"{(folder / 'articles.sqlite').resolve().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self.article = functools.lru_cache(maxsize=4096)(self._read_article)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the current generation of the index at ``root``, every file checked against the manifest.

        Raises:
            IndexMissingError: there is no index.
            IndexCorruptError: a file is missing, cut short or changed.
            IndexMismatchError: the index was written in another layout.
        """
        folder = current_folder(root)
        try:
            manifest = _read_manifest(root, folder)
            if manifest["layout"] != LAYOUT:
                raise IndexMismatchError(
                    f"The index at {root} is in layout {manifest['layout']}, this version reads {LAYOUT}. {REBUILD_ADVICE}",
                    expected={"layout": LAYOUT},
                    found={"layout": manifest["layout"]},
                )
            _check_files(folder, manifest["files"])
            return cls(folder, manifest)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            sqlite3.Error,
            VectorIndexError,
        ) as error:
            if _pointer(root)[:1] != [folder.name]:
                return cls.open(root)  # a writer has made another generation current meanwhile
            raise IndexCorruptError(f"The index at {root} is damaged: {error}. {REBUILD_ADVICE}") from error

    def close(self) -> None:
        """Let the files go."""
        with self._lock:
            self._database.close()

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        article, start, end = (int(value) for value in self.passages[row, :3])
        return Passage(self.article(article), start, end)

    def articles(self) -> Iterator[Article]:
        """Every article, in the order of rows."""
        for row in range(int(self.passages[-1, 0]) + 1):
            yield self._read_article(row)

    def story(self, path: str) -> list[Article]:
        """The article of a path and its near copies, in the order of rows."""
        with self._lock:
            row = self._database.execute("select row from articles where path = ?", (path,)).fetchone()[0]
        return [self.article(int(each)) for each in np.flatnonzero(self.stories == self.stories[row])]

    def facts(self) -> list[tuple[Any, ...]]:
        """(row, path, aliases, outlet, author, categories, published) of every article, in the order of rows."""
        with self._lock:
            rows = self._database.execute(
                "select row, path, aliases, outlet, author, categories, published from articles order by row"
            ).fetchall()
        return [
            (row, path, json.loads(aliases), outlet, author, json.loads(categories), _to_datetime(published))
            for row, path, aliases, outlet, author, categories, published in rows
        ]

    def stamps(self) -> dict[str, FileStamp]:
        """Size and time of change of every file read, by path."""
        with self._lock:
            rows = self._database.execute("select path, size, changed from files").fetchall()
        return {path: (size, changed) for path, size, changed in rows}

    def outlets(self, paths: Sequence[str]) -> list[str | None]:
        """The outlets of files read, copies included."""
        with self._lock:
            found = [
                self._database.execute("select outlet from files where path = ?", (path,)).fetchone()
                for path in paths
            ]
        return [row[0] if row else None for row in found]

    def set_aside(self) -> tuple[SetAside, ...]:
        """The files that could not be read, and why."""
        with self._lock:
            rows = self._database.execute("select path, reason, detail from set_aside order by path")
            return tuple(SetAside(*row) for row in rows)

    def _read_article(self, row: int) -> Article:
        with self._lock:
            found = self._database.execute("select * from articles where row = ?", (row,)).fetchone()
        _, path, aliases, title, outlet, author, url, categories, published, text = found
        return Article(
            path=path,
            text=text,
            title=title,
            outlet=outlet,
            author=author,
            url=url,
            categories=tuple(json.loads(categories)),
            published=_to_datetime(published),
            aliases=tuple(json.loads(aliases)),
        )


@contextmanager
def writing(root: Path, wait: float = 0) -> Iterator[None]:
    """Be the one writer of the index at ``root``.

    Args:
        wait: seconds to wait for another writer.

    Raises:
        IndexBusyError: another process is still writing.
        DiskError: the folder cannot be made or written.
    """
    with _disk_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / "write.lock", timeout=wait)
        try:
            lock.acquire()
        except Timeout:
            raise IndexBusyError(
                f"Another process is writing the index at {root}. Wait for it, or add: --wait SECONDS"
            ) from None
    try:
        yield
    finally:
        lock.release()


def write_generation(root: Path, contents: Contents, made_with: Mapping[str, object]) -> str:
    """Write a generation and make it current. Call it inside ``writing``.

    Args:
        made_with: what passages and vectors depend on, such as the model's name; JSON values.

    Returns:
        Its name.

    Raises:
        DiskError: the disk is full or refuses; the generation before goes on serving.
    """
    with _disk_errors(root):
        parent = root / "generations"
        parent.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.name) for path in parent.iterdir() if path.name.isdigit()]
        name = f"{max(numbers, default=0) + 1:06d}"
        part = parent / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _write_files(part, contents)
        manifest = {"layout": LAYOUT, "made_with": dict(made_with), "files": _describe_files(part)}
        (part / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        _flush_tree(part)
        part.rename(parent / name)
        _flush(parent)
        before = _pointer(root)[:1] if (root / "current").exists() else []
        _point_to(root, name)
        for path in parent.iterdir():
            if path.name not in {name, *before}:
                shutil.rmtree(path, ignore_errors=True)
    return name


def current_folder(root: Path) -> Path:
    """The folder of the generation that serves.

    Raises:
        IndexMissingError: there is no index.
        IndexCorruptError: what should name the generation does not.
    """
    try:
        name = next(iter(_pointer(root)), "")
    except FileNotFoundError:
        raise IndexMissingError(f"No index at {root}. {BUILD_ADVICE}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexCorruptError(f"The index at {root} is damaged: {error}. {REBUILD_ADVICE}") from error
    if not (name.isdigit() and (root / "generations" / name).is_dir()):
        raise IndexCorruptError(f"The index at {root} is damaged: no generation {name!r}. {REBUILD_ADVICE}")
    return root / "generations" / name


def _pointer(root: Path) -> list[str]:
    """What ``current`` says: the generation's name and the sha256 of its manifest."""
    return (root / "current").read_text(encoding="utf-8").split()


def _read_manifest(root: Path, folder: Path) -> dict[str, Any]:
    data = (folder / MANIFEST).read_bytes()
    if _pointer(root)[1:] != [hashlib.sha256(data).hexdigest()]:
        raise ValueError(f"{MANIFEST} has changed")
    manifest: dict[str, Any] = json.loads(data)
    return manifest


def _check_files(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    for name, expected in files.items():
        path = folder / name
        if path.stat().st_size != expected["size"]:
            raise ValueError(f"{name} has {path.stat().st_size} bytes instead of {expected['size']}")
        if _sha256(path) != expected["sha256"]:
            raise ValueError(f"{name} has changed")


def _describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_files(folder: Path, contents: Contents) -> None:
    np.save(folder / "passages.npy", contents.passages)
    np.save(folder / "sentences.npy", contents.sentences)
    np.save(folder / "stories.npy", contents.stories)
    np.save(folder / "signatures.npy", contents.signatures)
    np.save(folder / "passages.keys.npy", contents.passage_keys)
    np.save(folder / "sentences.keys.npy", contents.sentence_keys)
    contents.passage_vectors.save(folder / "passages.faiss")
    contents.sentence_vectors.save(folder / "sentences.faiss")
    contents.words.save(folder / "words")
    with closing(sqlite3.connect(folder / "articles.sqlite")) as database, database:
        database.executescript(_SCHEMA)
        database.executemany(
            "insert into articles values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_to_row(row, article) for row, article in enumerate(contents.articles)),
        )
        database.executemany(
            "insert into files values (?, ?, ?, ?)",
            (
                (path, size, changed, contents.outlets.get(path))
                for path, (size, changed) in contents.stamps.items()
            ),
        )
        database.executemany(
            "insert into set_aside values (?, ?, ?)",
            ((item.path, item.reason, item.detail) for item in contents.set_aside),
        )


def _to_row(row: int, article: Article) -> tuple[object, ...]:
    return (
        row,
        article.path,
        json.dumps(article.aliases, ensure_ascii=False),
        article.title,
        article.outlet,
        article.author,
        article.url,
        json.dumps(article.categories, ensure_ascii=False),
        article.published and article.published.isoformat(),
        article.text,
    )


def _to_datetime(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None


def _point_to(root: Path, name: str) -> None:
    part = root / "current.part"
    digest = _sha256(root / "generations" / name / MANIFEST)
    part.write_text(f"{name} {digest}\n", encoding="utf-8")
    _flush(part)
    part.replace(root / "current")
    _flush(root)


def _flush_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise DiskError(
            f"The disk refused to write the index at {root}: {error}. "
            "Free some room or choose another folder with --index DIR, then run the command again."
        ) from error
