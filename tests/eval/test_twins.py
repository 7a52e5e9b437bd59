"""Twins: one word swapped, in the script of the question."""

import random

from eval.twins import swap_words


def test_a_twin_differs_in_one_word_that_another_question_has() -> None:
    texts = ["李毅中在2019年说了什么？", "王祖欣在2021年去了哪里？"]
    made = [swap_words(texts, random.Random(seed)) for seed in range(20)]
    assert any(twin for twins in made for twin in twins)
    for twins in made:
        for twin, text, other in zip(twins, texts, reversed(texts), strict=True):
            if twin is None:
                continue
            assert twin != text
            words = ("李毅中", "2019", "王祖欣", "2021")
            assert any(word in twin and word in other for word in words)


def test_a_twin_keeps_width_and_script() -> None:
    texts = ["１９９８年創辦的學校是哪一所？", "２００３年遷址的醫院是哪一家？"]
    twins = {twin for seed in range(20) for twin in swap_words(texts, random.Random(seed)) if twin}
    assert twins
    for twin in twins:
        assert twin.endswith("？")
        assert "学" not in twin
        assert "1998" not in twin


def test_an_english_question_has_twins() -> None:
    texts = ["When did Anna Smith move to Paris?", "Where did John Brown study in 1990?"]
    twins = {twin for seed in range(20) for twin in swap_words(texts, random.Random(seed)) if twin}
    assert any("John Brown" in twin and "Paris" in twin for twin in twins)


def test_a_question_without_anything_to_swap_has_none() -> None:
    assert swap_words(["为什么？", "？"], random.Random(1)) == [None, None]
