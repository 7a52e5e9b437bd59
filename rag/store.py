"""What a generation of the index holds: articles, passages, sentences, their words and vectors.

    articles.sqlite              articles in the order of their rows, files read and files set aside
    passages.npy sentences.npy   offsets
    stories.npy signatures.npy   which articles are near copies
    passage_vectors/ sentence_vectors/
    words/                       BM25

How generations come and go is the business of ``generations``. Knows nothing of how articles are read, cut or
embedded.
"""

import functools
import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from embeddings.index import VectorIndex, VectorIndexError
from rag.copies import Signatures
from rag.errors import IndexCorruptError
from rag.generations import (
    REBUILD_ADVICE,
    DamageError,
    Generation,
    check_files,
    find_generation,
    write_generation,
)
from rag.intake import FileStamp, SetAside
from rag.lexical import LexicalIndex
from rag.records import Article, Passage

Offsets = npt.NDArray[np.int64]

logger = logging.getLogger(__name__)

CHECKING = "wenfeng-checks-index"
"""The name of the thread that hashes a large generation while it serves."""

_SCHEMA = """
create table articles (row integer primary key, path text unique, aliases text, title text, outlet text, author text,
                       url text, categories text, published text, text text);
create table files (path text primary key, size integer, changed integer, outlet text);
create table set_aside (path text, reason text, detail text);
"""


class Fact(NamedTuple):
    """What is known of an article without its text, and its row."""

    row: int
    path: str
    aliases: list[str]
    outlet: str | None
    author: str | None
    categories: list[str]
    published: datetime | None
    title: str | None


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a generation holds, ready to be written.

    Attributes:
        passages: int64 (passages, 5): article row, start, end, first sentence row, end of sentence rows.
        sentences: int64 (sentences, 3): article row, start, end.
        stories: int64 (articles,): the lowest row of each article's story, see ``rag.copies``.
        signatures: uint32 (articles, ``copies.SIGNATURE``).
    """

    articles: Sequence[Article]
    stamps: Mapping[str, FileStamp]
    outlets: Mapping[str, str | None]
    set_aside: Sequence[SetAside]
    passages: Offsets
    sentences: Offsets
    stories: Offsets
    signatures: Signatures
    passage_vectors: VectorIndex
    sentence_vectors: VectorIndex
    words: LexicalIndex


class Index:
    """One generation, open for reading; safe to read from several threads.

    Attributes:
        name: of the generation.
        pointer: what said that it serves; another text stands for another generation.
        made_with: what its passages and vectors depend on, as given to ``write_index``.
        folder: what it was made from, absolute; None where that is not known.
        stands_in: what is wrong with the generation that should serve instead, or None.
        damage: what was found wrong with this one since it was opened, or None; then it must not serve.
        passages, sentences, stories, signatures, passage_vectors, sentence_vectors, words: see ``Contents``.
    """

    def __init__(self, generation: Generation) -> None:
        folder = generation.folder
        self.name = generation.name
        self.pointer = generation.pointer
        self.made_with: dict[str, object] = generation.facts["made_with"]
        made_from = generation.facts.get("folder")
        self.folder = Path(made_from) if made_from else None
        self.stands_in = generation.damage
        self.damage: str | None = None
        self.passages: Offsets = np.load(folder / "passages.npy", allow_pickle=False)
        self.sentences: Offsets = np.load(folder / "sentences.npy", allow_pickle=False)
        self.stories: Offsets = np.load(folder / "stories.npy", allow_pickle=False)
        self.signatures: Signatures = np.load(folder / "signatures.npy", allow_pickle=False)
        self.passage_vectors = VectorIndex.open(folder / "passage_vectors")
        self.sentence_vectors = VectorIndex.open(folder / "sentence_vectors")
        self.words = LexicalIndex.open(folder / "words")
        _check_counts(self, generation.facts["counts"])
        self._lock = threading.Lock()
        uri = f"{(folder / 'articles.sqlite').resolve().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self.article = functools.lru_cache(maxsize=4096)(self._read_article)
        self._removed = generation.removed
        if generation.unchecked:
            threading.Thread(target=self._check, args=(generation,), name=CHECKING, daemon=True).start()

    @classmethod
    def open(cls, root: Path, check_all: bool = False) -> Self:
        """Open the generation that serves at ``root``, every file checked against the manifest.

        Args:
            check_all: hash every file first; else one of more than half a gigabyte is hashed while it serves.

        Raises:
            IndexMissingError: there is no index.
            IndexCorruptError: a file is missing, cut short or changed, and no other generation can stand in.
            IndexMismatchError: the index was written in another layout.
        """
        generation = find_generation(root, check_all)
        try:
            index = cls(generation)
        except (OSError, ValueError, KeyError, TypeError, sqlite3.Error, VectorIndexError) as error:
            if find_generation(root).name != generation.name:
                return cls.open(root, check_all)  # a writer has made another generation current meanwhile
            raise IndexCorruptError(f"The index at {root} is damaged: {error}. {REBUILD_ADVICE}") from error
        if index.stands_in:
            logger.warning("%s; generation %s stands in for it", index.stands_in, index.name)
        return index

    def _check(self, generation: Generation) -> None:
        try:
            check_files(generation.folder, generation.unchecked)
        except DamageError as error:
            if generation.folder.exists():  # and was not dropped for a newer one
                self.damage = f"Generation {self.name!r} of the index is damaged: {error}"

    def close(self) -> None:
        """Let the files go."""
        with self._lock:
            self._database.close()
        del self.article  # it holds this index, and so the files it has mapped

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        article, start, end = (int(value) for value in self.passages[row, :3])
        return Passage(self.article(article), start, end)

    def find_passage(self, article: int, start: int) -> int:
        """The row of the passage of an article's row that begins at an offset."""
        first, last = np.searchsorted(self.passages[:, 0], [article, article + 1])
        return int(first + np.searchsorted(self.passages[first:last, 1], start))

    def articles(self) -> Iterator[Article]:
        """Every article, in the order of rows."""
        for row in range(int(self.passages[-1, 0]) + 1):
            yield self._read_article(row)

    def story(self, path: str) -> list[Article]:
        """The article of a path and its near copies, in the order of rows."""
        with self._lock:
            row = self._database.execute("select row from articles where path = ?", (path,)).fetchone()[0]
        rows = np.flatnonzero(self.stories == self.stories[row])
        return [self.article(int(each)) for each in rows if self.serving is None or self.serving[each]]

    @functools.cached_property
    def facts(self) -> list[Fact]:
        """What is known of every article, in the order of rows."""
        with self._lock:
            rows = self._database.execute(
                "select row, path, aliases, outlet, author, categories, published, title from articles order by row"
            ).fetchall()
        return [
            Fact(
                row,
                path,
                json.loads(aliases),
                outlet,
                author,
                json.loads(categories),
                _to_datetime(day),
                title,
            )
            for row, path, aliases, outlet, author, categories, day, title in rows
        ]

    @functools.cached_property
    def serving(self) -> npt.NDArray[np.bool_] | None:
        """Which articles (articles,) may be shown; None where all may.

        Where this generation stands in for a damaged one, some of its articles have been removed or edited since.
        """
        if not self._removed:
            return None
        return np.array([article_key(article) not in self._removed for article in self.articles()])

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


def write_index(
    root: Path,
    contents: Contents,
    made_with: Mapping[str, object],
    previous: Index | None = None,
    folder: Path | None = None,
) -> str:
    """Write a generation and make it current. Call it inside ``generations.writing``.

    Args:
        made_with: what passages and vectors depend on, such as the model's name; JSON values.
        previous: the generation that stands in for this one should it be damaged.
        folder: what it was made from, absolute.

    Returns:
        Its name.

    Raises:
        DiskError: the disk is full or refuses; the generation before goes on serving.
    """
    kept = {article_key(article) for article in contents.articles}
    gone = (
        [key for article in previous.articles() if (key := article_key(article)) not in kept]
        if previous
        else []
    )
    return write_generation(
        root,
        lambda folder: _write_files(folder, contents),
        {
            "made_with": dict(made_with),
            "counts": _counts(contents, len(contents.articles)),
            "folder": folder and str(folder),
        },
        before=previous.name if previous else None,
        removed=gone,
    )


def article_key(article: Article) -> str:
    """Tells an article from any other and from itself edited, its header included."""
    return hashlib.sha256(repr(_to_row(0, article)).encode()).hexdigest()[:32]


def _counts(held: "Contents | Index", articles: int) -> dict[str, int]:
    return {
        "articles": articles,
        "stories": len(held.stories),
        "passages": len(held.passages),
        "passage vectors": len(held.passage_vectors),
        "passage words": len(held.words),
        "sentences": len(held.sentences),
        "sentence vectors": len(held.sentence_vectors),
        "dimension": held.sentence_vectors.dimension,
    }


def _check_counts(index: "Index", expected: Mapping[str, int]) -> None:
    found = _counts(index, expected["articles"])
    if found != expected:
        raise ValueError(f"it holds {found} instead of {dict(expected)}")


def _write_files(folder: Path, contents: Contents) -> None:
    np.save(folder / "passages.npy", contents.passages)
    np.save(folder / "sentences.npy", contents.sentences)
    np.save(folder / "stories.npy", contents.stories)
    np.save(folder / "signatures.npy", contents.signatures)
    contents.passage_vectors.save(folder / "passage_vectors")
    contents.sentence_vectors.save(folder / "sentence_vectors")
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
