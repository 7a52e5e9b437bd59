"""A folder of articles that answers: open it, ask it, search it. The whole journey, top to bottom."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from embeddings.encoder import Encoder, EncoderError
from embeddings.reader import Reader, open_reader
from embeddings.sentence import open_encoder
from rag.answer import Reply, answer_from, refusal_text, render, weigh_sentences
from rag.browse import Facets, Listing, count_facets, find_article, list_articles
from rag.calibration import CalibrationFile, judged_with, shipped_calibration
from rag.cited import find_cited
from rag.compound import about_one, asks_about_both, split_question
from rag.conflicts import compare_accounts
from rag.conversation import FollowUp, read_follow_up
from rag.dates import BEIJING
from rag.errors import (
    IndexBusyError,
    IndexCorruptError,
    IndexMismatchError,
    IndexMissingError,
    ModelError,
    NothingToIndexError,
    QuestionError,
)
from rag.filters import allowed_articles, narrow
from rag.generations import BUILD_ADVICE, read_pointer, writing
from rag.indexing import IndexReport, Progress, refresh_index
from rag.inventory import read_inquiry
from rag.listing import tell
from rag.metadata import answer_from_header
from rag.parts import Group, Part, certainty_of, notes_of, statements_of
from rag.reading import read_found
from rag.recency import prefer_newest
from rag.records import Answer, Article, Calibration, Filters, Hit, Turn
from rag.retrieve import (
    Found,
    count_copies,
    encode_question,
    find_passages,
    group_articles,
    search_passages,
)
from rag.serving import Serving, open_fitting
from rag.settings import Settings
from rag.store import Index
from rag.typed import Way, choose_way, find_ways
from rag.words import in_script_of

DEFAULT_INDEX = Path(".wenfeng")

LONGEST_QUESTION = 2000
"""Characters."""
NEAREST = 3
"""How many passages are shown beside a refusal."""
LIKELIER = 0.2
"""Of a question that may mean several things, by how much the less likely must be more certain."""
LISTED = 50
"""Passages whose articles are listed for a query, after those whose titles hold it."""


def index_folder(
    articles: Path,
    root: Path,
    encoder: Encoder,
    settings: Settings,
    rebuild: bool = False,
    wait: float = 0,
    progress: Progress = lambda step, done, total: None,
) -> IndexReport:
    """Build or refresh the index at ``root`` from a folder of articles and what was added there (``rag.added``).

    Args:
        rebuild: read every file anew and write a generation, whatever stands there; what was embedded is used again.
        wait: seconds to wait for another process that writes.

    Raises:
        NothingToIndexError, IndexBusyError, IndexMismatchError, IndexCorruptError, DiskError: as they say.
    """
    with writing(root, wait):
        try:
            previous = open_fitting(root, encoder, settings, check_all=True)
        except (IndexCorruptError, IndexMismatchError):
            if not rebuild:
                raise
            previous = None
        try:
            return refresh_index(articles, root, encoder, settings, previous, progress, anew=rebuild)
        finally:
            if previous is not None:
                previous.close()


class Assistant:
    """Answers questions from one index. Safe to use from several threads.

    A generation that was written meanwhile is taken up by the next question; those under way end on theirs.

    Attributes:
        root: where the index is kept.
    """

    def __init__(
        self, root: Path, index: Index, encoder: Encoder, reader: Reader | None, settings: Settings
    ) -> None:
        self.root = root
        self.encoder = encoder
        self.reader = reader
        self.settings = settings
        self._serving = Serving(root, index, encoder, settings)
        self._calibration: CalibrationFile | None = CalibrationFile(
            root, judged_with(encoder, reader, settings), settings.answer.risk
        )
        self._refreshing = threading.Lock()

    @classmethod
    def open(
        cls,
        articles: Path | str | None,
        index: Path | str | None = None,
        settings: Settings | None = None,
        progress: Progress = lambda step, done, total: None,
    ) -> Self:
        """Open an index, built or brought up to date from a folder first.

        Args:
            articles: the folder; None opens what is there.
            index: where the index is kept; ``.wenfeng`` in the current folder unless said otherwise.
            settings: read from ``wenfeng.toml`` and the environment unless given.
            progress: told of each step of indexing.

        Raises:
            IndexMissingError: ``articles`` is None and there is no index.
            IndexMismatchError: the index was made with other settings or another model.
            IndexCorruptError: a file of the index is damaged.
            ModelError: the embedding model or the reader cannot be loaded.
            NothingToIndexError: no article could be read.
        """
        settings = settings or Settings.load()
        root = Path(index or DEFAULT_INDEX)
        if articles is None:
            read_pointer(root)  # a missing index is reported before a model is loaded
        encoder, reader = load_encoder(settings), load_reader(settings)
        busy: IndexBusyError | None = None
        if articles is not None:
            try:
                index_folder(Path(articles), root, encoder, settings, progress=progress)
            except IndexBusyError as error:
                busy = error
        opened = open_fitting(root, encoder, settings)
        if opened is None:
            raise busy or IndexMissingError(f"No index at {root}. {BUILD_ADVICE}")
        return cls(root, opened, encoder, reader, settings)

    @property
    def index(self) -> Index:
        """The generation that serves."""
        return self._serving.index

    def ask(self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None) -> Answer:
        """Answer a question from the articles.

        Args:
            history: earlier turns, oldest first.
            filters: which articles may answer.

        Raises:
            QuestionError: the question is blank, or longer than 2,000 characters.
            FilterError: a filter names what no article has.
            IndexCorruptError: the index has been found damaged since it was opened.
        """
        with self._serving.use() as index:
            return self.ask_openly(index, question, history, filters)[0]

    def forget_calibration(self) -> None:
        """Answer as shipped from now on, whatever is kept with the index; nothing is removed. To measure with."""
        self._calibration = None

    def calibration(self) -> Calibration:
        """How sure an answer must be here, and what is known of that.

        Raises:
            IndexMismatchError, IndexCorruptError: as of ``CalibrationFile.current``.
        """
        if self._calibration is None:
            return shipped_calibration(judged_with(self.encoder, self.reader, self.settings))
        return self._calibration.current()

    def use(self) -> AbstractContextManager[Index]:
        """The generation that serves, kept open as long as it is used."""
        return self._serving.use()

    def ask_openly(
        self,
        index: Index,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        today: date | None = None,
    ) -> tuple[Answer, list[Part]]:
        """``ask`` of one generation, with all that was seen on the way to the answer. See ``ask``.

        Args:
            today: the day on which it is asked; the day that it is in Beijing unless said otherwise.
        """
        check_question(question)
        calibration = self.calibration()
        steps: dict[str, float] = {}
        with _timed(steps, "complete"):
            follow_up = read_follow_up(question, history)
        day = today or datetime.now(BEIJING).date()
        of_folder = self._answer_of_folder(
            index, question, follow_up.readings[0], history, filters or Filters(), day, calibration, steps
        )
        if of_folder is not None:
            return of_folder
        asked, way, parts = self._choose_reading(
            index, question, follow_up, history, filters, day, calibration.threshold, steps
        )
        unanswered = [part.question for part in parts if not part.is_answered(calibration.threshold)]
        nearest = next((part.search.found for part in parts if part.search.found), ())
        text, quoted = render(statements_of(parts, calibration.threshold))
        citations = tuple(count_copies(index, citation) for citation in quoted)
        refused = not citations
        answer = Answer(
            question=question,
            asked=way.asked,
            text=refusal_text(question) if refused else text,
            citations=citations,
            refused=refused,
            nearest=tuple(each.hit for each in nearest[:NEAREST]) if refused else (),
            notes=(
                *_notes(index, question, asked, [] if refused else unanswered, bool(nearest)),
                *notes_of(parts, calibration.threshold),
                *way.notes,
            ),
            steps=steps,
            generation=index.name,
            searched=_count_searched(index, way.filters if way.is_bound else filters),
            certainty=certainty_of(parts),
            calibration=calibration,
            typed=way.typed,
        )
        return answer, parts

    def _choose_reading(
        self,
        index: Index,
        question: str,
        follow_up: FollowUp,
        history: Sequence[Turn],
        filters: Filters | None,
        today: date,
        least: float,
        steps: dict[str, float],
    ) -> tuple[str, Way, list[Part]]:
        """The reading of a question that is answered best, the way it is searched best, and its parts.

        Of readings about as good the likelier. What goes on is also asked as it stands, of the articles alone that were cited.
        """
        with _timed(steps, "complete"):
            cited = find_cited(index, history) if follow_up.goes_on else ()
            readings = [(reading[:LONGEST_QUESTION], filters) for reading in follow_up.readings]
            within = narrow(filters, [index.article(row).path for row in cited])
            if within is not None:
                readings.append((question, within))
        tried = []
        for number, (reading, allowed) in enumerate(readings):
            with _timed(steps, "complete"):
                ways = find_ways(index, question, reading, split_question(reading), allowed, today)
            answered = [
                (way, [self._answer_part(index, each, way.filters, cited, steps) for each in way.parts])
                for way in ways
            ]
            way, parts = choose_way(answered, least)
            tried.append((certainty_of(parts) - (LIKELIER if number else 0), reading, way, parts))
        _, reading, way, parts = max(tried, key=lambda each: each[0])
        return reading, way, parts

    def _answer_of_folder(
        self,
        index: Index,
        question: str,
        asked: str,
        history: Sequence[Turn],
        filters: Filters,
        today: date,
        calibration: Calibration,
        steps: dict[str, float],
    ) -> tuple[Answer, list[Part]] | None:
        """Answer a question about the folder itself; None where it is none."""
        for each in dict.fromkeys((question, asked)):
            with _timed(steps, "complete"):
                inquiry = read_inquiry(index, each, today)
            if inquiry is None:
                continue
            with _timed(steps, "encode"):
                vector = encode_question(self.encoder, inquiry.topic or each)
            with _timed(steps, "search"):
                search = search_passages(
                    index, vector, inquiry.topic or each, self.settings.search.k, filters
                )
            with _timed(steps, "answer"):
                told = tell(index, inquiry, filters, search.found, history)
            if told is not None:
                text, quoted = told.render()
                answer = Answer(
                    question=question,
                    asked=each,
                    text=text,
                    citations=tuple(count_copies(index, citation) for citation in quoted),
                    notes=tuple(_notes(index, question, each, (), found=True)),
                    steps=steps,
                    generation=index.name,
                    searched=_count_searched(index, filters),
                    certainty=1.0,
                    calibration=calibration,
                )
                group = Group(search.found, None, None, Reply(told.statements, 1.0))
                return answer, [Part(each, search, (group,))]
        return None

    def _answer_part(
        self,
        index: Index,
        question: str,
        filters: Filters | None,
        cited: Sequence[int],
        steps: dict[str, float],
    ) -> Part:
        """Answer one question, or one of both articles that it is about."""
        with _timed(steps, "encode"):
            vector = encode_question(self.encoder, question)
        with _timed(steps, "search"):
            search = search_passages(index, vector, question, self.settings.search.k, filters, cited)
            groups = group_articles(search.found)[:2] if asks_about_both(question) else [search.found]
        one = about_one(question) if len(groups) > 1 else question
        return Part(question, search, tuple(self._answer_group(one, group, steps) for group in groups))

    def _answer_group(self, question: str, found: Sequence[Found], steps: dict[str, float]) -> Group:
        with _timed(steps, "answer"):
            from_header = answer_from_header(question, found)
        if from_header:
            return Group(found, None, None, Reply(tuple(from_header), 1.0))
        readings = None
        if self.reader is not None:
            with _timed(steps, "read"):
                texts = (each.hit.passage.text for each in found)
                readings = read_found(self.reader, in_script_of(question, texts), found)
        with _timed(steps, "answer"):
            weighed = prefer_newest(weigh_sentences(question, found, readings))
            most = self.settings.answer.sentences
            reply = compare_accounts(weighed, found, answer_from(weighed, most), most)
            return Group(found, readings, weighed, reply)

    def stream(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Iterator[str | Answer]:
        """Answer piece by piece: strings whose join is ``Answer.text``, then the ``Answer``. See ``ask``."""
        answer = self.ask(question, history, filters)
        yield from answer.text.splitlines(keepends=True)
        yield answer

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """Find the k passages that fit a query best, best first.

        Raises:
            QuestionError: the query is blank, or longer than 2,000 characters.
            FilterError: a filter names what no article has.
            ValueError: ``k`` is below 1.
        """
        check_question(query)
        vector = encode_question(self.encoder, query)
        with self._serving.use() as index:
            return [found.hit for found in find_passages(index, vector, query, k, filters)]

    def article(self, path: str) -> Article | None:
        """The article of a path, or of an exact copy's path; None where the index holds none."""
        with self._serving.use() as index:
            return find_article(index, path)

    def browse(
        self, filters: Filters | None = None, query: str = "", start: int = 0, count: int = 20
    ) -> Listing:
        """A page of the articles, the newest first and undated ones last.

        Args:
            filters: which articles are listed.
            query: lists those whose titles hold it, then those that search finds, best first; blank lists all.
            start: the place of the page's first article in the list, from 0.
            count: the most that the page holds.

        Raises:
            QuestionError: the query is longer than 2,000 characters.
            FilterError: a filter names what no article has.
            ValueError: ``start`` is below 0 or ``count`` below 1.
        """
        with self._serving.use() as index:
            filters, found = filters or Filters(), list[Found]()
            if query.strip():
                check_question(query)
                vector = encode_question(self.encoder, query)
                found = find_passages(index, vector, query, LISTED, filters)
            return list_articles(
                index, filters, start, count, query, [each.hit.passage.article for each in found]
            )

    def facets(self) -> Facets:
        """What the articles can be filtered by, counted."""
        with self._serving.use() as index:
            return count_facets(index)

    def refresh(self, progress: Progress = lambda step, done, total: None) -> IndexReport:
        """Bring the index up to date with the folder that it was made from and with what was added.

        Questions are answered from the generation before until this returns. A second thread waits for the first.

        Raises:
            NothingToIndexError: it is not known what the index was made from, or that is gone.
            IndexBusyError: another process is writing the index.
            IndexMismatchError, IndexCorruptError, DiskError: as of ``index_folder``.
        """
        with self._refreshing:
            self._serving.renew(now=True)
            folder = self.index.folder
            if folder is None:
                raise NothingToIndexError(
                    f"The index at {self.root} does not say which folder it was made from. "
                    "Tell it once with: wenfeng index ARTICLES"
                )
            if not folder.is_dir():
                raise NothingToIndexError(
                    f"The folder of articles {folder} is gone; the index keeps what it holds. Bring the folder back "
                    "(is its disk there?), or name another with: wenfeng index ARTICLES"
                )
            report = index_folder(folder, self.root, self.encoder, self.settings, progress=progress)
            self._serving.renew(now=True)
            return report

    def close(self) -> None:
        """Let the index's files go, once the questions under way are answered."""
        self._serving.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load_encoder(settings: Settings) -> Encoder:
    """The embedding model that the settings name.

    Raises:
        ModelError: it cannot be found or loaded.
    """
    chosen = settings.embedding
    try:
        return open_encoder(
            chosen.model, chosen.device, chosen.dtype, chosen.query_prompt, chosen.passage_prompt
        )
    except EncoderError as error:
        raise ModelError(str(error)) from error


def load_reader(settings: Settings) -> Reader | None:
    """Our own reader, or None where the settings turn it off.

    Raises:
        ModelError: its files are damaged.
    """
    if not settings.reader.enabled:
        return None
    try:
        return open_reader(device=settings.embedding.device, dtype=settings.embedding.dtype)
    except EncoderError as error:
        raise ModelError(str(error)) from error


def check_question(question: str) -> None:
    """Refuse a question that cannot be one.

    Raises:
        QuestionError: it is blank or too long.
    """
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise QuestionError("The question holds bytes that are not text. Write it in UTF-8.")
    if not question.strip():
        raise QuestionError("The question is blank. Write what you want to know.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; the most is {LONGEST_QUESTION:,}. Shorten it."
        )


def _count_searched(index: Index, filters: Filters | None) -> int:
    allowed = allowed_articles(index, filters or Filters())
    return len(index.stories) if allowed is None else int(allowed.sum())


def _notes(index: Index, question: str, asked: str, unanswered: Sequence[str], found: bool) -> Iterator[str]:
    """What the reader should know beside the answer."""
    if index.stands_in:
        yield "索引的最新一代已损坏，现由上一代代为回答；请重新运行 wenfeng index。"
    if asked != question:
        yield f"按对话补全后的问题：{asked}"
    if unanswered:
        yield f"这一部分没有找到答案：{'；'.join(unanswered)}"
    if not found:
        yield "没有文章符合所选的筛选条件，请放宽日期、分类或来源。"


@contextmanager
def _timed(steps: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    steps[name] = steps.get(name, 0.0) + (time.perf_counter() - started) * 1000
