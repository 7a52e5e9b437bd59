"""Words, the lexical index and fusion."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import fuse
from rag.lexical import LexicalIndex
from rag.words import fold, search_words

TEXTS = ["碳中和峰会在温州召开", "图书馆的阅览室开放", "今天的天气很好", "第二场圆桌对话谈新材料"]


@pytest.fixture(scope="module")
def lexical() -> LexicalIndex:
    return LexicalIndex.build([search_words(text) for text in TEXTS])


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [("碳達峯", "碳达峰"), ("ＣＯ２", "co2"), ("１２．５％", "12.5%"), ("溫州", "温州"), ("NLP", "nlp")],
)
def test_spellings_of_one_word_fold_to_one(spelling: str, plain: str) -> None:
    assert fold(spelling) == plain
    assert search_words(spelling) == search_words(plain)


def test_a_name_in_no_dictionary_is_cut_into_pairs_too() -> None:
    assert {"王祖", "祖欣"} <= set(search_words("王祖欣"))


def test_numbers_with_points_and_percent_stay_whole() -> None:
    assert search_words("增长7.2%") == ["增长", "增长", "7.2%"]


def test_words_of_blanks_and_marks_are_none() -> None:
    assert search_words(" ，。！\n") == []


def test_coverage_is_highest_where_the_words_are(lexical: LexicalIndex) -> None:
    assert int(np.argmax(lexical.coverage(search_words("温州的碳中和峰会")))) == 0
    assert int(np.argmax(lexical.coverage(search_words("閱覽室何時開放")))) == 1


def test_coverage_stays_between_nothing_and_everything(lexical: LexicalIndex) -> None:
    whole = lexical.coverage(search_words(TEXTS[0]))
    assert 0.3 < whole[0] < 1
    assert lexical.coverage(search_words("zebra")).max() == 0
    assert lexical.coverage([]).max() == 0


def test_words_that_are_nowhere_lower_the_coverage(lexical: LexicalIndex) -> None:
    known = lexical.coverage(search_words("温州峰会"))[0]
    assert lexical.coverage([*search_words("温州峰会"), "zebra", "quagga"])[0] < known


def test_passages_are_found_by_words_in_a_row(lexical: LexicalIndex) -> None:
    for row, text in enumerate(TEXTS):
        words = search_words(text)
        assert row in [*lexical.rows_with(words[1:4])]
        assert row in lexical.rows_of(words[0])
    assert words[0] in lexical
    assert [*lexical.rows_with(["没有这样的词"])] == []
    assert [*lexical.rows_with([words[0], "没有这样的词"])] == []
    assert len(lexical.rows_of("没有这样的词")) == 0


def test_a_saved_lexical_index_opens_the_same(lexical: LexicalIndex, tmp_path: Path) -> None:
    lexical.save(tmp_path / "words")
    opened = LexicalIndex.open(tmp_path / "words")
    assert len(opened) == len(TEXTS)
    words = search_words("新材料圆桌")
    np.testing.assert_array_equal(opened.coverage(words), lexical.coverage(words))


def test_an_index_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no passage"):
        LexicalIndex.build([])


def vectors(size: int) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(0, 1, width=32), min_size=size, max_size=size)


@given(vectors(6), vectors(6), st.floats(0.125, 8, width=32), st.floats(-2, 2, width=32))
def test_fusion_ignores_the_scale_of_cosines(
    cosines: list[float], coverage: list[float], scale: float, shift: float
) -> None:
    first = np.array(cosines, dtype=np.float64)
    if first.std() < 1e-3:
        return
    words = np.array(coverage, dtype=np.float32)
    plain = fuse(first.astype(np.float32), words)
    scaled = fuse((first * scale + shift).astype(np.float32), words)
    np.testing.assert_allclose(scaled, plain, atol=2e-2)


def test_fusion_follows_vectors_where_words_say_nothing() -> None:
    scores = fuse(np.array([0.1, 0.9, 0.5], dtype=np.float32), np.zeros(3, dtype=np.float32))
    assert list(np.argsort(-scores)) == [1, 2, 0]


def test_fusion_follows_words_where_vectors_are_level() -> None:
    scores = fuse(np.full(3, 0.8, dtype=np.float32), np.array([0.1, 0.5, 0.3], dtype=np.float32))
    assert list(np.argsort(-scores)) == [1, 2, 0]


def test_fusion_of_nothing_is_nothing() -> None:
    assert len(fuse(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))) == 0
