"""Payloads in every field that reaches the page, in a real browser on a real server: none runs, none leaves.

The fields: title, author, categories, outlet, link, body and file name of articles; question, answer, notes, error,
quotes, votes and name of conversations. After each rendering every element of a panel gets the events that a pointer
or a key would send it, and the panel may hold only what our own HTML is made of: so the policy of ``ui.policy``, the
second line of defence, has nothing to do. That it would do it is tested by itself.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, FilePayload, Frame, Page, Route

from rag import Answer, Article, Assistant, Citation, Filters
from rag.added import ADDED, added_folder, list_added
from rag.assistant import index_folder
from rag.intake import could_be_article
from rag.markup import PICTURE, tidy_line
from rag.records import Hit, Passage
from rag.settings import ServeSettings
from rag.store import Index
from rag.terminal import describe
from tests.ui.conftest import serving
from ui.conversations import LONGEST_TITLE, Conversations
from ui.desk import ENTRIES, Desk
from ui.markup import to_text
from ui.records import Exchange, Vote
from ui.strings import say

FILE = Path(__file__).resolve().parents[1] / "payloads.jsonl"
TOGETHER = 22
"""Payloads of one conversation; each is in an answer and in an error, so that all turns are shown."""
UPLOADED, REFUSED = 20, 15
"""Files that were added by hand, and files that hold no text."""
QUOTED = 300
"""Characters."""
SETTLED = 300
"""Milliseconds in which a picture has failed, a frame has loaded, an animation has begun."""

LOOK = """
window.look = (() => {
  const KINDS = ["animationstart", "beforetoggle", "focus", "focusin", "mouseenter", "mousemove", "mouseover",
    "pointerenter", "pointermove", "pointerover", "scroll", "transitionrun", "wheel"];
  const TAGS = new Set(("A ARTICLE B BLOCKQUOTE BR BUTTON CITE DD DETAILS DIV DL DT FORM H1 H2 H3 HEADER INPUT LABEL"
    + " LI MAIN MARK OL P PROGRESS Q SECTION SMALL SPAN SUMMARY TEXTAREA UL").split(" "));
  const NAMES = new Set(("accept checked class dir download hidden href id lang max maxlength multiple name open rel"
    + " required role rows tabindex target title type value webkitdirectory").split(" "));
  const LINK = /^(?:https?:[/][/]|[/]page[/]|#)/;

  function* faults(element) {
    if (!TAGS.has(element.tagName)) yield element.tagName;
    for (const { name, value } of element.attributes) {
      const placed = name === "style" && /^(?:(?:left|top): [0-9.-]+px; ?){2}$/.test(value);
      if (!NAMES.has(name) && !/^(?:aria|data)-[a-z-]+$/.test(name) && !placed) yield `${element.tagName} ${name}`;
      if (name === "href" && !LINK.test(value)) yield `href ${value}`;
    }
  }

  /** Send every element what a pointer or a key would, and name what our own HTML does not hold. */
  function stir(selector) {
    const found = [];
    const roots = document.querySelectorAll(selector);
    if (!roots.length) found.push(`no ${selector}`);
    for (const root of roots) {
      for (const element of [root, ...root.querySelectorAll("*")]) {
        if (element !== root) found.push(...faults(element));
        for (const kind of KINDS) element.dispatchEvent(new Event(kind, { bubbles: true }));
        if (element.matches("a, button, input, summary, textarea, [tabindex]")) element.focus({ preventScroll: true });
      }
    }
    return found;
  }

  /** Do something and wait until the first element of a panel is another one. */
  function change(panel, act) {
    const first = () => document.querySelector(`${panel} .slot`)?.firstElementChild;
    const before = first();
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`nothing new in ${panel}`)), 20000);
      const seen = new MutationObserver(() => {
        if (!first() || first() === before) return;
        seen.disconnect();
        clearTimeout(late);
        setTimeout(done); // Gradio drops a click that comes before it is done with the last
      });
      seen.observe(document.body, { childList: true, subtree: true });
      act();
    });
  }

  const texts = (selector, root = document) => [...root.querySelectorAll(selector)].map((each) => each.textContent);

  /** Open the source of each button in turn, marks of one citation counted once. */
  async function read(selector) {
    const shown = [];
    const buttons = [...document.querySelectorAll(selector)];
    const wanted = new Map(buttons.map((each) => [JSON.stringify({ ...each.dataset }), each]));
    for (const button of wanted.values()) {
      await change("#source", () => button.click());
      const source = document.querySelector("#source .source");
      shown.push({
        path: source.dataset.path,
        title: texts("h2", source).join(),
        facts: texts(".facts", source).join(),
        text: texts(".body p", source).join("\\n"),
        cited: texts("mark", source).join(""),
        faults: stir("#source .slot"),
      });
    }
    return shown;
  }

  /** The turns of the open conversation, the cards of its marks apart. */
  function turns() {
    return [...document.querySelectorAll("#transcript .turn")].map((turn) => {
      const copy = turn.cloneNode(true);
      const cards = [...copy.querySelectorAll(".card")];
      const quotes = cards.map((card) => texts("q", card).join());
      for (const card of cards) card.remove();
      return {
        id: turn.dataset.block,
        question: texts(".question > p", copy).join(),
        answer: texts(".text > p", copy).join("\\n"),
        notes: texts(".note", copy),
        error: texts(".failed", copy).join(),
        quotes,
        hits: texts(".hit b", copy),
        right: [...turn.querySelectorAll("[name=right_answer]")].map((each) => each.value).join(),
      };
    });
  }

  function type(selector, text) {
    const field = document.querySelector(`${selector} input, ${selector} textarea`);
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const all = (selector, name) => [...document.querySelectorAll(selector)].map((each) => each.dataset[name]);

  const find = (selector, name, value) =>
    [...document.querySelectorAll(selector)].find((each) => each.dataset[name] === value);

  function rename(id, title) {
    const form = document.getElementById(`rename-${id}`);
    form.elements.title.value = title;
    form.requestSubmit();
  }

  /** What a choice offers; its list grows as it is scrolled. */
  async function options(name) {
    const list = document.querySelector(`#${name} [role=listbox]`);
    const held = () => list.querySelectorAll("[role=option]");
    while (held().length < Number(held()[0].ariaSetSize)) {
      const before = held().length;
      list.parentElement.scrollTop = list.scrollTop = list.scrollHeight;
      list.dispatchEvent(new Event("scroll"));
      while (held().length === before) await new Promise(requestAnimationFrame);
    }
    return texts("[role=option]", list).map((text) => text.replace("✓", "").trim());
  }

  async function choose(name, label) {
    await options(name);
    const all = [...document.querySelectorAll(`#${name} [role=option]`)];
    const option = all.find((each) => each.ariaLabel === label);
    await change("#listing", () => option.dispatchEvent(new MouseEvent("mousedown", { bubbles: true })));
  }

  return { stir, change, texts, all, find, read, turns, type, rename, options, choose };
})();
"""


@dataclass(frozen=True, slots=True)
class Payload:
    id: str
    kind: str
    text: str


def to_path(payload: Payload) -> str:
    """A path made of the payload, with the folders that its slashes make; of its id where the disk refuses."""
    path = payload.text if could_be_article(payload.text) else f"{payload.text}.md"
    parts = path.split("/")
    is_possible = path.isprintable() and all(
        part and not part.startswith(".") and len(part.encode()) < 256 for part in parts
    )
    return path if is_possible and len(parts) < 10 else f"{payload.id}.md"


PAYLOADS = [Payload(**json.loads(line)) for line in FILE.read_bytes().decode().removesuffix("\n").split("\n")]
NAMED = [payload for payload in PAYLOADS if to_path(payload) != f"{payload.id}.md"]
"""Those that can name a file, with folders."""
FILES = [payload for payload in NAMED if "/" not in to_path(payload)]
KINDS = {payload.kind: [each for each in PAYLOADS if each.kind == payload.kind] for payload in PAYLOADS}
SAMPLE = [payload for same in KINDS.values() for payload in (same[1], same[-1])]
ASKED = [payload for number, payload in enumerate(SAMPLE) if number % 3 < 2]
"""Of every kind at least one."""
COMPOSER, DAY = "#composer textarea", "#since input, #since textarea"
WRITE = """async (texts) => {
  for (const text of texts) {
    const place = document.createElement("div");
    document.body.append(place);
    const range = document.createRange();
    range.selectNode(place);
    place.append(range.createContextualFragment(text)); // unlike innerHTML it makes scripts that run
    await new Promise((done) => setTimeout(done));
  }
}"""
"""Writes texts into a page as a careless page would."""
REFRESH = re.compile("http-equiv=.?refresh")
"""Goes elsewhere by itself, which no policy forbids."""
AWAY = re.compile("<meta|<base|<form|<style|location")
"""Ends or changes the page that it stands in."""


@dataclass(slots=True)
class Watch:
    """What a browser did that it should not have.

    Attributes:
        ran: ids of payloads.
        left: addresses off the server that it really went for.
        asked: those that it would have gone for, were it not for the policy.
        told: dialogs, windows, and errors of the console; what the policy stops is one.
    """

    ran: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """All of it, and begin anew."""
        taken = [*self.ran, *self.left, *self.asked, *self.told]
        for each in (self.ran, self.left, self.asked, self.told):
            each.clear()
        return taken


@contextmanager
def watching(browser: Browser, address: str) -> Iterator[tuple[BrowserContext, Page, Watch]]:
    """An empty page of a browser that goes nowhere but to one server, and what it did nevertheless."""
    watch = Watch()
    with browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", service_workers="block"
    ) as context:
        context.expose_binding("wenfengPayloadRan", lambda source, name: watch.ran.append(name))
        context.add_init_script(LOOK)

        def stop(route: Route) -> None:
            watch.left.append(route.request.url)
            route.abort()

        def tell_dialog(dialog: Dialog) -> None:
            watch.told.append(f"dialog {dialog.message}")
            dialog.dismiss()

        context.route(re.compile(rf"^(?!{re.escape(address)}/|data:|blob:)"), stop)

        def attend(opened: Page) -> None:
            opened.on("popup", lambda window: watch.told.append(f"window {window.url}"))
            opened.on("websocket", lambda socket: watch.left.append(socket.url))
            opened.on("framenavigated", lambda frame: _note(_side(watch, frame), frame.url, address))

        context.on("page", attend)
        context.on("request", lambda request: _note(watch.asked, request.url, address))
        context.on("weberror", lambda error: watch.told.append(str(error.error)))
        context.on("console", lambda message: _note_error(watch.told, message.type, message.text))
        context.on("dialog", tell_dialog)
        yield context, context.new_page(), watch


def _side(watch: Watch, frame: Frame) -> list[str]:
    """A frame that the policy keeps empty counts as going elsewhere, too."""
    return watch.asked if frame.parent_frame else watch.left


def _note(left: list[str], url: str, address: str) -> None:
    if not url.startswith((f"{address}/", "data:", "blob:", "about:")):
        left.append(url)


def _note_error(told: list[str], kind: str, text: str) -> None:
    if kind == "error":
        told.append(text)


@dataclass(frozen=True, slots=True)
class Site:
    """A server whose articles and conversations are made of payloads.

    Attributes:
        articles: by the id of their payload; those that the reader of articles takes.
        conversations: the exchanges of each, by its id.
    """

    address: str
    desk: Desk
    articles: dict[str, Article]
    conversations: dict[str, list[Exchange]]


@pytest.fixture(scope="module")
def site(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, made anew with the models of ``assistant``."""
    models = assistant.encoder, assistant.reader, assistant.settings
    place = tmp_path_factory.mktemp("payloads")
    paths = write_posts(place / "articles")
    write_added(added_folder(place / "index"))
    index_folder(place / "articles", place / "index", assistant.encoder, assistant.settings)
    with ExitStack() as stack:
        own = stack.enter_context(Assistant(place / "index", Index.open(place / "index"), *models))
        found = {payload.id: own.article(paths[payload.id]) for payload in PAYLOADS}
        articles = {name: article for name, article in found.items() if article}
        conversations = stack.enter_context(Conversations(place / "index" / "page" / "conversations.sqlite"))
        kept = keep_exchanges(conversations, list(articles.values()))
        desk = Desk(own, conversations)
        address = stack.enter_context(serving(desk, ServeSettings()))
        yield Site(address, desk, articles, kept)


@pytest.fixture(scope="module")
def opened(browser: Browser, site: Site) -> Iterator[tuple[Page, Watch]]:
    with watching(browser, site.address) as (_, page, watch):
        page.goto(site.address)
        page.wait_for_selector("#entries .entries")
        yield page, watch


@pytest.fixture
def page(opened: tuple[Page, Watch]) -> Iterator[Page]:
    """The page, open; at the end nothing may have run, left or been stopped by the policy."""
    page, watch = opened
    yield page
    page.wait_for_timeout(SETTLED)
    assert watch.take() == []


def write_posts(folder: Path) -> dict[str, str]:
    """A post for each payload, which stands in every field of it, and files that hold no text; paths by id."""
    paths = {payload.id: to_path(payload) for payload in PAYLOADS}
    for payload in PAYLOADS:
        quoted = json.dumps(payload.text, ensure_ascii=False)
        file = folder / paths[payload.id]
        file.parent.mkdir(parents=True, exist_ok=True)
        # The body holds it as text, then as HTML, which may swallow the rest of the file.
        file.write_text(
            f"---\ntitle: {quoted}\nauthor: {quoted}\ncategories:\n - {quoted}\n - {quoted}\nlink: {quoted}\n"
            f"url: {json.dumps(f'https://news.example/?{payload.text}', ensure_ascii=False)}\n---\n"
            f"<div>\n<p>{html.escape(payload.text)}</p>\n{payload.text}\n</div>\n",
            encoding="utf-8",
        )
    for payload in NAMED[:REFUSED]:
        file = folder / "空" / paths[payload.id]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\0\0\0")
    return paths


def write_added(folder: Path) -> None:
    """Files that were added by hand, named by payloads; the disk holds more than a name that is handed in may."""
    for payload in NAMED[-UPLOADED:]:
        file = folder / to_path(payload)
        file.parent.mkdir(parents=True, exist_ok=True)
        outlet = json.dumps(f"手工 {payload.text}", ensure_ascii=False)
        file.write_text(f"---\noutlet: {outlet}\n---\n手工添加的文章，编号{payload.id}。", encoding="utf-8")


def keep_exchanges(conversations: Conversations, articles: Sequence[Article]) -> dict[str, list[Exchange]]:
    """An answer and an error for each payload; each conversation is named by its first."""
    kept: dict[str, list[Exchange]] = {}
    for first in range(0, len(PAYLOADS), TOGETHER):
        conversation: str | None = None
        made: list[Exchange] = []
        for number, payload in enumerate(PAYLOADS[first : first + TOGETHER], start=first):
            article = articles[number % len(articles)]
            answered = to_exchange(payload, article)
            for exchange in (answered, Exchange(f"error-{payload.id}", payload.text, None, payload.text)):
                conversation = conversations.add("", conversation, exchange)
                made.append(exchange)
            right = (article.path, payload.text)
            conversations.vote("", answered.id, Vote(False, False, payload.text, right))
        if conversation is not None:
            conversations.rename("", conversation, to_name(PAYLOADS[first]))
            kept[conversation] = made
    return kept


def to_exchange(payload: Payload, article: Article) -> Exchange:
    """A question, and an answer or a refusal that holds the payload wherever there is text."""
    text, end = payload.text, min(QUOTED, len(article.text))
    citation = Citation(1, article, 0, end, ((0, end // 2), (end // 2, end)), copies=2, sources=2)
    is_refused = int(payload.id[1:]) % 2 == 0
    answer = Answer(
        question=text,
        asked=text,
        text=text if is_refused else f"{text} [1]\n{citation.quote} [1][7]\n{text}[1]",
        citations=() if is_refused else (citation,),
        refused=is_refused,
        nearest=(Hit(Passage(article, 0, end), 0.5),) if is_refused else (),
        notes=(text, f"按对话补全后的问题：{text}"),
        mode="model",
        steps={"encode": 1.0, text: 2.0},
        generation=text,
        searched=len(PAYLOADS),
    )
    filters = Filters(categories=(text,), outlets=(text,), authors=(text,), articles=(text,))
    return Exchange(f"answer-{payload.id}", text, answer, "", filters)


def to_name(payload: Payload) -> str:
    """The payload as a name that a conversation may have."""
    return " ".join(to_text(payload.text).split())[:LONGEST_TITLE].strip()


def held(exchanges: Sequence[Exchange]) -> set[str]:
    """The ids of the payloads in a conversation."""
    return {exchange.id.rpartition("-")[2] for exchange in exchanges}


def file_of(payload: Payload, content: bytes) -> FilePayload:
    """A file to be uploaded, named by the payload."""
    return {"name": to_path(payload), "mimeType": "text/markdown", "buffer": content}


def as_shown(text: str) -> str:
    """Text as a browser gives it back."""
    return re.sub("\r\n?", "\n", to_text(text))


def as_read(article: Article) -> str:
    """An article's text as the source panel shows it."""
    return as_shown(article.text).replace(PICTURE, say("zh", "picture"))


def open_conversation(page: Page, name: str, last: str) -> None:
    """Open one of the list and wait for its last turn."""
    page.evaluate(
        "name => document.querySelector(`#entries [data-send=open][data-id='${name}']`).click()", name
    )
    page.wait_for_selector(f"#transcript .turn[data-block='{last}']", state="attached")


def begin(page: Page) -> None:
    """Open an empty conversation."""
    page.click("#new")
    page.wait_for_selector("#transcript .welcome")


def open_filters(page: Page) -> None:
    open_tab(page, "articles")
    page.wait_for_selector("#listing .entries")
    if not page.locator("#since").is_visible():
        page.get_by_text(say("zh", "filters"), exact=True).click()


def clear_filters(page: Page) -> None:
    page.click("#bound [data-send=clear]")
    page.wait_for_selector("#bound .bound", state="detached")


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=say("zh", name), exact=True).click()


def test_posts_made_of_payloads_are_mostly_taken_and_hold_them_as_typed(site: Site) -> None:
    clean = {payload.id: tidy_line(payload.text) for payload in PAYLOADS}
    assert len(site.articles) > len(PAYLOADS) - 10
    for name in ("title", "author", "outlet"):
        assert sum(getattr(each, name) == clean[key] for key, each in site.articles.items()) > 300, name
    assert sum(clean[key] in " ".join(each.text.split()) for key, each in site.articles.items()) > 300
    assert sum(each.path == to_path(PAYLOADS[int(key[1:]) - 1]) for key, each in site.articles.items()) > 300
    assert sum(each.path != f"{key}.md" for key, each in site.articles.items()) > 150
    assert sum(each.url is not None for each in site.articles.values()) > 50


def test_a_reopened_conversation_and_its_sources_show_payloads_as_text(page: Page, site: Site) -> None:
    second = page.context.new_page()
    second.goto(site.address)
    second.wait_for_selector("#entries .entries")
    names = [*site.conversations]
    for pair in zip(names[::2], [*names[1::2], None], strict=True):
        shown = [(each, name) for each, name in zip((page, second), pair, strict=True) if name]
        for each, name in shown:
            open_conversation(each, name, site.conversations[name][-1].id)
            check_turns(each, site.conversations[name])
            each.evaluate("() => { window.reading = look.read('#transcript .mark, #transcript .hit'); }")
        for each, name in shown:
            check_sources(each.evaluate("reading"), site.conversations[name])
    second.close()


def check_turns(page: Page, exchanges: Sequence[Exchange]) -> None:
    shown = {turn["id"]: turn for turn in page.evaluate("look.turns()")}
    assert page.evaluate("look.stir('#transcript .slot')") == []
    assert [*shown] == [exchange.id for exchange in exchanges]
    for exchange in exchanges:
        turn = shown[exchange.id]
        assert turn["question"] == as_shown(exchange.question)
        assert turn["error"] == as_shown(exchange.error)
        if answer := exchange.answer:
            assert turn["answer"] == "\n".join(as_shown(line) for line in answer.text.splitlines())
            assert turn["notes"] == [as_shown(note) for note in answer.notes]
            assert turn["quotes"][:1] == [as_shown(each.quote) for each in answer.citations]
            assert turn["hits"] == [as_shown(describe(each.passage.article)) for each in answer.nearest]
            assert turn["right"] == re.sub("[\r\n]", "", as_shown(answer.question))


def check_sources(sources: Sequence[Mapping[str, Any]], exchanges: Sequence[Exchange]) -> None:
    answers = [exchange.answer for exchange in exchanges if exchange.answer]
    quoted: list[Citation | Passage] = []
    for answer in answers:
        quoted += [*answer.citations, *(hit.passage for hit in answer.nearest)]
    for source, passage in zip(sources, quoted, strict=True):
        article = passage.article
        assert source["faults"] == []
        assert source["path"] == as_shown(article.path)
        assert source["title"] == as_shown(article.title or "")
        assert as_shown(article.outlet or "") in source["facts"]
        assert source["text"] == as_read(article)
        cited = article.text[passage.start : passage.end].replace("\n", "")
        assert source["cited"] == as_shown(cited).replace(PICTURE, say("zh", "picture"))


def test_the_list_of_articles_shows_payloads_as_text(page: Page, site: Site) -> None:
    open_tab(page, "articles")
    page.wait_for_selector("#listing .entries")
    paths: list[str] = []
    while True:
        assert page.evaluate("look.stir('#listing .slot')") == []
        shown = page.evaluate("look.texts('#listing .entry b')")
        listed = page.evaluate("look.all('#listing .entry', 'article')")
        titles = [article.title for path in listed if (article := site.desk.assistant.article(path))]
        assert shown == [as_shown(title or "") for title in titles]
        paths += listed
        last = page.locator("#listing .pager button").last
        if last.get_attribute("data-start") != str(len(paths)):
            break
        page.evaluate(
            "look.change('#listing', () => [...document.querySelectorAll('#listing .pager button')].at(-1).click())"
        )
    assert len(paths) == site.desk.facets().articles
    read = page.evaluate("look.read('#listing .entry')")
    assert [source["path"] for source in read] == listed
    assert [fault for source in read for fault in source["faults"]] == []


def test_articles_searched_by_a_payload_show_it_as_text(page: Page, site: Site) -> None:
    open_tab(page, "articles")
    page.wait_for_selector("#listing .entries")
    for payload in SAMPLE:
        if payload.id in site.articles:
            page.evaluate(
                "text => look.change('#listing', () => look.type('#articles-search', text))",
                payload.text[:200],
            )
            assert page.evaluate("look.stir('#listing .slot')") == []
            assert tidy_line(payload.text) in page.evaluate("look.texts('#listing .entry b')"), payload
    page.evaluate("look.change('#listing', () => look.type('#articles-search', ''))")


def test_conversations_searched_by_a_payload_show_it_as_text(page: Page, site: Site) -> None:
    holders = {payload: name for name, each in site.conversations.items() for payload in held(each)}
    for payload in SAMPLE:
        text = payload.text[:200]
        found = [entry.id for entry in site.desk.conversations.entries("", text)]
        assert holders[payload.id] in found, payload
        assert len(found) < 20
        page.evaluate("text => look.type('#conversations-search', text)", text)
        page.wait_for_function("found => `${look.all('#entries .entry', 'id')}` === `${found}`", arg=found)
        assert page.evaluate("look.stir('#entries .slot')") == []
    page.evaluate("look.change('#entries', () => look.type('#conversations-search', ''))")


def test_a_conversation_named_by_a_payload_shows_it_as_text(page: Page, site: Site) -> None:
    kept = site.desk.conversations
    for first in range(0, len(PAYLOADS), ENTRIES):  # as many as the list shows
        some = PAYLOADS[first : first + ENTRIES]
        named = {kept.add("", None, Exchange(f"name-{each.id}", "?", None)): to_name(each) for each in some}
        for name, title in named.items():
            kept.rename("", name, title)
        page.evaluate("look.change('#entries', () => document.querySelector('#new').click())")
        newest = [*named][::-1]
        page.wait_for_function(
            "newest => `${look.all('#entries .entry', 'id').slice(0, newest.length)}` === `${newest}`",
            arg=newest,
        )
        assert page.evaluate("look.stir('#entries .slot')") == []
        shown = page.evaluate("look.texts('#entries .entry')")
        assert shown[: len(named)] == [as_shown(title) for title in reversed(named.values())]
        for name in named:
            kept.delete("", name)
        kept.purge(datetime.now(UTC))


def test_a_conversation_renamed_to_a_payload_shows_it_as_text(page: Page, site: Site) -> None:
    renamed = [*site.conversations][-1]
    for payload in SAMPLE:
        page.evaluate(
            "([id, title]) => look.change('#entries', () => look.rename(id, title))",
            [renamed, to_name(payload)],
        )
        assert page.evaluate("look.stir('#entries .slot')") == []
        assert page.text_content(f"#entries .entry[data-id='{renamed}']") == to_name(payload)


def test_the_choices_of_the_filters_show_payloads_as_text(page: Page, site: Site) -> None:
    open_filters(page)
    facets = site.desk.facets()
    for name, choices in (("outlets", facets.outlets), ("categories", facets.categories)):
        page.click(f"#{name} input")
        page.wait_for_selector(f"#{name} [role=option]")
        shown = page.evaluate("name => look.options(name)", name)
        assert shown == [as_shown(f"{choice} ({count})") for choice, count in choices]
        page.keyboard.press("Escape")
        for choice, count in choices[:: len(choices) // 5]:
            page.click(f"#{name} input")
            page.evaluate("([name, label]) => look.choose(name, label)", [name, f"{choice} ({count})"])
            assert as_shown(choice) in page.locator(f"#{name} .token").all_text_contents()[-1]
            assert as_shown(choice) in (page.text_content("#bound .bound") or "")
            assert page.evaluate("look.stir('#listing .slot, #bound .slot')") == []
        clear_filters(page)


def test_a_day_that_is_a_payload_is_refused_as_text(page: Page) -> None:
    open_filters(page)
    for payload in (*KINDS["handler"][:3], *KINDS["media"][:3]):
        page.fill(DAY, payload.text)
        page.fill(COMPOSER, "何时？")
        page.press(COMPOSER, "Enter")
        told = page.get_by_test_id("toast-text").get_by_text(payload.text)
        told.wait_for()
        assert told.evaluate("each => each.children.length") == 0
        assert page.evaluate("look.stir('#bound .slot')") == []
    page.get_by_test_id("toast-close").click()
    page.fill(DAY, "")
    page.fill(COMPOSER, "")


def test_an_outlet_that_is_gone_is_let_go_without_a_message_of_the_names_of_all(
    page: Page, site: Site
) -> None:
    added = f"{ADDED}/{to_path(FILES[-1])}"
    article = site.desk.assistant.article(added)
    assert article is not None
    open_filters(page)
    page.click("#outlets input")
    page.evaluate("label => look.choose('outlets', label)", f"{article.outlet} (1)")
    page.keyboard.press("Escape")
    page.wait_for_selector("#bound .bound")
    open_tab(page, "add")
    page.evaluate(
        "path => look.change('#added', () => look.find('#added .tool', 'article', path).click())", added
    )
    page.wait_for_selector("#bound .bound", state="detached")
    begin(page)
    page.fill(COMPOSER, "手工添加了什么？")
    page.press(COMPOSER, "Enter")
    page.wait_for_selector("#transcript .turn .tools")
    assert page.get_by_test_id("toast-text").count() == 0


def test_questions_that_are_payloads_are_answered_as_text(page: Page) -> None:
    begin(page)
    for number, payload in enumerate(ASKED, start=1):
        page.fill(COMPOSER, payload.text)
        page.press(COMPOSER, "Enter")
        page.wait_for_selector(f"#transcript .turn:nth-child({number}) .tools")
        assert page.evaluate("look.stir('#transcript .slot')") == []
        typed = as_shown(payload.text).replace("\ufffd", "")
        assert page.evaluate("look.turns()")[-1]["question"].replace("\ufffd", "") == typed
    page.wait_for_selector("#composer .submit-button")
    assert page.evaluate("look.stir('.slot')") == []


def test_files_named_by_payloads_are_added_as_text(page: Page, site: Site) -> None:
    open_tab(page, "add")
    page.wait_for_selector("#drop input[multiple]", state="attached")
    text = "上传的文章，编号{}。"
    files = [file_of(each, text.format(each.id).encode()) for each in FILES[:UPLOADED]]
    broken = [file_of(each, b"\0\0\0") for each in FILES[UPLOADED : UPLOADED + 5]]
    page.set_input_files("#drop input[multiple]", [*files, *broken])
    page.wait_for_function(
        "count => document.querySelectorAll('#added .name').length > count",
        arg=len(files) + UPLOADED // 2,
        timeout=60_000,
    )
    assert page.evaluate("look.stir('#report .slot, #added .slot')") == []
    added = [path.removeprefix(f"{ADDED}/") for path in list_added(site.desk.assistant.root)]
    assert page.evaluate("look.texts('#added .name')") == [as_shown(name) for name in added]
    assert len(added) > UPLOADED + len(files)
    refused = page.evaluate("look.texts('#report .aside b')")
    assert len(refused) == len(broken)  # of the folder's own the command line tells


def test_an_exported_conversation_holds_payloads_as_text(page: Page, site: Site) -> None:
    exported = page.context.new_page()
    for name, exchanges in site.conversations.items():
        # The server hands it out as a download; opened from a disk it has but its own policy.
        file = page.request.get(f"{site.address}/page/export/{name}.html").text()
        exported.route(f"{site.address}/{name}", partial(Route.fulfill, body=file, content_type="text/html"))
        exported.goto(f"{site.address}/{name}")
        assert exported.evaluate("look.stir('main')") == []
        assert exported.evaluate("look.texts('.exchange h2')") == [
            as_shown(each.question) for each in exchanges
        ]
        quotes = [as_shown(each.quote) for one in exchanges if one.answer for each in one.answer.citations]
        assert exported.evaluate("look.texts('.notes blockquote')") == quotes
        exported.wait_for_timeout(20)
        markdown = page.request.get(f"{site.address}/page/export/{name}.md").text()
        left = re.sub(r"<!-- wenfeng \{[^<>]*\} -->|\]\(<https?://[^<>\s]+>\)", "", markdown)
        assert "<" not in left
    exported.close()


def test_the_policy_stops_what_is_written_unescaped(browser: Browser, site: Site) -> None:
    with watching(browser, site.address) as (_, page, watch):
        page.goto(site.address)
        page.wait_for_selector("#entries .entries")
        assert watch.take() == []
        page.evaluate(WRITE, [each.text for each in PAYLOADS if not REFRESH.search(each.text)])
        page.wait_for_timeout(SETTLED)
        assert watch.ran == []
        assert watch.left == []
        assert sum("Content Security Policy" in told for told in watch.told) > 100


def test_payloads_run_and_leave_where_there_is_no_policy(browser: Browser, site: Site) -> None:
    with watching(browser, site.address) as (_, page, watch):
        page.route(
            f"{site.address}/bare",
            lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"),
        )
        page.goto(f"{site.address}/bare")
        page.evaluate(
            WRITE,
            [
                each.text
                for each in PAYLOADS
                if each.kind in ("svg", "media", "mutation") and not AWAY.search(each.text)
            ],
        )
        page.wait_for_timeout(SETTLED)
        assert len(set(watch.ran)) > 20
        assert len(set(watch.left)) > 15
