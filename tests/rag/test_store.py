"""A folder becomes an index on disk: refreshed, damaged, locked, mismatched."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import Encoder
from rag import Filters, Settings
from rag.assistant import index_folder, load_encoder
from rag.errors import (
    DiskError,
    FilterError,
    IndexBusyError,
    IndexCorruptError,
    IndexMismatchError,
    IndexMissingError,
    NothingToIndexError,
)
from rag.filters import allowed_articles
from rag.generations import writing
from rag.indexing import IndexReport
from rag.retrieve import find_passages
from rag.store import Index

POST = "---\ntitle: {title}\ndate: 2022-01-0{day} 08:00:00\ncategories:\n - {category}\n---\n<p>{text}</p>\n"


def write_post(folder: Path, name: str, text: str, day: int = 1, category: str = "文化") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        POST.format(title=name.removesuffix(".md"), day=day, text=text, category=category), encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(Settings())


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    write_post(folder, "甲.md", "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。", 1)
    write_post(folder, "乙.md", "新能源汽车的销量在第三季度增长了一倍。", 2, "汽车")
    write_post(folder, "丙.md", "气象台说，周末将有小雨，气温下降五度。", 3, "天气")
    return folder


@pytest.fixture
def index(posts: Path, tmp_path: Path, encoder: Encoder) -> Callable[..., IndexReport]:
    def run(rebuild: bool = False) -> IndexReport:
        return index_folder(posts, tmp_path / "index", encoder, Settings(), rebuild)

    return run


def found_paths(root: Path, encoder: Encoder, question: str, filters: Filters | None = None) -> list[str]:
    opened = Index.open(root)
    try:
        found = find_passages(opened, encoder.encode_queries([question]), question, 3, filters)
        return [each.hit.passage.article.path for each in found]
    finally:
        opened.close()


def test_a_new_folder_is_indexed_and_found(
    index: Callable[..., IndexReport], tmp_path: Path, encoder: Encoder
) -> None:
    report = index()
    assert (report.indexed, report.unchanged, report.removed, report.generation) == (3, 0, 0, "000001")
    assert found_paths(tmp_path / "index", encoder, "周末下雨吗")[0] == "丙.md"


def test_an_unchanged_folder_makes_no_new_generation(index: Callable[..., IndexReport]) -> None:
    index()
    report = index()
    assert (report.indexed, report.unchanged, report.removed, report.generation) == (0, 3, 0, "000001")


def test_changes_are_taken_up_and_only_new_texts_are_embedded(
    index: Callable[..., IndexReport], posts: Path, tmp_path: Path, encoder: Encoder
) -> None:
    index()
    before = Index.open(tmp_path / "index")
    old = before.passage_vectors.vectors(np.arange(len(before.passages)))
    before.close()
    (posts / "乙.md").unlink()
    write_post(posts, "丁.md", "博物馆的夜场从本月起每周五开放到晚上十点。")
    write_post(posts, "丙.md", "气象台说，周末天晴，气温上升五度。", 3, "天气")
    report = index()
    assert (report.indexed, report.unchanged, report.removed, report.generation) == (2, 1, 1, "000002")
    after = Index.open(tmp_path / "index")
    paths = [article.path for article in after.articles()]
    assert paths == sorted(paths)
    assert set(paths) == {"甲.md", "丙.md", "丁.md"}
    kept = after.passage_vectors.vectors(np.array([paths.index("甲.md")]))
    after.close()
    assert any(np.array_equal(kept[0], row) for row in old)
    assert found_paths(tmp_path / "index", encoder, "博物馆夜场几点关门")[0] == "丁.md"
    assert "乙.md" not in found_paths(tmp_path / "index", encoder, "新能源汽车销量")


def test_a_refreshed_index_equals_a_fresh_one(
    index: Callable[..., IndexReport], posts: Path, tmp_path: Path, encoder: Encoder
) -> None:
    index()
    write_post(posts, "戊.md", "剧院推出了儿童专场，票价三十元。")
    (posts / "甲.md").unlink()
    index()
    index_folder(posts, tmp_path / "fresh", encoder, Settings())
    refreshed, fresh = Index.open(tmp_path / "index"), Index.open(tmp_path / "fresh")
    assert list(refreshed.articles()) == list(fresh.articles())
    np.testing.assert_array_equal(refreshed.passages, fresh.passages)
    np.testing.assert_array_equal(refreshed.sentences, fresh.sentences)
    rows = np.arange(len(fresh.passages))
    near = (refreshed.passage_vectors.vectors(rows) * fresh.passage_vectors.vectors(rows)).sum(axis=1)
    assert near.min() > 0.999
    refreshed.close()
    fresh.close()


def test_exact_copies_become_one_article_with_aliases(
    index: Callable[..., IndexReport], posts: Path, tmp_path: Path
) -> None:
    write_post(posts, "转载/甲之二.md", "青汀市图书馆新开了一间临江阅览室，座位二百一十六个。", 2)
    report = index()
    assert (report.indexed, report.duplicates) == (3, 1)
    opened = Index.open(tmp_path / "index")
    aliases = {article.path: article.aliases for article in opened.articles()}
    opened.close()
    assert aliases["甲.md"] == ("转载/甲之二.md",)


def test_a_file_that_cannot_be_read_is_set_aside_by_name(
    index: Callable[..., IndexReport], posts: Path
) -> None:
    (posts / "坏.md").write_bytes(b"\x00\x01\x02\x00")
    (posts / "空.md").write_text("")
    report = index()
    assert report.indexed == 3
    assert {(item.path, item.reason) for item in report.set_aside} == {
        ("坏.md", "binary"),
        ("空.md", "empty"),
    }


def test_a_folder_without_a_readable_article_says_so(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(NothingToIndexError, match="No folder at"):
        index_folder(tmp_path / "nowhere", tmp_path / "index", encoder, Settings())
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToIndexError, match="holds no articles"):
        index_folder(tmp_path / "empty", tmp_path / "index", encoder, Settings())
    (tmp_path / "empty" / "空.md").write_text("")
    with pytest.raises(NothingToIndexError, match=r"could be read; the first: 空\.md"):
        index_folder(tmp_path / "empty", tmp_path / "index", encoder, Settings())


def test_a_missing_index_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="Build it with: wenfeng index ARTICLES"):
        Index.open(tmp_path / "index")


FILES = (
    "articles.sqlite",
    "passages.npy",
    "sentences.npy",
    "stories.npy",
    "signatures.npy",
    "passage_vectors/rows.faiss",
    "sentence_vectors/rows.faiss",
    "words/vocab.index.json",
    "manifest.json",
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_every_damage_is_found(sample_index: Path, tmp_path: Path, name: str, damage: str) -> None:
    root = tmp_path / "index"
    shutil.copytree(sample_index, root)
    path = root / "generations" / "000001" / name
    data = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    elif damage == "truncate":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 0x10
        path.write_bytes(bytes(data))
    with pytest.raises(IndexCorruptError, match="wenfeng index ARTICLES --rebuild"):
        Index.open(root)


def test_a_pointer_to_nothing_is_damage(sample_index: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    shutil.copytree(sample_index, root)
    (root / "current").write_text("../../etc\n")
    shutil.rmtree(root / "generations")
    with pytest.raises(IndexCorruptError, match="no generation"):
        Index.open(root)


def test_another_layout_says_rebuild(sample_index: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    shutil.copytree(sample_index, root)
    path = root / "generations" / "000001" / "manifest.json"
    data = json.dumps({**json.loads(path.read_text()), "layout": 99}).encode()
    path.write_bytes(data)
    (root / "current").write_text(f"000001 {hashlib.sha256(data).hexdigest()}\n")
    with pytest.raises(IndexMismatchError, match="layout 99"):
        Index.open(root)


def test_other_settings_do_not_fit(
    index: Callable[..., IndexReport], posts: Path, tmp_path: Path, encoder: Encoder
) -> None:
    index()
    with pytest.raises(IndexMismatchError, match="passage size is 500, the settings ask for 200") as caught:
        index_folder(posts, tmp_path / "index", encoder, Settings(passages={"size": 200}))
    assert caught.value.expected["passage size"] == 200
    assert caught.value.found["passage size"] == 500
    report = index_folder(posts, tmp_path / "index", encoder, Settings(passages={"size": 200}), rebuild=True)
    assert report.generation == "000002"


def test_only_one_process_writes(tmp_path: Path) -> None:
    with (
        writing(tmp_path / "index"),
        pytest.raises(IndexBusyError, match="--wait SECONDS"),
        writing(tmp_path / "index"),
    ):
        pass


def test_a_disk_that_refuses_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskError, match="choose another folder with --index DIR"), writing(tmp_path / "file"):
        pass


def test_old_generations_are_removed(index: Callable[..., IndexReport], tmp_path: Path) -> None:
    for _ in range(4):
        index(rebuild=True)
    kept = sorted(path.name for path in (tmp_path / "index" / "generations").iterdir())
    assert kept == ["000003", "000004"]


def test_filters_bind_inside_the_search(
    index: Callable[..., IndexReport], tmp_path: Path, encoder: Encoder
) -> None:
    index()
    root = tmp_path / "index"
    assert found_paths(root, encoder, "阅览室", Filters(categories=("天气",))) == ["丙.md"]
    assert found_paths(
        root, encoder, "阅览室", Filters(articles=("乙.md", "丙.md"), categories=("汽车",))
    ) == ["乙.md"]
    opened = Index.open(root)
    allowed = allowed_articles(opened, Filters(categories=("汽车",), articles=("丙.md",)))
    assert allowed is not None
    assert not allowed.any()
    with pytest.raises(FilterError, match=r"No article has the category '汽'\. Did you mean 汽车"):
        allowed_articles(opened, Filters(categories=("汽",)))
    opened.close()


def test_a_name_that_is_no_text_is_set_aside_and_the_rest_is_indexed(
    index: Callable[..., IndexReport], posts: Path
) -> None:
    (posts / os.fsdecode(b"bad\xff.md")).write_text("乱码的文件名")
    (posts / "two\nlines\x1b[31m.md").write_text("换行的文件名")
    report = index()
    assert report.indexed == 3
    assert [item.path for item in report.set_aside] == ["bad\\xff.md", "two\\nlines\\x1b[31m.md"]


def test_a_folder_without_a_single_word_can_be_indexed(tmp_path: Path, encoder: Encoder) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "a.md").write_text("😀😀！！！", encoding="utf-8")
    assert index_folder(folder, tmp_path / "index", encoder, Settings()).indexed == 1
    assert found_paths(tmp_path / "index", encoder, "图书馆") == ["a.md"]


def test_posts_of_pictures_alone_are_copies_only_under_one_title(
    index: Callable[..., IndexReport], posts: Path
) -> None:
    for name in ("活动图集一.md", "活动图集二.md"):
        write_post(posts, name, '<img src="https://example.com/a.png">')
    report = index()
    assert (report.indexed, report.duplicates) == (5, 0)
