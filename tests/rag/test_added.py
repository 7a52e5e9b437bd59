"""Articles added beside the folder: named safely, indexed with it, asked at once, and gone when removed."""

import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Assistant
from rag.added import (
    MOST_BYTES,
    MOST_PARTS,
    add_file,
    added_folder,
    added_source,
    list_added,
    remove_added,
    to_safe_name,
)
from rag.articles import MAX_BYTES
from rag.assistant import index_folder
from rag.errors import ArticleError, IndexBusyError, NothingToIndexError
from rag.generations import writing
from rag.indexing import IndexReport, index_intake
from rag.intake import list_files, read_folder
from rag.store import Index
from rag.watch import follow_folder

TEXTS = {
    "甲.md": "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。",
    "乙.md": "新能源汽车的销量在第三季度增长了一倍。",
    "子/丙.md": "气象台说，周末将有小雨，气温下降五度。",
}
MUSEUM = "青汀市博物馆的夜场从本月起每周五开放到晚上十点。"
QUESTION = "博物馆的夜场开放到几点？"


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def index(tmp_path: Path, assistant: Assistant) -> Callable[..., IndexReport]:
    def run(folder: Path, rebuild: bool = False) -> IndexReport:
        return index_folder(folder, tmp_path / "index", assistant.encoder, assistant.settings, rebuild)

    return run


@pytest.fixture
def own(
    posts: Path, tmp_path: Path, assistant: Assistant, index: Callable[..., IndexReport]
) -> Iterator[Assistant]:
    """An assistant on an index that a test may change."""
    index(posts)
    with open_own(tmp_path / "index", assistant) as opened:
        yield opened


def open_own(root: Path, assistant: Assistant) -> Assistant:
    return Assistant(root, Index.open(root), assistant.encoder, assistant.reader, assistant.settings)


def add(root: Path, name: str, text: str = MUSEUM) -> str:
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        return add_file(root, name, Path(file.name))


def found(assistant: Assistant, query: str = QUESTION) -> set[str]:
    return {hit.passage.article.path for hit in assistant.search(query, 10)}


def test_what_is_added_is_asked_at_once_and_what_is_removed_is_gone(own: Assistant) -> None:
    path = add(own.root, "文化/馆.md")
    assert path == ".added/文化/馆.md"
    report = own.refresh()
    assert (report.indexed, report.unchanged, report.removed, report.generation) == (1, 3, 0, "000002")
    answer = own.ask(QUESTION)
    assert [citation.article.path for citation in answer.citations] == [path]
    assert (answer.generation, answer.searched) == ("000002", 4)
    remove_added(own.root, path)
    report = own.refresh()
    assert (report.indexed, report.unchanged, report.removed) == (0, 3, 1)
    assert found(own) == set(TEXTS)
    assert own.ask(QUESTION).refused
    assert own.article(path) is None


def test_the_command_keeps_what_was_added(own: Assistant, posts: Path, wenfeng: Any) -> None:
    path = add(own.root, "馆.md")
    for indexed, unchanged in ((1, 3), (0, 4)):
        done = wenfeng("index", posts, "--index", own.root, "--json")
        assert f'"indexed": {indexed},' in done.stdout, done.stderr
        assert f'"unchanged": {unchanged},' in done.stdout
    assert path in found(own)


def test_a_watched_folder_keeps_what_was_added(own: Assistant, posts: Path) -> None:
    stop = threading.Event()
    deadline = threading.Timer(60, stop.set)
    deadline.start()
    outcomes = follow_folder(posts, own.refresh, stop)
    next(outcomes)  # the folder is watched from now on
    path = add(own.root, "馆.md")
    (posts / "丁.md").write_text("剧院推出了儿童专场，票价三十元。", encoding="utf-8")
    report = next(outcomes)
    deadline.cancel()
    stop.set()
    assert isinstance(report, IndexReport)
    assert (report.indexed, report.removed) == (2, 0)
    assert found(own) == {*TEXTS, "丁.md", path}


def test_a_file_that_is_no_article_is_set_aside_under_its_path(own: Assistant) -> None:
    add(own.root, "坏.md", "\x00\x01\x00")
    report = own.refresh()
    assert [(item.path, item.reason) for item in report.set_aside] == [(".added/坏.md", "binary")]
    assert own.refresh().generation == report.generation  # and is not read again


def test_a_copy_of_an_article_of_the_folder_is_found_by_both_paths(own: Assistant) -> None:
    path = add(own.root, "甲.md", TEXTS["甲.md"])
    assert own.refresh().duplicates == 1
    assert own.article("甲.md") == own.article(path)


def test_an_index_inside_its_folder_reads_what_was_added_once(posts: Path) -> None:
    path = add(posts / "index", "馆.md")
    intake = read_folder(posts, beside=[added_source(posts / "index")])
    assert sorted(intake.stamps) == sorted([*TEXTS, path])


# Where the folder of articles is not what it was.


def test_an_index_knows_its_folder_wherever_that_is_named_from(
    posts: Path, index: Callable[..., IndexReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(posts)
    index(Path("../posts"))
    opened = Index.open(tmp_path / "index")
    opened.close()
    assert opened.folder == posts


def test_a_folder_that_moved_is_remembered_where_it_is(
    own: Assistant, posts: Path, index: Callable[..., IndexReport]
) -> None:
    moved = posts.rename(posts.with_name("moved\udcff"))
    report = index(moved)
    assert (report.indexed, report.unchanged) == (0, 3)
    assert own.refresh().unchanged == 3
    assert own.index.folder == moved


def test_a_folder_that_is_gone_costs_no_article(own: Assistant, posts: Path) -> None:
    path = add(own.root, "馆.md")
    posts.rename(posts.with_name("elsewhere"))
    with pytest.raises(NothingToIndexError, match=r"posts is gone.*Bring the folder back"):
        own.refresh()
    assert found(own) == set(TEXTS)
    posts.with_name("elsewhere").rename(posts)
    own.refresh()
    assert found(own) == {*TEXTS, path}


def test_a_folder_that_is_gone_or_empty_is_not_taken_for_what_was_added(
    own: Assistant, posts: Path, index: Callable[..., IndexReport]
) -> None:
    path = add(own.root, "馆.md")
    shutil.rmtree(posts)
    for rebuild in (False, True):
        with pytest.raises(NothingToIndexError, match=r"No folder at .*keeps its 3 articles"):
            index(posts, rebuild)
    posts.mkdir()
    with pytest.raises(NothingToIndexError, match=r"holds no articles any more.*--rebuild"):
        own.refresh()
    assert found(own) == set(TEXTS)
    assert index(posts, rebuild=True).removed == 3
    assert found(own) == {path}


def test_what_was_added_needs_no_folder(
    tmp_path: Path, index: Callable[..., IndexReport], assistant: Assistant
) -> None:
    empty = tmp_path / "empty"
    for message in ("No folder at", "holds no articles"):
        with pytest.raises(NothingToIndexError, match=message):
            list_files(empty, [added_source(tmp_path / "index")])
        empty.mkdir(exist_ok=True)
    path = add(tmp_path / "index", "馆.md")
    assert list_files(empty, [added_source(tmp_path / "index")]) == ([path], [])
    assert index(tmp_path / "missing").indexed == 1
    assert index(empty).unchanged == 1
    with open_own(tmp_path / "index", assistant) as opened:
        assert found(opened) == {path}


def test_an_index_that_does_not_know_its_folder_asks_for_it(
    posts: Path, tmp_path: Path, assistant: Assistant, index: Callable[..., IndexReport]
) -> None:
    root = tmp_path / "index"
    with writing(root):
        index_intake(read_folder(posts), root, assistant.encoder, assistant.settings)
    with open_own(root, assistant) as opened:
        with pytest.raises(NothingToIndexError, match="Tell it once with: wenfeng index ARTICLES"):
            opened.refresh()
        index(posts)
        assert opened.refresh().unchanged == 3


# Several at once.


def test_a_second_refresh_waits_for_the_first(own: Assistant) -> None:
    add(own.root, "馆.md")
    reports: list[IndexReport] = []
    second = threading.Thread(target=lambda: reports.append(own.refresh()))

    def begin_second(step: str, done: int, total: int) -> None:
        if not second.ident:
            second.start()

    first = own.refresh(begin_second)
    second.join()
    assert (first.indexed, first.generation) == (1, "000002")
    assert [(report.indexed, report.generation) for report in reports] == [(0, "000002")]


def test_a_refresh_beside_another_writer_says_so(own: Assistant) -> None:
    with writing(own.root), pytest.raises(IndexBusyError, match="Another process is writing"):
        own.refresh()


def test_questions_during_a_refresh_are_answered_from_the_generation_before(own: Assistant) -> None:
    add(own.root, "馆.md")
    during = []
    own.refresh(lambda step, done, total: during.append(own.ask("临江阅览室有多少座位？")))
    assert {(answer.generation, answer.searched, answer.refused) for answer in during} == {
        ("000001", 3, False)
    }
    assert own.ask("临江阅览室有多少座位？").generation == "000002"


# Names and files.


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("新闻.md", "新闻.md"),
        ("2021/06/新 闻.HTML", "2021/06/新 闻.HTML"),
        ("../../etc/passwd.md", "etc/passwd.md"),
        ("/绝对.md", "绝对.md"),
        ("C:\\Users\\a\\新闻.md", "C_/Users/a/新闻.md"),
        (".git/.hidden.md", "git/hidden.md"),
        ("a\x00b\u202e\ud800/ c\n.md", "a_b__/c.md"),
        ('<b>"?*|:.md', "_b______.md"),
        ("全角\u3000空格.md", "全角 空格.md"),
        ("cafe\u0301.md", "caf\u00e9.md"),
        ("x.md/y.md", "x.md_/y.md"),
        ("a/b/c/d/e/f/g/h.md", "c/d/e/f/g/h.md"),
        ("长" * 200 + ".md", "长" * 58 + ".md"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert str(to_safe_name(name)) == safe


@pytest.mark.parametrize("name", ["", "/", "..", ".md", "程序.exe", "a.md/b", "a.md\x00"])
def test_a_name_without_an_articles_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match=r"the name must end in one of: .*\.md .*; rename the file"):
        add(tmp_path, name)
    assert not added_folder(tmp_path).exists()


_part = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["..", ".", "", ".x", "CON", "x.md", "长" * 90]
)
_name = st.builds(
    lambda parts, separator: separator.join(parts) + "文.md",
    st.lists(_part, max_size=9),
    st.sampled_from(["/", "\\"]),
)


@settings(max_examples=150, deadline=None)
@given(name=_name)
def test_whatever_its_name_a_file_stays_inside_and_is_found(name: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "index"
        path = add(root, name, "一")
        inner = PurePosixPath(path).relative_to(".added")
        assert len(inner.parts) <= MOST_PARTS
        assert all(len(part.encode()) <= MOST_BYTES for part in inner.parts)
        assert not any(part.startswith(".") for part in inner.parts)
        assert path.isprintable()
        assert unicodedata.is_normalized("NFC", path)
        assert add(root, name, "一") == path
        other = add(root, name, "二")
        assert list_added(root) == sorted({path, other})
        files = {file: file.read_text(encoding="utf-8") for file in Path(place).rglob("*") if file.is_file()}
        assert files == {
            root / "added.lock": "",
            added_folder(root) / inner: "一",
            added_folder(root) / PurePosixPath(other).relative_to(".added"): "二",
        }
        remove_added(root, path)
        remove_added(root, other)
        assert list(added_folder(root).iterdir()) == []


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert [add(tmp_path, "x/a.md", text) for text in ("一", "二", "一", "三", "二")] == [
        ".added/x/a.md",
        ".added/x/a (2).md",
        ".added/x/a.md",
        ".added/x/a (3).md",
        ".added/x/a (2).md",
    ]
    assert list_added(tmp_path) == [".added/x/a (2).md", ".added/x/a (3).md", ".added/x/a.md"]


def test_a_long_name_stays_short_with_a_number(tmp_path: Path) -> None:
    paths = [add(tmp_path, "长" * 200 + ".md", text) for text in "一二"]
    assert [path.count("长") for path in paths] == [58, 57]
    assert paths[1].endswith(" (2).md")


def test_a_file_that_is_too_large_or_cannot_be_read_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.touch()
    with large.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ArticleError, match=r"large\.md: the file is over 20 MB"):
        add_file(tmp_path / "index", "large.md", large)
    with pytest.raises(ArticleError, match=r"gone\.md: the file cannot be read: No such file"):
        add_file(tmp_path / "index", "gone.md", tmp_path / "gone")
    assert list_added(tmp_path / "index") == []


@pytest.mark.parametrize(
    "path",
    ["", ".added", ".added/", "馆.md", "added/馆.md", ".added/../current", ".added/x", ".added/./馆.md"],
)
def test_only_what_was_added_can_be_removed(path: str, tmp_path: Path) -> None:
    (tmp_path / "current").write_text("000001")
    kept = [add(tmp_path, "x/y/馆.md"), add(tmp_path, "馆.md")]
    with pytest.raises(ArticleError, match="no article was added under this path"):
        remove_added(tmp_path, path)
    assert list_added(tmp_path) == kept
    assert (tmp_path / "current").exists()


def test_folders_left_empty_are_removed(tmp_path: Path) -> None:
    paths = [add(tmp_path, name) for name in ("x/y/z/a.md", "x/b.md")]
    remove_added(tmp_path, paths[0])
    assert [file.name for file in (added_folder(tmp_path) / "x").iterdir()] == ["b.md"]
    remove_added(tmp_path, paths[1])
    assert list(added_folder(tmp_path).iterdir()) == []
