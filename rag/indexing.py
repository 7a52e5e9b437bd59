"""A folder of articles, and those added beside it -> a generation of the index, and the report of what happened.

Only texts that were never embedded by the same model are embedded.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.cache import KEY_BYTES, VectorCache
from embeddings.encoder import Encoder
from embeddings.index import VectorIndex
from rag.added import added_source, is_added
from rag.articles import PARSER_VERSION
from rag.copies import COPIES_VERSION, find_stories, sign
from rag.dates import beijing_day
from rag.errors import ArticleError, NothingToIndexError
from rag.generations import disk_errors
from rag.intake import FileStamp, Intake, SetAside, read_folder
from rag.lexical import LexicalIndex
from rag.passages import CHUNKER_VERSION, split_article, split_sentences
from rag.records import Article, Passage
from rag.settings import Settings
from rag.store import Contents, Index, Offsets, write_index
from rag.words import WORDS_VERSION, search_words

Progress = Callable[[str, int, int], None]
"""Called with the step's name, what is done and what there is in all."""

logger = logging.getLogger(__name__)

BATCH = 256
"""Texts that are embedded between two writes to the disk."""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one run of indexing did.

    Attributes:
        indexed: articles that are new or changed.
        unchanged: articles that were there before.
        removed: articles that are gone.
        duplicates: files that are exact copies of another.
        set_aside: files that could not be read.
        seconds: for the whole run.
        generation: the name of the generation that serves now.
    """

    indexed: int
    unchanged: int
    removed: int
    duplicates: int
    set_aside: tuple[SetAside, ...]
    seconds: float
    generation: str


def made_with(encoder: Encoder, settings: Settings) -> dict[str, object]:
    """Everything that an index's passages, words and vectors depend on, by names a person can read."""
    return {
        "model": encoder.name,
        "model digest": encoder.digest,
        "passage size": settings.passages.size,
        "passage overlap": settings.passages.overlap,
        "parser version": PARSER_VERSION,
        "chunker version": CHUNKER_VERSION,
        "words version": WORDS_VERSION,
        "copies version": COPIES_VERSION,
    }


def refresh_index(
    folder: Path,
    root: Path,
    encoder: Encoder,
    settings: Settings,
    previous: Index | None = None,
    progress: Progress = lambda step, done, total: None,
    anew: bool = False,
) -> IndexReport:
    """Bring the index at ``root`` up to date with a folder. Call it inside ``generations.writing``.

    Args:
        previous: the current generation, made with the same encoder and settings; its unchanged articles are
            used again.
        anew: read every file and write a generation, whatever ``previous`` holds.

    Raises:
        NothingToIndexError: no article could be read, or none of the folder's is left and ``previous`` holds some.
        DiskError: the disk refused; the generation before goes on serving.
    """
    started = time.monotonic()
    before = {article.path: article for article in previous.articles()} if previous else {}
    intake = read_folder(
        folder,
        _known(None if anew else previous),
        lambda done, total: progress("read", done, total),
        [added_source(root)],
    )
    if not intake.articles:
        first = intake.set_aside[0]
        raise NothingToIndexError(
            f"None of the {len(intake.set_aside)} files in {folder} could be read; the first: "
            f"{first.path}: {first.detail}. Mend them or name another folder."
        )
    _check_folder_is_left(folder, before.values(), intake, anew)
    made_from = Path(os.path.abspath(folder))
    after = {article.path: article for article in intake.articles}
    unchanged = sum(before.get(path) == article for path, article in after.items())
    if anew or previous is None or not _is_current(previous, intake, made_from):
        name = index_intake(intake, root, encoder, settings, previous, progress, made_from)
    else:
        name = previous.name
    return IndexReport(
        indexed=len(after) - unchanged,
        unchanged=unchanged,
        removed=len(before.keys() - after.keys()),
        duplicates=intake.duplicates,
        set_aside=intake.set_aside,
        seconds=time.monotonic() - started,
        generation=name,
    )


def index_intake(
    intake: Intake,
    root: Path,
    encoder: Encoder,
    settings: Settings,
    previous: Index | None = None,
    progress: Progress = lambda step, done, total: None,
    folder: Path | None = None,
) -> str:
    """Write a generation that holds what was read; its name. Call it inside ``generations.writing``.

    Args:
        folder: what was read, absolute; kept for whoever brings the index up to date.
    """
    with disk_errors(root):
        cache = VectorCache(root / "vectors" / f"{encoder.digest[:16]}.cache", encoder.dimension)
    contents, keys = _make_contents(intake, root, encoder, settings, cache, previous, progress)
    name = write_index(root, contents, made_with(encoder, settings), previous, folder)
    try:
        cache.keep(keys)
        for path in (root / "vectors").iterdir():
            if path != cache.path:
                path.unlink(missing_ok=True)  # of another model
    except OSError as error:  # the generation stands; the next run tries again
        logger.warning("Vectors that are not needed cannot be removed from %s: %s", root / "vectors", error)
    return name


def embedded_text(passage: Passage) -> str:
    """What is embedded for a passage: its title and day come before it; what is quoted stays the slice."""
    article = passage.article
    day = beijing_day(article.published)
    head = " ".join(part for part in (article.title, day and day.isoformat()) if part)
    return f"{head}\n{passage.text}" if head else passage.text


def _make_contents(
    intake: Intake,
    root: Path,
    encoder: Encoder,
    settings: Settings,
    cache: VectorCache,
    previous: Index | None,
    progress: Progress,
) -> tuple[Contents, Sequence[bytes]]:
    """What a generation holds, and the keys of its vectors."""
    passages, passage_rows, sentence_rows, sentence_texts = _cut(intake.articles, settings)
    passage_texts = [embedded_text(passage) for passage in passages]
    texts = [*passage_texts, *sentence_texts]
    keys = [hashlib.sha256(text.encode()).digest()[:KEY_BYTES] for text in texts]
    with disk_errors(root):
        _embed(texts, keys, encoder, cache, progress)
    known = {article.digest: row for row, article in enumerate(previous.articles())} if previous else {}
    signatures = np.stack(
        [
            previous.signatures[known[article.digest]]
            if previous and article.digest in known
            else sign(article.text)
            for article in intake.articles
        ]
    )
    contents = Contents(
        articles=intake.articles,
        stamps=intake.stamps,
        outlets=intake.outlets,
        set_aside=intake.set_aside,
        passages=passage_rows,
        sentences=sentence_rows,
        stories=find_stories([article.text for article in intake.articles], signatures),
        signatures=signatures,
        passage_vectors=VectorIndex.build(cache.vectors(keys[: len(passages)])),
        sentence_vectors=VectorIndex.build(cache.vectors(keys[len(passages) :])),
        words=LexicalIndex.build(list(_segment(passages, previous, known, progress))),
    )
    return contents, keys


def _cut(
    articles: Sequence[Article], settings: Settings
) -> tuple[list[Passage], Offsets, Offsets, list[str]]:
    """Passages, their rows, the sentences' rows and the sentences' texts."""
    size, overlap = settings.passages.size, settings.passages.overlap
    passages: list[Passage] = []
    passage_rows: list[tuple[int, ...]] = []
    sentence_rows: list[tuple[int, ...]] = []
    texts: list[str] = []
    for row, article in enumerate(articles):
        spans = split_sentences(article.text, size)
        starts = {start: len(sentence_rows) + n for n, (start, _) in enumerate(spans)}
        ends = {end: len(sentence_rows) + n + 1 for n, (_, end) in enumerate(spans)}
        for passage in split_article(article, size, overlap):
            passages.append(passage)
            passage_rows.append((row, passage.start, passage.end, starts[passage.start], ends[passage.end]))
        sentence_rows += [(row, start, end) for start, end in spans]
        texts += [article.text[start:end] for start, end in spans]
    return passages, np.asarray(passage_rows, np.int64), np.asarray(sentence_rows, np.int64), texts


def _segment(
    passages: Sequence[Passage], previous: Index | None, known: Mapping[str, int], progress: Progress
) -> Iterator[Sequence[str]]:
    """The words of each passage; those of articles that ``previous`` holds are used again.

    Args:
        known: rows of the articles of ``previous`` by the digest of their texts.
    """
    for done, passage in enumerate(passages):
        row = known.get(passage.article.digest)
        yield (
            search_words(passage.text)
            if previous is None or row is None
            else previous.words.words(previous.find_passage(row, passage.start))
        )
        progress("words", done + 1, len(passages))


def _embed(
    texts: Sequence[str], keys: Sequence[bytes], encoder: Encoder, cache: VectorCache, progress: Progress
) -> None:
    """Bring the cache to hold a vector of every text; what it holds, and what stands here twice, is not done again.

    Every batch is on the disk before the next is begun, so that a run that is killed goes on where it was.
    """
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in cache}
    # Of like length together: the encoder pads what it takes at once.
    todo = sorted(new.items(), key=lambda item: len(item[1]))
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        cache.append([key for key, _ in batch], encoder.encode_passages([text for _, text in batch]))
        progress("embed", start + len(batch), len(todo))


def _known(previous: Index | None) -> Callable[[str, FileStamp], Article | ArticleError | None]:
    """Finds what became of a path in the generation before, if its file has not changed since."""
    if previous is None:
        return lambda path, stamp: None
    stamps = previous.stamps()
    rows = {path: row for row, path, aliases, *_ in previous.facts if not aliases}
    aside = {item.path: ArticleError(item.path, item.reason, item.detail) for item in previous.set_aside()}

    def find(path: str, stamp: FileStamp) -> Article | ArticleError | None:
        if stamps.get(path) != stamp:
            return None
        return previous.article(rows[path]) if path in rows else aside.get(path)

    return find


def _check_folder_is_left(folder: Path, before: Iterable[Article], intake: Intake, anew: bool) -> None:
    """Refuse to drop every article of a folder for those that were added: its disk may be gone."""
    held = sum(map(_is_of_folder, before))
    if not held or any(map(_is_of_folder, intake.articles)):
        return
    if not folder.is_dir():
        raise NothingToIndexError(
            f"No folder at {folder}. The index keeps its {held} articles. Bring the folder back (is its disk there?), "
            "or name another with: wenfeng index ARTICLES"
        )
    if not anew:
        raise NothingToIndexError(
            f"{folder} holds no articles any more. The index keeps its {held} articles. Bring them back, "
            "or drop them with: wenfeng index ARTICLES --rebuild"
        )


def _is_of_folder(article: Article) -> bool:
    return not all(map(is_added, (article.path, *article.aliases)))


def _is_current(previous: Index, intake: Intake, folder: Path) -> bool:
    return (
        previous.stands_in is None
        and previous.folder == folder
        and previous.stamps() == intake.stamps
        and previous.set_aside() == intake.set_aside
    )
