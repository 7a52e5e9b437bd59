"""The Gradio page: where things are, and which event calls what of ``ui.events``.

    conversations | chat, question                      | source, articles, one's own
    (#aside)      | (#chat: #transcript #composer)      | (#panel)

Each panel shows HTML made in Python; ``static/page.js`` puts it in its place and sends its events.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.desk import Desk
from ui.events import Events, at_edge, to_transcript
from ui.strings import CATALOGUE, say

SESSIONS = 500
"""Sessions of which Gradio keeps what it must; the oldest go first."""
FOLLOWING: dict[str, Any] = {"concurrency_limit": 20}
"""Answers under way that are followed at a time; further questions wait in Gradio's queue."""
SUGGESTING: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "suggest"}
"""Suggestions are tried one visitor at a time."""
INDEXING: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "index"}
LONGEST_QUEUE = 200
CACHE = (600, 3600)
"""Seconds between cleanings of uploaded files, and their age."""

# After every event Gradio would compute statistics of the last ten thousand; nobody looks at them.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")

I18N = gr.I18n(
    **{"zh-CN": {name: chinese for name, (chinese, _) in CATALOGUE.items()}},
    en={name: english for name, (_, english) in CATALOGUE.items()},
)
THEME = gr.themes.Base(
    font=("system-ui", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"),
    font_mono=("ui-monospace", "monospace"),
    radius_size="sm",
)


@dataclass(frozen=True, slots=True)
class _Aside:
    brand: gr.HTML
    new: gr.Button
    wanted: gr.Textbox
    entries: gr.HTML
    footer: gr.HTML


@dataclass(frozen=True, slots=True)
class _Chat:
    transcript: gr.HTML
    suggestions: gr.HTML
    bound: gr.HTML
    composer: gr.Textbox


@dataclass(frozen=True, slots=True)
class _Articles:
    tabs: gr.Tabs
    source: gr.HTML
    query: gr.Textbox
    since: gr.Textbox
    until: gr.Textbox
    outlets: gr.Dropdown
    categories: gr.Dropdown
    listing: gr.HTML
    drop: gr.HTML
    report: gr.HTML
    added: gr.HTML

    @property
    def filters(self) -> list[gr.Textbox | gr.Dropdown]:
        return [self.since, self.until, self.outlets, self.categories]


def build_page(desk: Desk) -> gr.Blocks:
    """The page as Gradio blocks, ready to be mounted."""
    title = say("zh", "product")
    page = gr.Blocks(title=title, analytics_enabled=False, delete_cache=CACHE, fill_width=True)
    with page:
        # The browser keeps the id of its conversation, and the server nothing; whose it is, the store knows.
        conversation = gr.Textbox(value="", visible="hidden", elem_id="conversation")
        with gr.Row(elem_id="page"):
            aside, chat, articles = _make_aside(), _make_chat(), _make_articles(desk.read_only)
        events = Events(desk)
        _wire_conversations(events, aside, chat, articles, conversation)
        _wire_chat(events, aside, chat, articles, conversation)
        _wire_articles(events, chat, articles)
    page.state_session_capacity = SESSIONS
    page.queue(default_concurrency_limit=8, max_size=LONGEST_QUEUE, api_open=False)
    return page


def _make_aside() -> _Aside:
    with gr.Column(elem_id="aside"):
        return _Aside(
            brand=_panel("brand"),
            new=gr.Button(I18N("new_conversation"), elem_id="new", variant="primary", size="md"),
            wanted=_field("conversations_search"),
            entries=_panel("entries", ("open", "rename", "delete", "restore")),
            footer=_panel("footer"),
        )


def _make_chat() -> _Chat:
    events = ("start", "cite", "retry", "edit", "vote", "correct", "why")
    with gr.Column(elem_id="chat"):
        with gr.Column(elem_id="talk"):
            transcript = _panel("transcript", events, to_transcript(None, []))
            suggestions = _panel("suggestions", ("ask",))
        return _Chat(
            transcript=transcript,
            suggestions=suggestions,
            bound=_panel("bound", ("clear",)),
            composer=gr.Textbox(
                value="",
                label=I18N("ask_label"),
                placeholder=I18N("ask_placeholder"),
                show_label=False,
                container=False,
                lines=1,
                max_lines=6,
                max_length=2000,
                submit_btn=True,
                stop_btn=False,
                elem_id="composer",
            ),
        )


def _make_articles(read_only: bool) -> _Articles:
    with gr.Column(elem_id="panel"), gr.Tabs(selected="source") as tabs:
        with gr.Tab(I18N("source"), id="source"):
            source = _panel("source")
        with gr.Tab(I18N("articles"), id="articles"):
            query = _field("articles_search")
            with gr.Accordion(I18N("filters"), open=False):
                with gr.Row():
                    since, until = _field("since", "day_hint"), _field("until", "day_hint")
                outlets, categories = _choice("outlets"), _choice("categories")
            listing = _panel("listing", ("read", "turn"))
        with gr.Tab(I18N("add"), id="add", visible=not read_only):
            # No component of Gradio's takes the files: those would fetch an address that a client names as one.
            drop = _panel("drop", ("files",))
            report = _panel("report")
            added = _panel("added", ("remove",))
    return _Articles(tabs, source, query, since, until, outlets, categories, listing, drop, report, added)


def _wire_conversations(
    events: Events, aside: _Aside, chat: _Chat, articles: _Articles, conversation: gr.Textbox
) -> None:
    opened = [chat.transcript, conversation, chat.composer, chat.suggestions, aside.entries]
    choices = [articles.outlets, articles.categories, articles.listing]
    everything = [
        *opened,
        aside.brand,
        aside.footer,
        articles.source,
        articles.drop,
        articles.added,
        *choices,
    ]
    given = [aside.wanted, conversation]
    settled = [aside.entries, chat.composer]
    for listen, do, inputs, outputs in (
        (chat.transcript.start, events.start, aside.wanted, everything),
        (aside.new.click, events.begin, aside.wanted, opened),
        (aside.entries.open, events.open, aside.wanted, opened),
        (aside.entries.delete, events.delete, given, opened),
        (aside.entries.restore, events.restore, aside.wanted, opened),
    ):
        event = _on(listen, do, inputs, outputs)
        event = _on(
            event.then, events.follow, conversation, chat.transcript, concurrency_id="follow", **FOLLOWING
        )
        event = _on(event.then, events.settle, given, settled)
        _on(event.then, events.suggest, conversation, chat.suggestions, **SUGGESTING)
    _on(aside.entries.rename, events.rename, given, aside.entries)
    _on(aside.wanted.change, events.list_entries, given, aside.entries, trigger_mode="always_last")


def _wire_chat(
    events: Events, aside: _Aside, chat: _Chat, articles: _Articles, conversation: gr.Textbox
) -> None:
    given = [chat.composer, conversation, *articles.filters]
    shown = [chat.transcript, conversation, chat.composer, chat.suggestions]
    for listen in (chat.composer.submit, chat.suggestions.ask, chat.transcript.retry, chat.transcript.edit):
        event = _on(listen, events.ask, given, shown, concurrency_id="ask", **FOLLOWING)
        event = _on(event.then, events.settle, [aside.wanted, conversation], [aside.entries, chat.composer])
        _on(event.then, events.suggest, conversation, chat.suggestions, **SUGGESTING)
    _on(chat.composer.stop, events.stop, conversation, [chat.transcript, chat.composer])
    opened = [articles.source, articles.tabs]
    _on(chat.transcript.cite, events.cite, conversation, opened, trigger_mode="always_last")
    _on(chat.transcript.vote, events.vote, conversation, chat.transcript)
    _on(chat.transcript.correct, events.correct, conversation, chat.transcript)
    _on(chat.transcript.why, events.why, conversation, chat.transcript)


def _wire_articles(events: Events, chat: _Chat, articles: _Articles) -> None:
    given = [articles.query, *articles.filters]
    listed = [articles.listing, chat.bound]
    _on(articles.query.change, events.list_articles, given, listed, trigger_mode="always_last")
    for listen in (
        articles.since.blur,
        articles.since.submit,
        articles.until.blur,
        articles.until.submit,
        articles.outlets.change,
        articles.categories.change,
        articles.listing.turn,
    ):
        _on(listen, events.list_articles, given, listed, trigger_mode="always_last")
    opened = [articles.source, articles.tabs]
    _on(articles.listing.read, events.read, None, opened, trigger_mode="always_last")
    _on(chat.bound.clear, events.clear, articles.query, [*articles.filters, *listed])

    changed = [articles.report, articles.added, articles.outlets, articles.categories, articles.listing]
    _on(articles.drop.files, events.add, given, changed, **INDEXING)
    _on(articles.added.remove, events.remove, given, changed, **INDEXING)


def _on(
    listen: Callable[..., Any],
    do: Callable[..., Any],
    inputs: object,
    outputs: object,
    trigger_mode: str = "multiple",
    **options: Any,  # noqa: ANN401  (as of Gradio's listeners)
) -> Any:  # noqa: ANN401
    """Have an event of a component do something; no programs call it, ``/api`` is for those.

    Args:
        trigger_mode: what becomes of an event while one of its kind is under way. Gradio would drop it without a word.
    """
    return listen(
        at_edge(do),
        inputs,
        outputs,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode=trigger_mode,
        **options,
    )


def _panel(name: str, events: Sequence[str] = (), value: object = "") -> gr.HTML:
    """HTML made in Python whose elements send events.

    Args:
        events: their names; each becomes a listener, such as ``panel.cite(...)``, since Gradio finds it in the script.
    """
    return gr.HTML(
        value,
        html_template="",
        js_on_load=f"wenfeng.mount('{name}', element, props, trigger, watch, upload); // {[*events]}",
        apply_default_css=False,
        elem_id=name,
    )


def _field(name: str, hint: str | None = None) -> gr.Textbox:
    return gr.Textbox(
        value="",
        label=I18N(name),
        placeholder=I18N(hint or name),
        show_label=hint is not None,
        container=hint is not None,
        max_length=200,
        elem_id=name.replace("_", "-"),
    )


def _choice(name: str) -> gr.Dropdown:
    return gr.Dropdown(label=I18N(name), choices=[], value=[], multiselect=True, elem_id=name)
