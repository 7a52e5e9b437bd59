"""What the reader learns from is what it says it is."""

import random
from pathlib import Path

import opencc
import pytest

from eval.reader.data import (
    Asked,
    Example,
    Paragraph,
    Windows,
    cut_windows,
    make_examples,
    read_drcd_paragraphs,
    read_own_paragraphs,
    read_xquad_paragraphs,
    to_script,
    window_around,
)
from eval.reader.train import training_examples
from rag.passages import split_sentences
from rag.words import to_simplified

TEXT = "甲公司在上海成立。乙公司二〇一九年迁到北京！丙公司有三百人。丁公司生产水泥。戊公司已经停产。"
GOLD = (TEXT.index("乙公司"), TEXT.index("丙公司"))
CITY = (TEXT.index("北京"), TEXT.index("北京") + 2)


def paragraphs() -> list[Paragraph]:
    other = Paragraph("另一篇", "乙公司的产品卖到了很多地方，迁移是后来的事。" * 3, ())
    return [Paragraph("题目", TEXT, (Asked("乙公司迁到了哪里？", CITY, (GOLD,)),)), other]


@pytest.mark.parametrize("size", [10, 25, 40, 500])
def test_a_window_holds_what_it_must_in_whole_sentences(size: int) -> None:
    for seed in range(10):
        start, end = window_around(TEXT, [GOLD], size, random.Random(seed))
        assert start <= GOLD[0]
        assert end >= GOLD[1]
        assert start == 0 or TEXT[start - 1] in "。！"
        assert TEXT[end - 1] in "。！"
        assert end - start <= max(size, GOLD[1] - GOLD[0])


def test_windows_hold_the_whole_text() -> None:
    for size in (10, 25, 500):
        assert "".join(TEXT[slice(*span)] for span in cut_windows(TEXT, size)) == TEXT


def test_examples_answer_where_they_say_and_nowhere_else() -> None:
    made = [each for seed in range(10) for each in make_examples(paragraphs(), seed)]
    assert {bool(each.evidence) for each in made} == {True, False}
    for each in made:
        if each.evidence:
            assert each.answer is not None
            assert each.text[slice(*each.answer)] == "北京"
            assert each.text[slice(*each.evidence[0])] == TEXT[slice(*GOLD)]
        else:
            assert each.answer is None
            assert "北京" not in each.text or each.question != "乙公司迁到了哪里？"


def test_another_script_keeps_the_places() -> None:
    example = Example("乙公司迁到了哪里？", "题目", TEXT, CITY, (GOLD,))
    traditional = to_script(example, opencc.OpenCC("s2t"))
    assert "遷" in traditional.question
    assert traditional.text[slice(*CITY)] == "北京"


def test_our_own_questions_fit_the_news_sample(shared: Path) -> None:
    own = read_own_paragraphs(bench=shared / "bench")
    assert len(own) == 1260
    assert sum(len(each.asked) for each in own) == 9458
    assert {each.header for each in own if not each.header} == set()
    answered = [(each, asked) for each in own for asked in each.asked if asked.answer]
    for paragraph, asked in answered:
        assert asked.answer is not None
        assert paragraph.text[slice(*asked.answer)].strip()
        assert any(start <= asked.answer[0] and asked.answer[1] <= end for start, end in asked.evidence)
    unanswered = sum(not asked.evidence for each in own for asked in each.asked)
    assert unanswered > 1000
    assert 0.08 < sum(each.is_held_back for each in own) / len(own) < 0.18


def test_a_changed_text_is_noticed(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"doc": "part-1-1:4", "sha256": "0", "title": "", "questions": []}\n')
    with pytest.raises(ValueError, match=r"part-1-1:4"):
        read_own_paragraphs(path, shared / "bench")


def test_nothing_reported_or_held_back_is_trained_on(shared: Path) -> None:
    bench = shared / "bench"
    apart = [
        *read_drcd_paragraphs("report", bench),
        *(
            each
            for part in ("choose", "report")
            for language in ("zh", "en")
            for each in read_xquad_paragraphs(part, language, language, bench)
        ),
        *(each for each in read_own_paragraphs(bench=bench) if each.is_held_back),
    ]
    sentences = {
        to_simplified(each.text[slice(*span)]) for each in apart for span in split_sentences(each.text)
    }
    long = {sentence for sentence in sentences if len(sentence) > 30}
    assert len(long) > 3000
    texts = {to_simplified(each.text) for each in training_examples(1, bench)}
    trained = {text[slice(*span)] for text in texts for span in split_sentences(text)}
    # News repeats itself: a sentence or two of an agency stands in texts on both sides.
    assert len(long & trained) < 0.01 * len(long)


def test_wrong_passages_of_a_foreign_question_are_of_its_own_text_first(shared: Path) -> None:
    paragraphs = read_xquad_paragraphs("choose", "en", "zh", shared / "bench")
    windows = Windows(paragraphs, random.Random(1))
    wrong = [windows.nearest(each, asked) for each in paragraphs for asked in each.asked]
    assert len({tuple(each) for each in wrong}) > len(wrong) / 2


def test_evidence_in_no_sentence_is_an_error() -> None:
    with pytest.raises(ValueError, match="no sentence"):
        window_around(TEXT, [(len(TEXT) + 5, len(TEXT) + 9)], 50, random.Random(1))
