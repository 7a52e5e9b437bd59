"""What happens when something is done on the page: values of Gradio's components in, values out; all else is the desk's.

Values that come in were sent by a browser and may be anything.
"""

import functools
import inspect
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.requests import HTTPConnection

from rag import Filters, RagError
from rag.indexing import IndexReport, Progress
from rag.intake import SetAside
from ui.desk import Desk, Upload, Visitor, say_fault, to_filters
from ui.guard import LANGUAGE_COOKIE
from ui.markup import escape
from ui.records import Vote
from ui.sidebar import render_brand, render_drop, render_footer, render_progress, render_report
from ui.source import render_empty
from ui.strings import say, say_error, to_language
from ui.transcript import Block, render_error, render_filters

Html = str
Transcript = dict[str, Any]
"""``conversation`` (its id or None), ``blocks`` and ``follows``."""

MOST_FILES, MOST_BYTES = 5000, 2**30
"""That are added at a time; what is more is named in the report as not arrived."""
TOO_LARGE = "too large"
"""What ``page.js`` says of a file that it did not send."""

_Fields = tuple[str, str, str, list[str], list[str]]
"""What the list of articles is made by: query, since, until, outlets, categories."""
_Step = tuple[str, int, int]
_Work = Callable[[Progress], tuple[IndexReport, list[SetAside]]]


class Events:
    """One method for each thing that can be done; what a method gives goes to the outputs that ``ui.page`` names."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, wanted: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """The page has come up in a browser; a reload opens the conversation that was open."""
        facets = self._desk.facets()
        visitor = to_visitor(request)
        return (
            *self._show(visitor, _told(event, "conversation"), wanted),
            render_brand(visitor.language),
            render_footer(visitor.language),
            render_empty(visitor.language),
            render_drop(visitor.language),
            self._desk.added(visitor),
            _choose_from(facets.outlets),
            _choose_from(facets.categories),
            self._desk.listing(visitor, Filters(), "", 0),
        )

    def begin(self, wanted: str, request: gr.Request) -> tuple[Any, ...]:
        """An empty conversation."""
        return self._show(to_visitor(request), None, wanted)

    def open(self, wanted: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """A conversation of the list."""
        return self._show(to_visitor(request), _told(event, "id"), wanted)

    def rename(self, wanted: str, current: str, event: gr.EventData, request: gr.Request) -> Html:
        """Give a conversation another name."""
        visitor = to_visitor(request)
        self._desk.conversations.rename(visitor.owner, _told(event, "id") or "", _told(event, "title") or "")
        return self._desk.entries(visitor, wanted, current)

    def delete(self, wanted: str, current: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Hide a conversation; the list offers to bring it back."""
        visitor, chosen = to_visitor(request), _told(event, "id") or ""
        self._desk.delete(visitor, chosen)
        if current != chosen:
            return (*(gr.skip(),) * 4, self._desk.entries(visitor, wanted, current))
        return self._show(visitor, None, wanted)

    def restore(self, wanted: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Bring a deleted conversation back, and open it."""
        visitor, chosen = to_visitor(request), _told(event, "id") or ""
        self._desk.conversations.restore(visitor.owner, chosen)
        return self._show(visitor, chosen, wanted)

    def ask(
        self,
        typed: str,
        conversation: str,
        since: str,
        until: str,
        outlets: list[str],
        categories: list[str],
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Answer a question that was typed, suggested, edited or is asked again."""
        visitor = to_visitor(request)
        given, again = _told(event, "question"), _told(event, "exchange")
        filters = to_filters(since, until, outlets, categories, visitor.language)
        if again is not None:
            kept = self._desk.ask_again(visitor, conversation, again, given, filters)
        else:
            kept = self._desk.ask(visitor, conversation, typed if given is None else given, filters)
        left = "" if given is None and again is None else None
        following = self._desk.follow(visitor, kept)
        yield to_transcript(kept, next(following)), kept, _composer(True, left), ""
        for blocks in following:
            yield to_transcript(kept, blocks, follows=True), gr.skip(), gr.skip(), gr.skip()

    def follow(self, conversation: str, request: gr.Request) -> Iterator[Transcript]:
        """Look on while a question of the conversation that was opened is answered."""
        yield gr.skip()
        if self._desk.is_under_way(conversation):
            for blocks in self._desk.follow(to_visitor(request), conversation):
                yield to_transcript(conversation, blocks, follows=True)

    def settle(self, wanted: str, conversation: str, request: gr.Request) -> tuple[Html, gr.Textbox]:
        """An answer has ended, of the conversation that is open now or of another: the list, and the button that fits."""
        return (
            self._desk.entries(to_visitor(request), wanted, conversation),
            _composer(self._desk.is_under_way(conversation)),
        )

    def stop(self, conversation: str, request: gr.Request) -> tuple[Transcript, gr.Textbox]:
        """The question under way was stopped; it stays, without an answer."""
        visitor = to_visitor(request)
        self._desk.stop(visitor, conversation)
        blocks = self._desk.turns(visitor, conversation)
        return to_transcript(conversation, blocks, follows=True), _composer(False)

    def suggest(self, conversation: str, request: gr.Request) -> Html:
        """Questions to ask next, or to begin with."""
        return self._desk.suggest(to_visitor(request), conversation)

    def cite(self, conversation: str, event: gr.EventData, request: gr.Request) -> tuple[Html, Any]:
        """Open what a mark, or one of the nearest passages, stands for."""
        number, nearest = _told(event, "number"), _told(event, "nearest")
        shown = self._desk.cite(
            to_visitor(request),
            conversation,
            _told(event, "exchange") or "",
            _to_number(number),
            _to_number(nearest),
        )
        return shown, gr.Tabs(selected="source")

    def read(self, event: gr.EventData, request: gr.Request) -> tuple[Html, Any]:
        """Open an article of the list."""
        return self._desk.read(to_visitor(request), _told(event, "article") or ""), gr.Tabs(selected="source")

    def vote(self, conversation: str, event: gr.EventData, request: gr.Request) -> Transcript:
        """Keep an up or down; the same again takes it back."""
        visitor, exchange = to_visitor(request), _told(event, "exchange") or ""
        is_up = _told(event, "vote") == "up"
        vote = None if _told(event, "pressed") == "true" else Vote(is_up)
        self._desk.vote(visitor, exchange, vote)
        return to_transcript(conversation, self._desk.turns(visitor, conversation))

    def correct(self, conversation: str, event: gr.EventData, request: gr.Request) -> Transcript:
        """Keep what the right answer would have been."""
        visitor = to_visitor(request)
        is_kept = self._desk.correct(
            visitor,
            _told(event, "exchange") or "",
            _told(event, "should_refuse") is not None,
            _told(event, "right_answer") or "",
            _told(event, "right_passage") or "",
        )
        if is_kept:
            gr.Info(say(visitor.language, "thanks"), title=say(visitor.language, "saved"))
        else:
            gr.Warning(say(visitor.language, "passage_unknown"), title=say(visitor.language, "error"))
        return to_transcript(conversation, self._desk.turns(visitor, conversation))

    def why(self, conversation: str, event: gr.EventData, request: gr.Request) -> Transcript:
        """Show where the article that is open was lost on the way to an answer."""
        exchange, article = _told(event, "exchange") or "", _told(event, "article") or ""
        blocks = self._desk.why(to_visitor(request), conversation, exchange, article)
        return to_transcript(conversation, blocks, follows=True)

    def list_entries(self, wanted: str, conversation: str, request: gr.Request) -> Html:
        """The list of conversations."""
        return self._desk.entries(to_visitor(request), wanted, conversation)

    def list_articles(
        self,
        query: str,
        since: str,
        until: str,
        outlets: list[str],
        categories: list[str],
        event: gr.EventData,
        request: gr.Request,
    ) -> tuple[Html, Html]:
        """The list of articles under the filters, and the line that says what questions are bound to."""
        start = _to_number(_told(event, "start")) or 0
        return self._list(to_visitor(request), (query, since, until, outlets, categories), start)

    def clear(self, query: str, request: gr.Request) -> tuple[Any, ...]:
        """Take all filters off."""
        visitor = to_visitor(request)
        return "", "", [], [], self._desk.listing(visitor, Filters(), query, 0), ""

    def add(
        self,
        query: str,
        since: str,
        until: str,
        outlets: list[str],
        categories: list[str],
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Keep files that were uploaded, and index them."""
        files = _uploaded(event)
        fields = (query, since, until, outlets, categories)
        yield from self._index(
            to_visitor(request), fields, lambda progress: self._desk.add(files, progress), keeps=bool(files)
        )

    def remove(
        self,
        query: str,
        since: str,
        until: str,
        outlets: list[str],
        categories: list[str],
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Remove an article that was added here."""
        path = _told(event, "article") or ""
        fields = (query, since, until, outlets, categories)
        yield from self._index(
            to_visitor(request), fields, lambda progress: (self._desk.remove(path, progress), [])
        )

    def _index(
        self, visitor: Visitor, fields: _Fields, work: _Work, keeps: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """Show an index run's progress, then its report and what has changed with it.

        Args:
            keeps: what the work added stays, though indexing it failed, and the next run reads it.
        """
        unchanged = (gr.skip(),) * 4  # all but the report
        report = ""
        try:
            for told in _follow(work):
                if isinstance(told[0], str):
                    yield render_progress(*told, visitor.language), *unchanged
                else:
                    report = render_report(*told, visitor.language)
        except RagError as error:
            kept = say(visitor.language, "add_kept") if keeps and not self._desk.read_only else ""
            report = render_error(f"{say_fault(error, visitor.language)} {kept}".strip())
        query, since, until, outlets, categories = fields
        facets = self._desk.facets()
        chosen = _still_there(outlets, facets.outlets), _still_there(categories, facets.categories)
        listing, _ = self._list(visitor, (query, since, until, *chosen), 0)
        choices = _choose_from(facets.outlets, chosen[0]), _choose_from(facets.categories, chosen[1])
        yield report, self._desk.added(visitor), *choices, listing

    def _list(self, visitor: Visitor, fields: _Fields, start: int) -> tuple[Html, Html]:
        query, since, until, outlets, categories = fields
        try:
            filters = to_filters(since, until, outlets, categories, visitor.language)
        except RagError as error:
            return gr.skip(), render_error(say_error(visitor.language, error))
        return self._desk.listing(visitor, filters, query, start), render_filters(filters, visitor.language)

    def _show(self, visitor: Visitor, conversation: str | None, wanted: str) -> tuple[Any, ...]:
        shown = self._desk.find(visitor, conversation)
        kept = shown.id if shown else None
        return (
            to_transcript(kept, self._desk.turns(visitor, kept)),
            kept or "",
            _composer(self._desk.is_under_way(kept)),
            "",
            self._desk.entries(visitor, wanted, kept),
        )


def _choose_from(counted: Sequence[tuple[str, int]], chosen: Sequence[str] = ()) -> gr.Dropdown:
    return gr.Dropdown(choices=[(f"{name} ({count})", name) for name, count in counted], value=[*chosen])


def _still_there(chosen: Sequence[str], counted: Sequence[tuple[str, int]]) -> list[str]:
    """What of it can still be chosen; Gradio would refuse the rest with a message that shows every name, as HTML."""
    names = {name for name, _ in counted}
    return [name for name in chosen if name in names]


def to_visitor(request: gr.Request | HTTPConnection) -> Visitor:
    """Who asks: the name that ``ui.guard`` found, and the language of the page's switch."""
    asked = request.request if isinstance(request, gr.Request) else request
    if asked is None:
        return Visitor()
    return Visitor(
        asked.scope.get("state", {}).get("user", ""), to_language(asked.cookies.get(LANGUAGE_COOKIE))
    )


def at_edge(do: Callable[..., Any]) -> Callable[..., Any]:
    """The outermost edge of the page: an error becomes a message, and one that is not ours a number in the log."""

    @functools.wraps(do)
    def answer(*values: object) -> Any:  # noqa: ANN401
        with _told_to(values):
            return do(*values)

    @functools.wraps(do)
    def stream(*values: object) -> Iterator[Any]:
        with _told_to(values):
            yield from do(*values)

    return stream if inspect.isgeneratorfunction(do) else answer


def _follow(work: _Work) -> Iterator[_Step | tuple[IndexReport, list[SetAside]]]:
    """Do long work in a thread of its own, which goes on to its end, and tell its progress.

    Yields:
        The latest step, as often as somebody looks; at last what the work gave.

    Raises:
        RagError: what the work raised.
    """
    steps: queue.Queue[_Step | None] = queue.Queue()
    future: Future[tuple[IndexReport, list[SetAside]]] = Future()

    def run() -> None:
        try:
            future.set_result(work(lambda *step: steps.put(step)))
        except Exception as error:  # noqa: BLE001  (the edge of a thread; raised again where it is waited for)
            future.set_exception(error)
        steps.put(None)

    threading.Thread(target=run, name="wenfeng-indexes", daemon=True).start()
    while (step := steps.get()) is not None:
        while not steps.empty():
            if (newer := steps.get()) is None:
                yield future.result()
                return
            step = newer
        yield step
    yield future.result()


@contextmanager
def _told_to(values: Sequence[object]) -> Iterator[None]:
    visitors = [to_visitor(each) for each in values if isinstance(each, gr.Request)]
    language = visitors[0].language if visitors else Visitor().language
    try:
        yield
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        message = escape(say_fault(error, language))  # Gradio shows it as HTML
        raise gr.Error(message, title=say(language, "error"), print_exception=False) from None


def _told(event: gr.EventData, name: str) -> str | None:
    """What an element of the page said of itself; it comes from a browser and may be anything."""
    data = event._data if isinstance(event._data, dict) else {}
    value = data.get(name)
    return value if isinstance(value, str) else None


def _uploaded(event: gr.EventData) -> list[Upload]:
    """The files that the page uploaded, and where Gradio keeps them."""
    data = event._data if isinstance(event._data, dict) else {}
    listed = data.get("files")
    folder = Path(get_upload_folder()).resolve()
    files: list[Upload] = []
    left = MOST_BYTES  # one file may be named any number of times
    for each in listed if isinstance(listed, list) else ():
        name, kept = (each.get(key) if isinstance(each, dict) else None for key in ("name", "kept"))
        if not isinstance(name, str) or not name:
            continue
        path = folder / kept if isinstance(kept, str) and kept and "\0" not in kept else None
        if path is not None and path.resolve().is_relative_to(folder) and path.is_file():
            left -= path.stat().st_size
        else:
            path = None
        has_room = left >= 0 and len(files) < MOST_FILES
        files.append(Upload(name, path if has_room else None, kept == TOO_LARGE))
    return files


def _to_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def to_transcript(conversation: str | None, blocks: Sequence[Block], follows: bool = False) -> Transcript:
    """What the transcript's panel takes.

    Args:
        follows: it is shown only where the conversation is still open.
    """
    return {"conversation": conversation, "blocks": [*blocks], "follows": follows}


def _composer(is_busy: bool, value: str | None = None) -> gr.Textbox:
    """The question's field with the button that fits; None leaves its text."""
    if value is None:
        return gr.Textbox(submit_btn=not is_busy, stop_btn=is_busy)
    return gr.Textbox(value=value, submit_btn=not is_busy, stop_btn=is_busy)
