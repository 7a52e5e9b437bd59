import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Answer, Article, Citation, Filters, Hit, Passage, Turn
from rag.errors import DiskError
from ui.conversations import (
    Conversation,
    ConversationMissingError,
    Conversations,
    ConversationsFileError,
    Exchange,
    TitleError,
    Vote,
)
from ui.records import article_from_json, exchange_from_json, exchange_to_json

ARTICLE = Article(
    "金融/峰会.md",
    "峰会在上海举行。\n主持人是李明。",
    title="助力_双碳_目标",
    outlet="财联社",
    author="张三",
    url="https://example.com/1",
    categories=("金融", "财联社"),
    published=datetime(2021, 6, 5, 2, 20, 16, tzinfo=UTC),
    aliases=("副本.md",),
)
OTHER = Article("b.md", "别的文章。")
ANSWER = Answer(
    "谁主持？",
    "峰会谁主持？",
    "主持人是李明。 [1]",
    (Citation(1, ARTICLE, 9, 16, spans=((13, 15),), copies=2, sources=2),),
    notes=("按对话补全后的问题：峰会谁主持？",),
    steps={"search": 1.1, "answer": 0.1 + 0.2},
    generation="g-1",
    searched=12,
)
REFUSAL = Answer(
    "天气？",
    "天气？",
    "文章中没有找到答案。",
    refused=True,
    nearest=(Hit(Passage(OTHER, 0, 5), 0.123456789), Hit(Passage(ARTICLE, 0, 8), -1.5)),
)
FILTERS = Filters(since=date(2021, 1, 1), outlets=("财联社",), articles=("b.md",))


def exchange(name: str, question: str = "谁主持？", answer: Answer | None = ANSWER) -> Exchange:
    return Exchange(name, question, answer)


def count(path: Path, table: str) -> int:
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return int(found)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "conversations.sqlite"


@pytest.fixture
def kept(path: Path) -> Iterator[Conversations]:
    with Conversations(path) as opened:
        yield opened


def reopen(kept: Conversations, path: Path) -> Conversations:
    kept.close()
    return Conversations(path)


texts = st.text(max_size=30)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    nothing = st.none()
    moments = st.datetimes(timezones=st.just(UTC))
    return Article(
        draw(texts),
        draw(st.text(min_size=1, max_size=60)),
        title=draw(nothing | texts),
        outlet=draw(nothing | texts),
        author=draw(nothing | texts),
        url=draw(nothing | texts),
        categories=tuple(draw(st.lists(texts, max_size=3))),
        published=draw(nothing | moments),
        aliases=tuple(draw(st.lists(texts, max_size=2))),
    )


@st.composite
def slices(draw: st.DrawFn, article: Article) -> tuple[int, int]:
    start = draw(st.integers(0, len(article.text) - 1))
    return start, draw(st.integers(start + 1, len(article.text)))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    found = draw(st.lists(articles(), min_size=1, max_size=3))
    floats = st.floats(allow_nan=False)
    citations = []
    for number, article in enumerate(draw(st.lists(st.sampled_from(found), max_size=4)), start=1):
        start, end = draw(slices(article))
        spans = tuple(draw(st.lists(slices(article), max_size=2)))
        citations.append(
            Citation(number, article, start, end, spans, draw(st.integers(1, 9)), draw(st.integers(1, 9)))
        )
    nearest = [
        Hit(Passage(article, *draw(slices(article))), draw(floats))
        for article in draw(st.lists(st.sampled_from(found), max_size=3))
    ]
    return Answer(
        draw(texts),
        draw(texts),
        draw(texts),
        tuple(citations),
        draw(st.booleans()),
        tuple(nearest),
        tuple(draw(st.lists(texts, max_size=3))),
        draw(st.sampled_from(["extractive", "model"])),
        draw(st.dictionaries(texts, floats, max_size=4)),
        draw(texts),
        draw(st.integers(0, 10**6)),
    )


@given(answer=st.none() | answers(), question=texts, error=texts)
def test_any_exchange_is_rebuilt_from_its_json(answer: Answer | None, question: str, error: str) -> None:
    asked = Exchange("e", question, answer, error, FILTERS)
    named = [each.article for each in answer.citations] if answer else []
    named += [each.passage.article for each in answer.nearest] if answer else []
    text, keys = exchange_to_json(asked)
    assert len(text.splitlines()) == 1
    assert len(keys) == len(set(named))
    by_key = {key: article for article in named for key, body in keys.items() if _is_of(article, body)}
    assert exchange_from_json(text, by_key) == asked


def _is_of(article: Article, body: str) -> bool:
    return article_from_json(body) == article


def test_a_conversation_reopens_as_it_was_after_a_restart(kept: Conversations, path: Path) -> None:
    first = Exchange("e1", "谁主持？", ANSWER, filters=FILTERS)
    second = Exchange("e2", "天气？", REFUSAL)
    third = Exchange("e3", "还有呢？", None, error="出了点问题。")
    fourth = Exchange("e4", "然后呢？", None)
    name = kept.add("", None, first)
    for each in (second, third, fourth):
        assert kept.add("", name, each) == name
    kept.vote("", "e1", Vote(up=False, right_answer="李明", right_passage=("金融/峰会.md", "李明")))
    before = kept.open("", name)
    with reopen(kept, path) as again:
        conversation = again.open("", name)
    assert conversation == before
    assert conversation.exchanges == (first, second, third, fourth)
    assert conversation.votes == {
        "e1": Vote(up=False, right_answer="李明", right_passage=("金融/峰会.md", "李明"))
    }
    answer = conversation.exchanges[0].answer
    assert answer is not None
    assert answer.steps["answer"] == 0.1 + 0.2
    assert answer.citations[0].article.digest == ARTICLE.digest


def test_an_old_answer_keeps_its_quote_when_its_article_has_changed(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    edited = Article(ARTICLE.path, "全文已改。", title=ARTICLE.title)
    kept.add(
        "", name, exchange("e2", answer=Answer("问", "问", "全文已改。 [1]", (Citation(1, edited, 0, 5),)))
    )
    old, new = (each.answer for each in kept.open("", name).exchanges)
    assert old is not None
    assert new is not None
    assert old.citations[0].quote == "主持人是李明。"
    assert new.citations[0].quote == "全文已改。"


def test_an_article_that_many_answers_cite_is_kept_once(kept: Conversations, path: Path) -> None:
    name = kept.add("", None, exchange("e1"))
    kept.add("", name, exchange("e2"))
    kept.add("someone", None, exchange("e3"))
    assert count(path, "articles") == 1


def test_a_conversation_is_named_by_the_start_of_its_question(kept: Conversations) -> None:
    kept.add("", None, exchange("e1", "第一行\n 第二行 " + "长" * 60))
    assert [each.title for each in kept.entries("")] == ["第一行 第二行 " + "长" * 32]


def test_an_exchange_is_kept_once(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    with pytest.raises(ValueError, match="exchange 'e1' is kept already"):
        kept.add("", name, exchange("e1"))
    assert len(kept.open("", name).exchanges) == 1


def test_an_update_replaces_the_exchange_in_its_place(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1", answer=None))
    kept.add("", name, exchange("e2"))
    done = exchange("e1", answer=REFUSAL)
    kept.update("", name, done)
    assert [each.id for each in kept.open("", name).exchanges] == ["e1", "e2"]
    assert kept.open("", name).exchanges[0] == done


def test_a_vote_falls_with_the_answer_that_it_was_on(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    kept.vote("", "e1", Vote(up=True))
    kept.update("", name, exchange("e1"))
    assert kept.open("", name).votes == {"e1": Vote(up=True)}
    kept.update("", name, exchange("e1", answer=REFUSAL))
    assert kept.open("", name).votes == {}


def test_what_comes_instead_of_an_exchange_drops_it_and_all_after_it(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    for each in ("e2", "e3"):
        kept.add("", name, exchange(each))
    kept.vote("", "e3", Vote(up=True))
    kept.add("", name, exchange("e4"), instead="e2")
    conversation = kept.open("", name)
    assert [each.id for each in conversation.exchanges] == ["e1", "e4"]
    assert conversation.votes == {}
    kept.add("", name, exchange("e3"))
    assert [each.id for each in kept.open("", name).exchanges] == ["e1", "e4", "e3"]


def test_the_list_has_the_newest_change_first(kept: Conversations) -> None:
    first, second = (kept.add("", None, exchange(name, name)) for name in ("e1", "e2"))
    assert [each.id for each in kept.entries("")] == [second, first]
    kept.add("", first, exchange("e3"))
    assert [each.id for each in kept.entries("")] == [first, second]
    kept.rename("", second, "新名")
    assert [(each.id, each.title) for each in kept.entries("")] == [(first, "e1"), (second, "新名")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("%", ["增长100%吗"]),
        ("_", ["a_b"]),
        ("\\", ["c\\d"]),
        ("李明", ["Carbon"]),
        ("cARBON", ["Carbon"]),
        ("增長１００％", ["增长100%吗"]),
        ("  ", ["a_b", "c\\d", "Carbon", "增长100%吗"]),
        ("'; DROP TABLE votes; --", []),
        ("x" * 100_000, []),
    ],
    ids=["percent", "underscore", "backslash", "answer", "case", "width and script", "blank", "sql", "long"],
)
def test_a_search_takes_every_character_as_it_is(kept: Conversations, query: str, found: list[str]) -> None:
    kept.add("", None, exchange("e1", "增长100%吗", None))
    kept.add("", None, exchange("e2", "Carbon"))
    kept.add("", None, exchange("e3", "c\\d", None))
    kept.add("", None, exchange("e4", "a_b", None))
    kept.add("another", None, exchange("e5", "a_b 100% c\\d Carbon"))
    assert [each.title for each in kept.entries("", query)] == found


def test_a_search_finds_a_new_name_and_not_the_old(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1", "天气", None))
    kept.rename("", name, "气候")
    assert [each.id for each in kept.entries("", "气候")] == [name]
    assert [each.id for each in kept.entries("", "天气")] == [name], "the question still says it"
    assert kept.entries("", "天气候") == []


@pytest.mark.parametrize(("title", "length"), [(" \n", 0), ("长" * 81, 81)])
def test_a_name_that_is_blank_or_too_long_is_refused(kept: Conversations, title: str, length: int) -> None:
    name = kept.add("", None, exchange("e1"))
    with pytest.raises(TitleError, match=f"1 to 80 characters, this one has {length}"):
        kept.rename("", name, title)
    kept.rename("", name, f" {'长' * 80} ")
    assert kept.open("", name).title == "长" * 80


def test_a_deleted_conversation_is_listed_as_such_and_comes_back(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    before = kept.open("", name)
    kept.delete("", name)
    assert [(each.id, each.deleted) for each in kept.entries("")] == [(name, True)]
    with pytest.raises(ConversationMissingError, match="Choose one from the list"):
        kept.open("", name)
    with pytest.raises(ConversationMissingError):
        kept.add("", name, exchange("e2"))
    with pytest.raises(ConversationMissingError):
        kept.vote("", "e1", Vote(up=True))
    kept.restore("", name)
    assert kept.open("", name) == before


def test_a_purge_removes_what_was_deleted_before_it_and_its_articles(kept: Conversations, path: Path) -> None:
    gone = kept.add("", None, exchange("e1", answer=REFUSAL))
    stays = kept.add("", None, exchange("e2"))
    kept.delete("", gone)
    kept.purge(datetime.now(UTC) - timedelta(days=1))
    assert len(kept.entries("")) == 2
    kept.purge(datetime.now(UTC) + timedelta(seconds=1))
    assert [each.id for each in kept.entries("")] == [stays]
    with pytest.raises(ConversationMissingError):
        kept.restore("", gone)
    assert [count(path, table) for table in ("exchanges", "articles", "named")] == [1, 1, 1]
    assert kept.open("", stays).exchanges[0].answer == ANSWER


def test_what_is_anothers_is_missing(kept: Conversations) -> None:
    name = kept.add("ann", None, exchange("e1"))
    kept.vote("ann", "e1", Vote(up=True))
    assert kept.entries("bob") == []
    assert kept.entries("bob", "谁") == []
    assert list(kept.rated("bob")) == []
    for reach in (
        lambda: kept.open("bob", name),
        lambda: kept.add("bob", name, exchange("e2")),
        lambda: kept.update("bob", name, exchange("e1", answer=None)),
        lambda: kept.add("bob", name, exchange("e2"), instead="e1"),
        lambda: kept.rename("bob", name, "mine"),
        lambda: kept.delete("bob", name),
        lambda: kept.restore("bob", name),
        lambda: kept.vote("bob", "e1", None),
    ):
        with pytest.raises(ConversationMissingError):
            reach()
    conversation = kept.open("ann", name)
    assert conversation.exchanges[0].answer == ANSWER
    assert conversation.votes == {"e1": Vote(up=True)}


@pytest.mark.parametrize("name", ["", "none", "\ud800", "\x00"])
def test_an_unknown_id_is_missing(kept: Conversations, name: str) -> None:
    known = kept.add("", None, exchange("e1"))
    with pytest.raises(ConversationMissingError):
        kept.open("", name)
    with pytest.raises(ConversationMissingError, match="no longer in the conversation"):
        kept.add("", known, exchange("e2"), instead=name)
    assert [each.id for each in kept.open("", known).exchanges] == ["e1"]


def test_an_exchange_of_another_conversation_is_missing(kept: Conversations) -> None:
    first, second = (kept.add("", None, exchange(name)) for name in ("e1", "e2"))
    with pytest.raises(ConversationMissingError):
        kept.add("", first, exchange("e3"), instead="e2")
    assert len(kept.open("", second).exchanges) == 1


def test_votes_are_replaced_and_taken_back(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    kept.vote("", "e1", Vote(up=True))
    kept.vote("", "e1", Vote(up=False, should_refuse=True))
    assert kept.open("", name).votes == {"e1": Vote(up=False, should_refuse=True)}
    kept.vote("", "e1", None)
    assert kept.open("", name).votes == {}


def test_the_rated_exchanges_come_with_the_turns_before_them(kept: Conversations) -> None:
    name = kept.add("", None, exchange("e1"))
    kept.add("", name, exchange("e2", "停下的", None))
    kept.add("", name, exchange("e3", "天气？", REFUSAL))
    hidden = kept.add("", None, exchange("e4"))
    for each in ("e3", "e4"):
        kept.vote("", each, Vote(up=True))
    kept.delete("", hidden)
    ((rated, history, vote),) = kept.rated("")
    assert rated == kept.open("", name).exchanges[2]
    assert history == (Turn("user", "谁主持？"), Turn("assistant", "主持人是李明。 [1]"))
    assert vote == Vote(up=True)


def test_threads_and_connections_write_at_once(kept: Conversations, path: Path) -> None:
    def write(store: Conversations, owner: str) -> None:
        name = store.add(owner, None, exchange(f"{owner}0"))
        for number in range(1, 20):
            store.add(owner, name, exchange(f"{owner}{number}"))
            store.open(owner, name)

    with Conversations(path) as another, ThreadPoolExecutor() as pool:
        writers = [
            pool.submit(write, store, owner) for store, owner in ((kept, "a"), (kept, "b"), (another, "c"))
        ]
        for writer in writers:
            writer.result()
    for owner in "abc":
        (entry,) = kept.entries(owner)
        written = kept.open(owner, entry.id)
        assert [each.id for each in written.exchanges] == [f"{owner}{number}" for number in range(20)]


def test_hostile_text_is_kept_as_it_is(kept: Conversations) -> None:
    question = "<script>alert(1)</script>\x00\ud800\u202e'\"; DROP TABLE votes; --"
    name = kept.add("", None, exchange("e1", question))
    kept.rename("", name, "<img src=x>\ud800")
    conversation = kept.open("", name)
    assert conversation.exchanges[0].question == question
    assert conversation.title == "<img src=x>\ufffd"


def test_a_file_of_a_newer_wenfeng_is_left_alone(kept: Conversations, path: Path) -> None:
    kept.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConversationsFileError, match=r"newer Wenfeng \(form 99.*Update Wenfeng"):
        Conversations(path)


def test_the_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    with pytest.raises(ConversationsFileError, match="another program's"):
        Conversations(path)


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(ConversationsFileError, match=r"conversations\.sqlite cannot be read.*Move it away"):
        Conversations(path)


def test_a_torn_page_is_found_when_the_file_is_opened(kept: Conversations, path: Path) -> None:
    for number in range(50):
        kept.add("", None, exchange(f"e{number}", "问" * 500))
    kept.close()
    content = bytearray(path.read_bytes())
    content[4096 * 5 : 4096 * 9] = b"\xa5" * (4096 * 4)
    path.write_bytes(content)
    with pytest.raises(ConversationsFileError, match="Move it away"):
        Conversations(path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE articles SET body = replace(body, '李明', '王五')",
        "UPDATE exchanges SET body = substr(body, 1, 40)",
        "DELETE FROM named",
        "UPDATE conversations SET created = 'once'",
    ],
)
def test_a_changed_row_is_an_error_and_no_wrong_quote(kept: Conversations, path: Path, change: str) -> None:
    name = kept.add("", None, exchange("e1"))
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(ConversationsFileError, match=f"conversation {name}.*Move it away"):
        kept.open("", name)


def test_a_folder_in_the_place_of_the_file_is_a_disk_error(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"Cannot use .*allow writing there"):
        Conversations(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError, match=r"Cannot make .*name another file"):
        Conversations(tmp_path / "file" / "conversations.sqlite")


def test_a_failed_write_leaves_what_was_there(kept: Conversations, path: Path) -> None:
    name = kept.add("", None, exchange("e1"))
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON named BEGIN SELECT RAISE(ABORT, 'disk'); END"
        )
    connection.close()
    with pytest.raises(DiskError, match="Cannot use"):
        kept.add("", name, exchange("e2"))
    assert [each.id for each in kept.open("", name).exchanges] == ["e1"]


def test_only_the_user_may_read_the_file(kept: Conversations, path: Path) -> None:
    kept.add("", None, exchange("e1"))
    for each in path.parent.iterdir():
        assert each.stat().st_mode & 0o077 == 0, each.name


def test_moments_are_in_utc(kept: Conversations) -> None:
    conversation: Conversation = kept.open("", kept.add("", None, exchange("e1")))
    for moment in (conversation.created, conversation.changed, conversation.exchanges[0].asked_at):
        assert moment.utcoffset() == timedelta(0)
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_newest_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    with Conversations(tmp_path / "c.sqlite") as kept:
        for number in range(5):
            kept.add("李", None, Exchange(f"e{number}", f"问题{number}", None))
        kept.add("韩", None, Exchange("other", "问题", None))
        assert [entry.title for entry in kept.entries("李", most=2)] == ["问题4", "问题3"]
        assert (kept.count("李"), kept.count("李", "问题3"), kept.count("李", "没有")) == (5, 1, 0)
