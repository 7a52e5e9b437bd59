"""What the page does, without the page: each method takes who is looking and gives what is to be shown.

Knows nothing of Gradio. Errors of ours become the sentence that is shown; any other is logged with a number.
"""

import logging
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path

from rag import Answer, Article, Assistant, Filters, RagError
from rag.added import add_file, list_added, remove_added, room_left
from rag.articles import MAX_BYTES
from rag.assistant import check_question
from rag.browse import Facets
from rag.dates import BEIJING
from rag.errors import ArticleError, DiskError
from rag.indexing import IndexReport, Progress
from rag.intake import SetAside
from rag.suggest import Suggestions
from rag.why import explain
from ui.conversations import ConversationMissingError, Conversations, ConversationsFileError
from ui.feedback import find_passage, to_jsonl
from ui.places import Places
from ui.records import Conversation, Exchange, Vote, to_history
from ui.sidebar import render_added, render_entries
from ui.source import PAGE, Freshness, Span, render_empty, render_listing, render_source
from ui.strings import Language, say, say_error
from ui.transcript import (
    Block,
    render_error,
    render_suggestions,
    render_welcome,
    to_blocks,
)
from ui.why import render_trace, render_unknown
from ui.work import Outcome, Work

logger = logging.getLogger(__name__)

ENTRIES = 100
"""Conversations of the list that are shown; a search finds the others."""
UNDO = timedelta(days=1)
"""How long a deleted conversation can be brought back."""
FOLLOW_UP_TRIES, SAMPLE_TRIES = 4, 9
"""Drafted questions that are tried for one answer's follow-ups, and for an empty page."""


class ReadOnlyError(RagError):
    """Articles are neither added nor removed here."""


class UnderWayError(RagError):
    """A conversation answers one question at a time."""


class DayError(RagError):
    """A day of the filters is not written as one; the message is in the page's language."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is looking.

    Attributes:
        owner: the signed-in name, or "" for the one shared workspace of a server on this machine.
        language: of the page.
    """

    owner: str = ""
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be added.

    Attributes:
        name: as its owner calls it, with folders perhaps.
        path: where it lies now; None where it did not arrive.
        is_too_large: and so was not sent.
    """

    name: str
    path: Path | None
    is_too_large: bool = False


class Desk:
    """Serves every visitor of one index. Safe to use from several threads.

    Attributes:
        places: where questions are worked on; those of programs, too.
        read_only: articles can be neither added nor removed.
    """

    def __init__(self, assistant: Assistant, conversations: Conversations, read_only: bool = False) -> None:
        self.assistant = assistant
        self.conversations = conversations
        self.places = Places()
        self.read_only = read_only
        self._suggestions = Suggestions(assistant)
        self._lock = threading.Lock()
        self._under_way: dict[str, tuple[str, Work]] = {}  # the exchange and the work, by conversation
        self._unkept: dict[str, str] = {}  # what went wrong, by the exchange whose answer the disk refused

    # Asking.

    def ask(
        self,
        visitor: Visitor,
        conversation_id: str | None,
        question: str,
        filters: Filters,
        instead: str | None = None,
    ) -> str:
        """Begin to answer a question; both are kept, whether anybody waits or not.

        Args:
            conversation_id: the one that goes on; None, or one that is gone, begins another.
            instead: the id of an exchange in whose place the question comes; what came after it goes, too.

        Returns:
            The conversation's id.

        Raises:
            QuestionError: the question is blank or too long.
            BusyError: too many questions wait already.
            UnderWayError: the conversation's last question is still being answered.
            ConversationMissingError: there is no such exchange.
        """
        check_question(question)
        exchange = Exchange(uuid.uuid4().hex, question, None, "", filters, datetime.now(UTC))
        with self._lock, ExitStack() as undo:
            before = self.find(visitor, conversation_id)
            if before is not None and before.id in self._under_way:
                raise UnderWayError("The question before is still being answered. Wait, or stop it first.")
            exchanges = before.exchanges if before else ()
            earlier = list(takewhile(lambda each: each.id != instead, exchanges))
            work = Work(lambda: self.assistant.stream(question, to_history(earlier), filters), self.places)
            undo.callback(work.stop)
            kept = self.conversations.add(visitor.owner, before.id if before else None, exchange, instead)
            self._under_way[kept] = exchange.id, work
            undo.pop_all()
        work.begin(lambda outcome: self._keep(visitor, kept, exchange, outcome))
        return kept

    def ask_again(
        self, visitor: Visitor, conversation_id: str, exchange_id: str, question: str | None, filters: Filters
    ) -> str:
        """Ask from an earlier question on, the same or another in its place. See ``ask``."""
        exchange = self._exchange(self.find(visitor, conversation_id), exchange_id)
        asked = exchange.question if question is None else question
        return self.ask(visitor, conversation_id, asked, filters, exchange_id)

    def follow(self, visitor: Visitor, conversation_id: str) -> Iterator[list[Block]]:
        """The turns of a conversation as the answer under way grows; the last when it is there, or was stopped."""
        exchange_id, work = self._under_way.get(conversation_id, ("", None))
        conversation = self.find(visitor, conversation_id)
        if work is not None and conversation is not None:
            yield self._blocks(visitor, conversation, {exchange_id: work.text})
            for text in work.follow():
                votes = self.conversations.votes(visitor.owner, conversation_id)
                yield self._blocks(visitor, replace(conversation, votes=votes), {exchange_id: text})
        yield self.turns(visitor, conversation_id)

    def stop(self, visitor: Visitor, conversation_id: str) -> None:
        """Stop the question of a conversation that is being answered, if there is one; it stays without an answer."""
        if self.find(visitor, conversation_id) is None:
            return
        with self._lock:
            _, work = self._under_way.pop(conversation_id, ("", None))
        if work is not None:
            work.stop()

    def is_under_way(self, conversation_id: str | None) -> bool:
        """Whether a question of the conversation is being answered."""
        return conversation_id in self._under_way

    def _keep(self, visitor: Visitor, conversation_id: str, exchange: Exchange, outcome: Outcome) -> None:
        """Keep what came of a question; nothing, if its conversation is gone."""
        if isinstance(outcome, Answer):
            exchange = replace(exchange, answer=outcome)
        else:
            exchange = replace(exchange, error=say_fault(outcome, visitor.language))
        try:
            self.conversations.update(visitor.owner, conversation_id, exchange)
        except ConversationMissingError:
            pass  # it was deleted meanwhile
        except Exception as error:  # noqa: BLE001  (the edge of a thread; shown in the answer's place)
            self._unkept[exchange.id] = say_fault(error, visitor.language)
        finally:
            with self._lock:
                if self._under_way.get(conversation_id, ("", None))[0] == exchange.id:
                    del self._under_way[conversation_id]

    def suggest(self, visitor: Visitor, conversation_id: str | None) -> str:
        """Questions to ask next, each tried: of the article of the last answer; for an empty page, of the newest.

        New ones are tried only while nobody waits for an answer.
        """
        conversation = self.find(visitor, conversation_id)
        if conversation is None or not conversation.exchanges:
            newest = self.assistant.browse(count=PAGE).articles
            samples = self._suggestions.samples(newest, SAMPLE_TRIES if self.places.are_idle else 0)
            return render_suggestions(samples, say(visitor.language, "samples"))
        last = conversation.exchanges[-1].answer
        if last is None or not last.citations:
            return ""
        asked = [exchange.question for exchange in conversation.exchanges]
        tries = FOLLOW_UP_TRIES if self.places.are_idle else 0
        questions = self._suggestions.for_article(last.citations[0].article, asked, tries)
        return render_suggestions(questions, say(visitor.language, "follow_ups"))

    # Reading.

    def turns(self, visitor: Visitor, conversation_id: str | None) -> list[Block]:
        """The turns of a conversation; a welcome where there are none."""
        conversation = self.find(visitor, conversation_id)
        if conversation is None or not conversation.exchanges:
            articles = self.assistant.facets().articles
            return [{"id": "welcome", "html": render_welcome(articles, visitor.language)}]
        exchange_id, work = self._under_way.get(conversation.id, ("", None))
        return self._blocks(visitor, conversation, {exchange_id: work.text} if work else {})

    def cite(
        self,
        visitor: Visitor,
        conversation_id: str,
        exchange_id: str,
        number: int | None,
        nearest: int | None,
    ) -> str:
        """The source panel for one citation of an answer, or one of the nearest passages of a refusal."""
        try:
            answer = self._exchange(self.find(visitor, conversation_id), exchange_id).answer
        except ConversationMissingError as error:
            return render_error(say_error(visitor.language, error))
        for citation in answer.citations if answer else ():
            if citation.number == number:
                return self._source(visitor, citation.article, (citation.start, citation.end), citation.spans)
        if answer is not None and nearest is not None and 0 <= nearest < len(answer.nearest):
            passage = answer.nearest[nearest].passage
            return self._source(visitor, passage.article, (passage.start, passage.end), ())
        return render_empty(visitor.language)

    def why(self, visitor: Visitor, conversation_id: str, exchange_id: str, path: str) -> list[Block]:
        """The turns of a conversation, and under one of them where the article at a path was lost.

        Args:
            path: of the article that should have been cited; "" where none was named.

        Raises:
            BusyError: too many questions wait already.
            ConversationMissingError: there is no such exchange.
            RagError: as of ``rag.why.explain``.
        """
        conversation = self.find(visitor, conversation_id)
        exchange = self._exchange(conversation, exchange_id)
        shown = render_unknown(visitor.language)
        if path:
            earlier = takewhile(
                lambda each: each.id != exchange_id, conversation.exchanges if conversation else ()
            )
            with self.places.taken():
                trace = explain(
                    self.assistant,
                    exchange.question,
                    path,
                    history=to_history(earlier),
                    filters=exchange.filters,
                )
            shown = render_trace(trace, visitor.language)
        return [
            {**block, "html": f"{block['html']}{shown}"} if block["id"] == exchange_id else block
            for block in self.turns(visitor, conversation_id)
        ]

    def read(self, visitor: Visitor, path: str) -> str:
        """The source panel for an article that is only read."""
        article = self.assistant.article(path)
        if article is None:
            return render_error(say(visitor.language, "article_gone"))
        return render_source(article, None, (), visitor.language, _today())

    def listing(self, visitor: Visitor, filters: Filters, query: str, start: int) -> str:
        """A page of the articles that pass the filters and fit the query."""
        try:
            listing = self.assistant.browse(filters, query, max(0, start), PAGE)
        except RagError as error:
            return render_error(say_error(visitor.language, error))
        return render_listing(listing, max(0, start), visitor.language)

    def facets(self) -> Facets:
        """What there is to filter by."""
        return self.assistant.facets()

    # Conversations.

    def find(self, visitor: Visitor, conversation_id: str | None) -> Conversation | None:
        """A conversation of the visitor's, or None where there is no such."""
        if conversation_id is None:
            return None
        try:
            return self.conversations.open(visitor.owner, conversation_id)
        except ConversationMissingError:
            return None

    def entries(self, visitor: Visitor, query: str, current: str | None) -> str:
        """The list of conversations."""
        entries = self.conversations.entries(visitor.owner, query, ENTRIES)
        total = self.conversations.count(visitor.owner, query)
        return render_entries(entries, current, visitor.language, bool(query.strip()), total)

    def delete(self, visitor: Visitor, conversation_id: str) -> None:
        """Hide a conversation, and remove for good what was deleted long ago.

        Raises:
            ConversationMissingError: there is no such conversation.
        """
        self.stop(visitor, conversation_id)
        self.conversations.delete(visitor.owner, conversation_id)
        self.conversations.purge(datetime.now(UTC) - UNDO)

    def vote(self, visitor: Visitor, exchange_id: str, vote: Vote | None) -> None:
        """Keep what was thought of an answer; None takes it back."""
        self.conversations.vote(visitor.owner, exchange_id, vote)

    def correct(
        self, visitor: Visitor, exchange_id: str, should_refuse: bool, right_answer: str, passage: str
    ) -> bool:
        """Keep what the right answer would have been.

        Returns:
            False, and nothing kept, where no article holds the passage.
        """
        found = find_passage(passage, self._likely_holders(passage)) if passage.strip() else None
        if passage.strip() and found is None:
            return False
        self.vote(visitor, exchange_id, Vote(False, should_refuse, right_answer.strip(), found))
        return True

    def cases(self, visitor: Visitor) -> str:
        """What was voted on, as a question set."""
        return to_jsonl(self.conversations.rated(visitor.owner))

    # One's own articles.

    def added(self, visitor: Visitor) -> str:
        """The articles that were added in the page."""
        return render_added(list_added(self.assistant.root), visitor.language)

    def add(
        self, files: Sequence[Upload], progress: Progress = lambda step, done, total: None
    ) -> tuple[IndexReport, list[SetAside]]:
        """Keep files and index them.

        Returns:
            What indexing did, and the files that were not even kept.

        Raises:
            RagError: this server is read-only, the disk refuses, another process indexes, …
        """
        self._check_writable()
        refused = []
        room = room_left(self.assistant.root)
        for number, file in enumerate(files):
            progress("copying", number, len(files))
            try:
                if file.is_too_large:
                    raise ArticleError(file.name, "too large", f"the file is over {MAX_BYTES // 2**20} MB")
                if file.path is None:
                    raise ArticleError(file.name, "upload", "it did not arrive; add it again")
                add_file(self.assistant.root, file.name, file.path, room)
                room -= file.path.stat().st_size
            except ArticleError as error:
                refused.append(SetAside(error.path, error.reason, error.detail))
        return self.assistant.refresh(progress), refused

    def remove(self, path: str, progress: Progress = lambda step, done, total: None) -> IndexReport:
        """Remove an article that was added in the page."""
        self._check_writable()
        remove_added(self.assistant.root, path)
        return self.assistant.refresh(progress)

    # Pieces.

    def _check_writable(self) -> None:
        if self.read_only:
            raise ReadOnlyError("This server is read-only: articles are neither added nor removed.")

    def _blocks(
        self, visitor: Visitor, conversation: Conversation, pending: Mapping[str, str]
    ) -> list[Block]:
        exchanges = [
            replace(each, error=each.error or self._unkept[each.id]) if each.id in self._unkept else each
            for each in conversation.exchanges
        ]
        return to_blocks(exchanges, conversation.votes, visitor.language, pending)

    def _exchange(self, conversation: Conversation | None, exchange_id: str) -> Exchange:
        for exchange in conversation.exchanges if conversation else ():
            if exchange.id == exchange_id:
                return exchange
        raise ConversationMissingError("This question is gone. Reload the page.")

    def _source(self, visitor: Visitor, article: Article, quote: Span, spans: Sequence[Span]) -> str:
        return render_source(article, quote, spans, visitor.language, _today(), self._freshness(article))

    def _freshness(self, article: Article) -> Freshness:
        now = self.assistant.article(article.path)
        if now is None:
            return "gone"
        return "current" if now.digest == article.digest else "changed"

    def _likely_holders(self, passage: str) -> Iterator[Article]:
        """The articles that a passage may come from."""
        for hit in self.assistant.search(passage[:1000], k=20):
            yield hit.passage.article


def to_filters(
    since: str, until: str, outlets: Sequence[str], categories: Sequence[str], language: Language
) -> Filters:
    """The filters of the page's fields.

    Raises:
        DayError: a day is not written as one.
    """
    return Filters(
        since=_to_day(since, language),
        until=_to_day(until, language),
        outlets=tuple(outlets),
        categories=tuple(categories),
    )


def _to_day(text: str, language: Language) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise DayError(say(language, "day_malformed", day=text.strip())) from None


def _today() -> date:
    return datetime.now(BEIJING).date()


def say_fault(error: Exception, language: Language) -> str:
    """An error as a sentence; one that is not ours is logged with a number."""
    if isinstance(error, RagError):
        if isinstance(error, DiskError | ConversationsFileError):
            logger.warning("%s", error)  # whoever runs the server must mend it
        return say_error(language, error)
    number = uuid.uuid4().hex[:8]
    logger.error("unexpected error %s", number, exc_info=error)
    return say(language, "failed", number=number)
