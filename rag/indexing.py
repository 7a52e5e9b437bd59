"""A folder of articles -> a generation of the index, and the report of what happened.

Only texts that the generation before does not hold are embedded again.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.encoder import Encoder, FloatMatrix
from embeddings.index import VectorIndex
from rag.articles import PARSER_VERSION
from rag.copies import COPIES_VERSION, Signatures, find_stories, sign
from rag.dates import beijing_day
from rag.errors import NothingToIndexError
from rag.intake import FileStamp, Intake, SetAside, read_folder
from rag.lexical import LexicalIndex
from rag.passages import CHUNKER_VERSION, split_article, split_sentences
from rag.records import Article, Passage
from rag.settings import Settings
from rag.store import Contents, Index, Keys, Offsets, write_generation
from rag.words import WORDS_VERSION, search_words

Progress = Callable[[str, int, int], None]
"""Called with the step's name, what is done and what there is in all."""

_KEY_BYTES = 16


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
) -> IndexReport:
    """Bring the index at ``root`` up to date with a folder. Call it inside ``store.writing``.

    Args:
        previous: the current generation, made with the same encoder and settings; its unchanged articles and
            vectors are used again.

    Raises:
        NothingToIndexError: no article could be read.
        DiskError: the disk refused; the generation before goes on serving.
    """
    started = time.monotonic()
    before = {article.path: article for article in previous.articles()} if previous else {}
    intake = read_folder(folder, _known(previous), lambda done, total: progress("read", done, total))
    if not intake.articles:
        first = intake.set_aside[0]
        raise NothingToIndexError(
            f"None of the {len(intake.set_aside)} files in {folder} could be read; the first: "
            f"{first.path}: {first.detail}. Mend them or name another folder."
        )
    after = {article.path: article for article in intake.articles}
    unchanged = sum(before.get(path) == article for path, article in after.items())
    if previous is None or not _is_current(previous, intake):
        name = index_intake(intake, root, encoder, settings, previous, progress)
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
) -> str:
    """Write a generation that holds what was read; its name. Call it inside ``store.writing``."""
    contents = _make_contents(intake, encoder, settings, previous, progress)
    return write_generation(root, contents, made_with(encoder, settings))


def embedded_text(passage: Passage) -> str:
    """What is embedded for a passage: its title and day come before it; what is quoted stays the slice."""
    article = passage.article
    day = beijing_day(article.published)
    head = " ".join(part for part in (article.title, day and day.isoformat()) if part)
    return f"{head}\n{passage.text}" if head else passage.text


def _make_contents(
    intake: Intake, encoder: Encoder, settings: Settings, previous: Index | None, progress: Progress
) -> Contents:
    passages, passage_rows, sentence_rows, sentence_texts = _cut(intake.articles, settings)
    passage_texts = [embedded_text(passage) for passage in passages]
    passage_keys, sentence_keys = _to_keys(passage_texts), _to_keys(sentence_texts)
    texts = [*passage_texts, *sentence_texts]
    vectors = _embed(texts, np.concatenate([passage_keys, sentence_keys]), encoder, previous, progress)
    signatures = _sign(intake.articles, previous)
    words = []
    for done, passage in enumerate(passages):
        words.append(search_words(passage.text))
        progress("words", done + 1, len(passages))
    return Contents(
        articles=intake.articles,
        stamps=intake.stamps,
        outlets=intake.outlets,
        set_aside=intake.set_aside,
        passages=passage_rows,
        sentences=sentence_rows,
        stories=find_stories([article.text for article in intake.articles], signatures),
        signatures=signatures,
        passage_keys=passage_keys,
        sentence_keys=sentence_keys,
        passage_vectors=VectorIndex.build(vectors[: len(passages)]),
        sentence_vectors=VectorIndex.build(vectors[len(passages) :]),
        words=LexicalIndex.build(words),
    )


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


def _sign(articles: Sequence[Article], previous: Index | None) -> Signatures:
    """One signature an article; those of ``previous`` are used again."""
    known = (
        {}
        if previous is None
        else {article.digest: previous.signatures[row] for row, article in enumerate(previous.articles())}
    )
    return np.stack(
        [known[article.digest] if article.digest in known else sign(article.text) for article in articles]
    )


def _to_keys(texts: Sequence[str]) -> Keys:
    digests = b"".join(hashlib.sha256(text.encode()).digest()[:_KEY_BYTES] for text in texts)
    return np.frombuffer(digests, dtype=np.uint8).reshape(-1, _KEY_BYTES)


def _embed(
    texts: Sequence[str], keys: Keys, encoder: Encoder, previous: Index | None, progress: Progress
) -> FloatMatrix:
    """One vector a text; texts that stand in ``previous`` or stand here twice are embedded once."""
    vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)
    known = _known_vectors(previous)
    first_rows: dict[bytes, int] = {}
    for row, key in enumerate(map(bytes, keys)):
        if key in known:
            vectors[row] = known[key]
        else:
            first_rows.setdefault(key, row)
    done = 0

    def count(batch: int) -> None:
        nonlocal done
        done += batch
        progress("embed", done, len(first_rows))

    new = list(first_rows.values())
    vectors[new] = encoder.encode_passages([texts[row] for row in new], progress=count)
    for row, key in enumerate(map(bytes, keys)):
        if key in first_rows:
            vectors[row] = vectors[first_rows[key]]
    return vectors


def _known_vectors(previous: Index | None) -> Mapping[bytes, FloatMatrix]:
    if previous is None:
        return {}
    pairs = (
        (previous.passage_keys, previous.passage_vectors),
        (previous.sentence_keys, previous.sentence_vectors),
    )
    return {
        bytes(key): vector
        for keys, index in pairs
        for key, vector in zip(keys, index.vectors(np.arange(len(keys))), strict=True)
    }


def _known(previous: Index | None) -> Callable[[str, FileStamp], Article | None]:
    """Finds an article of the generation before by a path whose file has not changed since."""
    if previous is None:
        return lambda path, stamp: None
    stamps = previous.stamps()
    rows = {path: row for row, path, aliases, *_ in previous.facts() if not aliases}
    return lambda path, stamp: (
        previous.article(rows[path]) if path in rows and stamps.get(path) == stamp else None
    )


def _is_current(previous: Index, intake: Intake) -> bool:
    return previous.stamps() == intake.stamps and previous.set_aside() == intake.set_aside
