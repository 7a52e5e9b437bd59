"""SQuAD form becomes posts that our own reader reads, and gold that stands in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.converting import convert_file
from eval.sets import QuestionSetError
from eval.squad import NO_ANSWER, NOT_READ, NOT_THERE, convert_squad, write_posts
from rag.articles import read_article

CONTEXT = "临江图书馆建于1954年。它有3层，藏书20万册！读者可以借8册，也可以借3层的期刊。"


def answer(text: str, context: str = CONTEXT) -> dict[str, Any]:
    return {"text": text, "answer_start": context.index(text)}


def question(id_: str, text: str, *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": id_, "question": text, "answers": list(answers), **more}


def written(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def squad(
    tmp_path: Path, *questions: dict[str, Any], context: str = CONTEXT, title: str = "临江图书馆"
) -> Path:
    paragraphs = [{"context": context, "qas": list(questions)}]
    return written(tmp_path, {"version": "1.1", "data": [{"title": title, "paragraphs": paragraphs}]})


def test_the_sentence_around_the_answer_is_the_gold_and_every_alternative_counts(tmp_path: Path) -> None:
    path = squad(tmp_path, question("q1", "藏书多少？", answer("20万册"), answer("20万"), answer("20万册")))
    converted = convert_squad(path)
    (case,) = converted.cases
    assert case.answers == (("20万册", "20万"),)
    assert [gold.quote for gold in case.gold] == ["它有3层，藏书20万册！"]
    assert case.gold[0].article == converted.posts[0].path
    assert converted.left_out == {}


def test_a_post_is_read_with_the_characters_of_its_paragraph(tmp_path: Path) -> None:
    context = "气温 <5 度 & 风力 > 3 级。\n*注意* _防寒_ 。[链接] # 1"
    path = squad(tmp_path, question("q1", "风力？", answer("> 3 级", context)), context=context)
    converted = convert_squad(path)
    write_posts(converted.posts, tmp_path / "posts")
    article = read_article(tmp_path / "posts", converted.posts[0].path)
    assert article.text == context
    assert article.title == "临江图书馆"
    assert converted.cases[0].gold[0].quote in article.text


def test_a_paragraph_without_a_title_is_titled_by_its_text(tmp_path: Path) -> None:
    path = squad(tmp_path, question("q1", "藏书多少？", answer("20万册")), title="")
    converted = convert_squad(path)
    write_posts(converted.posts, tmp_path / "posts")
    title = read_article(tmp_path / "posts", converted.posts[0].path).title
    assert title
    assert CONTEXT.startswith(title)


@pytest.mark.parametrize("title", ["../../etc", 'a: "b"\n# c', "---", "x" * 300, "。，、"])
def test_a_title_of_any_kind_stays_a_title(tmp_path: Path, title: str) -> None:
    converted = convert_squad(squad(tmp_path, question("q1", "藏书多少？", answer("20万册")), title=title))
    write_posts(converted.posts, tmp_path / "posts")
    assert [file.parent for file in (tmp_path / "posts").iterdir()] == [tmp_path / "posts"]
    assert read_article(tmp_path / "posts", converted.posts[0].path).text == CONTEXT


def test_a_question_whose_quote_does_not_survive_reading_is_left_out_and_counted(tmp_path: Path) -> None:
    context = "临江队只丢了  12分。防守很好。"
    path = squad(
        tmp_path,
        question("q1", "丢了多少分？", answer("12", context)),
        question("q2", "防守怎么样？", answer("很好", context)),
        context=context,
    )
    converted = convert_squad(path)
    assert [case.id for case in converted.cases] == ["q2"]
    assert converted.left_out == {NOT_READ: 1}


def test_an_answer_that_is_nowhere_or_blank_is_counted(tmp_path: Path) -> None:
    path = squad(
        tmp_path, question("q1", "谁？", {"text": "王建国", "answer_start": 0}), question("q2", "谁？")
    )
    assert convert_squad(path).left_out == {NOT_THERE: 1, NO_ANSWER: 1}


def test_an_answer_beside_its_place_is_found_nearest_to_it(tmp_path: Path) -> None:
    later = CONTEXT.rindex("3层")
    path = squad(tmp_path, question("q1", "哪层？", {"text": "3层", "answer_start": later - 2}))
    assert convert_squad(path).cases[0].gold[0].quote == "读者可以借8册，也可以借3层的期刊。"


def test_an_impossible_question_is_a_refusal(tmp_path: Path) -> None:
    path = squad(
        tmp_path, question("q1", "馆长是谁？", is_impossible=True, plausible_answers=[answer("20万册")])
    )
    (case,) = convert_squad(path).cases
    assert not case.answerable
    assert not case.answers


def test_an_answer_over_two_sentences_has_both_for_gold(tmp_path: Path) -> None:
    text = "1954年。它有3层"
    assert convert_squad(squad(tmp_path, question("q1", "?", answer(text)))).cases[0].gold[0].quote == (
        "临江图书馆建于1954年。它有3层，藏书20万册！"
    )


def test_the_own_form_of_cmrc_takes_the_sentence_most_like_the_question(tmp_path: Path) -> None:
    row = {
        "context_id": "T1",
        "title": "临江图书馆",
        "context_text": CONTEXT,
        "qas": [{"query_id": "T1_Q0", "query_text": "读者可以借哪层的期刊？", "answers": ["3层", "3层的"]}],
    }
    (case,) = convert_squad(written(tmp_path, [row])).cases
    assert (case.id, case.answers) == ("T1_Q0", (("3层", "3层的"),))
    assert case.gold[0].quote == "读者可以借8册，也可以借3层的期刊。"


def test_an_id_that_occurs_again_is_told_apart(tmp_path: Path) -> None:
    again = question("q1", "藏书多少？", answer("20万册"))
    assert [case.id for case in convert_squad(squad(tmp_path, again, again)).cases] == ["q1", "q1#2"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"rows": []}, "the file has no 'data'"),
        ({"data": [3]}, r"data\[0\] is not an object"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, r"data\[0\].paragraphs\[0\] has no 'context'"),
        (
            {"data": [{"paragraphs": [{"context": "a", "qas": [{"id": "1", "question": None}]}]}]},
            r"data\[0\].paragraphs\[0\].qas\[0\]: 'question' is a NoneType",
        ),
        (
            {"data": [{"paragraphs": [{"context": "a", "qas": [question("1", "q", {"text": "a"})]}]}]},
            r"qas\[0\].answers\[0\] has no 'answer_start'",
        ),
        ([{"context_text": "a", "qas": [{"query_id": 1, "query_text": "q", "answers": [1]}]}], "must be strings"),
        ({"data": []}, "holds no paragraph"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_told_with_the_place(tmp_path: Path, data: object, message: str) -> None:
    with pytest.raises(QuestionSetError, match=message):
        convert_squad(written(tmp_path, data))


def test_a_file_that_is_missing_or_no_json_says_so(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match="Name another file"):
        convert_squad(tmp_path / "nothing.json")
    (tmp_path / "text.json").write_text("{", encoding="utf-8")
    with pytest.raises(QuestionSetError, match="is not JSON"):
        convert_squad(tmp_path / "text.json")


@pytest.mark.parametrize(
    ("name", "least"),
    [("xquad/xquad.zh.json", 1150), ("xquad/xquad.en.json", 1180), ("drcd/DRCD_dev.json", 3500),
     ("cmrc2018/cmrc2018_trial.json", 990)],
)  # fmt: skip
def test_the_public_sets_convert_almost_whole(shared: Path, name: str, least: int) -> None:
    converted = convert_squad(shared / "bench" / name)
    assert len(converted.cases) >= least
    assert len({case.id for case in converted.cases}) == len(converted.cases)
    assert len({post.path for post in converted.posts}) == len(converted.posts)


def test_the_form_of_a_file_is_told_by_what_it_holds(tmp_path: Path) -> None:
    assert convert_file(squad(tmp_path, question("q1", "藏书多少？", answer("20万册")))).posts
    rows = [{"id": "a", "question": "q", "answers": [["x"]]}]
    listed = convert_file(written(tmp_path, rows))
    assert [case.id for case in listed.cases] == ["a"]
    assert not listed.posts
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("问题,答案\n藏书多少？,20万册\n", encoding="utf-8-sig")
    assert [case.question for case in convert_file(sheet).cases] == ["藏书多少？"]
    with pytest.raises(QuestionSetError, match="case 2: id 'a' occurs twice, first in case 1"):
        convert_file(written(tmp_path, rows * 2))
    done = tmp_path / "set.jsonl"
    done.write_text('{"id": "a"}\n{"id": "b"}\n', encoding="utf-8")
    with pytest.raises(QuestionSetError, match="use it as it is: wenfeng eval run"):
        convert_file(done)
