"""Posts made for measurements hold what is said of them."""

from pathlib import Path

import pytest

from eval.posts import make_posts
from rag.articles import read_article
from rag.copies import are_copies
from rag.intake import read_folder

COUNT = 300
NEWS = [
    f"第{number}号线路今天开通，全长{number + 7}公里。" + "".join(f"第{number}条里的第{row}站说的是别的事情。" for row in range(9))
    for number in range(2 * COUNT)
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("posts")


def test_planted_posts_are_what_they_are_said_to_be(folder: Path) -> None:
    planted = make_posts(folder, COUNT, NEWS)
    assert min(len(planted.copies), len(planted.near_copies), len(planted.digests), len(planted.broken)) > 0
    for copy, first in planted.copies.items():
        assert read_article(folder, copy).text.startswith(read_article(folder, first).text[:100])
    for copy, first in planted.near_copies.items():
        left, right = read_article(folder, copy), read_article(folder, first)
        assert left.digest != right.digest
        assert are_copies(left.text, right.text)
    intake = read_folder(folder)
    assert {item.path for item in intake.set_aside} == set(planted.broken)
    assert set(intake.stamps) == set(planted.posts) | set(planted.broken)


def test_the_same_number_gives_the_same_posts_and_more_give_more(folder: Path, tmp_path: Path) -> None:
    more = make_posts(tmp_path, COUNT + 50, NEWS)
    for path in make_posts(folder, COUNT, NEWS).posts:
        assert (tmp_path / path).read_bytes() == (folder / path).read_bytes()
    assert len(more.posts) + len(more.broken) == COUNT + 50


def test_too_few_texts_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="need more than the 9 texts"):
        make_posts(tmp_path, COUNT, NEWS[:9])
