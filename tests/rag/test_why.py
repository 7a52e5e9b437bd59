"""Where an expected article was lost: every stage by a real case, and nothing told that answering does not do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast, get_args

import numpy as np
import pytest
from rich.console import Console

from embeddings.index import VectorIndex
from eval.sets import Case, read_set
from rag import Answer, Assistant, Filters, Turn
from rag.assistant import index_folder
from rag.errors import ArticleError, FilterError, QuestionError
from rag.evidence import FEATURES
from rag.export import trace_to_json
from rag.records import Calibration
from rag.retrieve import BLOCK, Candidates, Search, rank_in_sentences, rank_in_vectors
from rag.settings import SearchSettings
from rag.store import Index
from rag.terminal import show_trace
from rag.trace import Stage, Trace
from rag.why import explain
from rag.why_words import WORDS, say_chinese, say_next, to_lines
from tests.rag.test_copies import EDITED, REPORT, write

ROOT = Path(__file__).resolve().parents[2]
SUMMIT = "财联社顺利办成碳中和年度云峰会 行业大咖线上共话碳中和.md"
OUJIANG = "瓯江峰会在温州开幕 以绿色低碳发展助力_双碳_目标.md"
HOST = "第一场圆桌对话是谁主持的？"
HOSTED = "主持人为上海智慧城市发展研究院院长盛雪锋"
SEATS = "临江阅览室有座位多少个？"


@pytest.fixture(scope="module")
def odd(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """A folder with copies, a file that cannot be read and one that came after the index."""
    place = tmp_path_factory.mktemp("odd")
    folder = place / "posts"
    folder.mkdir()
    write(folder, "甲", "江报", REPORT)
    write(folder, "乙二", "江报", REPORT)
    write(folder, "丙丙三", "晚报", EDITED)
    write(folder, "戊", "港口网", "港口昨日通航，首批货轮运来了水果三百吨，来自三个国家。")
    (folder / "空.md").write_text("", encoding="utf-8")
    index_folder(folder, place / "index", assistant.encoder, assistant.settings)
    write(folder, "新", "江报", "博物馆的夜场从本月起每周五开放到晚上十点。")
    with reopen(assistant, place / "index") as opened:
        yield opened


def reopen(assistant: Assistant, root: Path, k: int = 10) -> Assistant:
    """The models of one assistant on another index."""
    settings = assistant.settings.model_copy(update={"search": SearchSettings(k=k)})
    return Assistant(root, Index.open(root), assistant.encoder, assistant.reader, settings)


# ---- every stage


def test_what_is_cited_was_not_lost(assistant: Assistant) -> None:
    trace = explain(assistant, HOST, SUMMIT, HOSTED)
    assert (trace.lost, trace.is_cited, trace.is_answered) == ("", True, True)
    assert trace.passage is not None
    assert trace.sentence is not None
    assert HOSTED in trace.passage.text
    assert HOSTED in trace.sentence.text
    assert trace.sentence.is_read
    assert tuple(trace.sentence.features) == FEATURES
    assert trace.passage.named_by == ("passages", "sentences", "words")


def test_a_file_that_was_set_aside(odd: Assistant) -> None:
    trace = explain(odd, SEATS, "空.md")
    assert (trace.lost, trace.sought.reason, trace.passage) == ("set aside", "empty", None)
    assert "空" not in trace.sought.detail
    assert trace.sought.detail in say_next(trace, say_chinese)


def test_a_file_that_is_not_indexed_yet(odd: Assistant) -> None:
    trace = explain(odd, "夜场开放到几点？", "新.md")
    assert (trace.lost, trace.sought.is_file) == ("not indexed", True)
    assert "wenfeng index" in say_next(trace, say_chinese)


@pytest.mark.parametrize("path", ["丙丙.md", "../posts/新.md", "/etc/passwd", "x\0y", "长" * 5000])
def test_a_path_that_there_is_not_is_answered_with_near_ones_and_tells_nothing(
    odd: Assistant, path: str
) -> None:
    trace = explain(odd, SEATS, path)
    assert (trace.lost, trace.sought.is_file) == ("not indexed", False)
    if path == "丙丙.md":
        assert trace.sought.near[0] == "丙丙三.md"
        assert "丙丙三.md" in say_next(trace, say_chinese)


def test_a_filter_is_named(assistant: Assistant) -> None:
    filters = Filters(since=date(2021, 7, 1), until=date(2021, 12, 31), outlets=("中证网",))
    trace = explain(assistant, HOST, SUMMIT, filters=filters)
    assert (trace.lost, trace.sought.barred_by) == ("filtered", ("since", "outlets"))
    assert "起始日期、来源" in say_next(trace, say_chinese)
    assert explain(assistant, HOST, SUMMIT, filters=Filters(outlets=("财联社",))).lost == ""


def test_an_exact_copy_is_followed_in_its_article(odd: Assistant) -> None:
    primary, copy = sorted(["甲.md", "乙二.md"], key=lambda path: odd.index.facts[0].path != path)
    trace = explain(odd, SEATS, copy)
    assert (trace.sought.path, trace.sought.article, trace.lost) == (copy, primary, "")
    assert any(copy in text and primary in text for _, text in to_lines(trace, say_chinese))


def test_a_near_copy_counts_as_cited_and_is_named_where_nothing_is(odd: Assistant) -> None:
    assert [explain(odd, SEATS, path).lost for path in ("甲.md", "丙丙三.md")] == ["", ""]
    traces = [explain(odd, "临江阅览室的门票多少钱一张？", path) for path in ("甲.md", "丙丙三.md")]
    assert {trace.lost for trace in traces} == {"copy", "refused"}
    copied = next(trace for trace in traces if trace.lost == "copy")
    assert copied.passage is not None
    other = next(trace for trace in traces if trace.lost == "refused")
    assert copied.passage.copied == other.sought.article
    assert other.sought.article in say_next(copied, say_chinese)


def test_a_passage_that_ranks_low(assistant: Assistant, sample_index: Path) -> None:
    with reopen(assistant, sample_index, k=1) as narrow:
        trace = explain(narrow, HOST, OUJIANG)
    assert (trace.lost, trace.k) == ("ranked low", 1)
    assert trace.passage is not None
    assert trace.passage.fused is not None
    assert trace.passage.fused.rank > 1
    assert trace.sentence is not None
    assert (trace.sentence.is_read, trace.sentence.weighed) == (False, None)


def test_a_passage_that_is_no_candidate(assistant: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(160):
        text = f"图书馆第{number}号阅览室今天开放，有座位{number + 200}个，读者可以预约。"
        (folder / f"{number:03}.md").write_text(f"<p>{text}</p>", encoding="utf-8")
    (folder / "球.md").write_text("<p>Goalkeeper Smith signed with Arsenal.</p>", encoding="utf-8")
    index_folder(folder, tmp_path / "index", assistant.encoder, assistant.settings)
    with reopen(assistant, tmp_path / "index") as opened:
        trace = explain(opened, "图书馆第7号阅览室有多少座位？", "球.md")
    assert trace.lost == "not retrieved"
    assert trace.passage is not None
    assert (trace.passage.named_by, trace.passage.fused) == ((), None)
    assert trace.passage.words.score == 0
    assert trace.passage.vectors.rank > 100
    assert trace.passage.vectors.of == 161


def test_a_refusal(assistant: Assistant) -> None:
    trace = explain(assistant, "峰会的门票多少钱一张？", OUJIANG)
    assert trace.lost == "refused"
    assert trace.certainty is not None
    assert trace.calibration is not None
    assert trace.certainty < trace.calibration.threshold
    assert not trace.cited


def test_other_sentences_and_other_articles(assistant: Assistant) -> None:
    assert explain(assistant, HOST, SUMMIT, "三场圆桌对话也各有看点").lost == "not extracted"
    trace = explain(assistant, HOST, OUJIANG)
    assert (trace.lost, trace.cited) == ("not cited", (SUMMIT,))


def test_of_two_questions_the_one_that_fares_best_is_followed(assistant: Assistant) -> None:
    question = "承办瓯江峰会的是哪家？主持第一场圆桌对话的是谁？"
    trace = explain(assistant, question, SUMMIT, HOSTED)
    assert len(trace.parts) == 2
    assert (trace.part, trace.lost) == (trace.parts[1], "")


def test_a_follow_up_is_completed_first(assistant: Assistant) -> None:
    history = [Turn("user", HOST), Turn("assistant", f"{HOSTED}。 [1]")]
    trace = explain(assistant, "那第二场呢？", SUMMIT, "合伙人谢海麟", history)
    assert "第二场" in trace.asked
    assert trace.lost == ""


def test_every_stage_has_its_words() -> None:
    names = {stage.replace(" ", "_") for stage in get_args(Stage) if stage}
    assert {f"{family}_{name}" for family in ("lost", "next") for name in names} <= set(WORDS)


# ---- mistakes


def test_mistakes_are_told_as_everywhere(assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match="blank"):
        explain(assistant, " ", SUMMIT)
    with pytest.raises(FilterError, match="No article has the outlet"):
        explain(assistant, HOST, SUMMIT, filters=Filters(outlets=("没有的报",)))
    with pytest.raises(ArticleError, match=r"it does not hold '没有的话'\. Copy the words"):
        explain(assistant, HOST, SUMMIT, "没有的话")


def test_a_quote_is_found_whatever_became_of_its_white_space(assistant: Assistant) -> None:
    trace = explain(assistant, HOST, SUMMIT, f" {HOSTED[:5]}\n{HOSTED[5:]} ")
    assert trace.quote == HOSTED


# ---- no drift


@dataclass(frozen=True)
class Told:
    """A case, its answer and its traces, one for each quote."""

    case: Case
    answer: Answer
    traces: tuple[Trace, ...]


@pytest.fixture(scope="module")
def told(assistant: Assistant) -> list[Told]:
    cases = [case for case in read_set(ROOT / "eval" / "questions" / "practice.jsonl") if case.gold][:20]
    return [
        Told(
            case,
            assistant.ask(case.question, case.history, case.filters),
            tuple(
                explain(assistant, case.question, gold.article, gold.quote, case.history, case.filters)
                for gold in case.gold
            ),
        )
        for case in cases
    ]


def test_the_verdict_is_that_of_the_answer(assistant: Assistant, told: list[Told]) -> None:
    for each in told:
        for gold, trace in zip(each.case.gold, each.traces, strict=True):
            article = assistant.article(gold.article)
            assert article is not None
            start = article.text.index(gold.quote)
            is_cited = any(
                citation.article.path == gold.article
                and citation.start < start + len(gold.quote)
                and citation.end > start
                for citation in each.answer.citations
            )
            assert (trace.lost == "") == trace.is_cited == is_cited, each.case.id
            assert trace.cited == tuple(
                dict.fromkeys(citation.article.path for citation in each.answer.citations)
            )
            assert trace.asked == each.answer.asked
            if each.answer.refused:
                assert trace.lost in {"refused", "ranked low", "not retrieved"}, each.case.id
            if len(trace.parts) == 1 and trace.certainty is not None:
                assert each.answer.certainty is not None
                assert trace.certainty <= each.answer.certainty + 1e-9
                assert trace.is_answered == (trace.certainty >= each.answer.calibration.threshold)  # type: ignore[union-attr]


def test_the_order_after_fusion_is_that_of_search(assistant: Assistant, told: list[Told]) -> None:
    for each in told:
        for trace in each.traces:
            assert trace.passage is not None
            assert trace.passage.fused is not None
            hits = assistant.search(trace.part, 50, each.case.filters)
            hit = hits[trace.passage.fused.rank - 1]
            assert (hit.passage.start, hit.passage.end) == (trace.passage.start, trace.passage.end)
            assert hit.score == pytest.approx(trace.passage.fused.score, abs=1e-5)


@pytest.mark.parametrize("is_filtered", [False, True])
def test_places_among_vectors_are_those_of_brute_force_over_more_than_a_block(is_filtered: bool) -> None:
    random = np.random.default_rng(7)
    count = 2 * BLOCK + 11
    rows = random.normal(size=(count, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = VectorIndex.build(rows)
    places = np.repeat(np.arange(count // 10 + 1), 10)[:count, None]
    allowed = (np.arange(len(places)) % 3 > 0) if is_filtered else None
    index = cast(
        Index,
        SimpleNamespace(passages=places, sentences=places, passage_vectors=vectors, sentence_vectors=vectors),
    )
    none = np.zeros(0, dtype=np.int64)
    search = Search(
        rows[5:6], np.zeros(count, dtype=np.float32), allowed, Candidates(none, none, none, none), ()
    )
    stored = vectors.vectors(np.arange(count)) @ rows[5]
    counted = np.arange(count) if allowed is None else np.flatnonzero(allowed[places[:, 0]])
    for row in (int(counted[0]), int(counted[BLOCK // 3]), int(counted[-1])):
        expected = 1 + int((stored[counted] > stored[row] + 1e-6).sum())
        for rank in (rank_in_vectors(index, search, row), rank_in_sentences(index, search, row)):
            assert abs(rank.rank - expected) <= 2
            assert rank.of == len(counted)
            assert rank.score == pytest.approx(float(stored[row]), abs=1e-5)


# ---- how it is told


def test_a_trace_is_json_with_its_field_names(assistant: Assistant) -> None:
    told = json.loads(json.dumps(trace_to_json(explain(assistant, HOST, OUJIANG)), ensure_ascii=False))
    assert set(told) == {field.name for field in fields(Trace)} | {"next"}
    assert told["lost"] == "not cited"
    assert told["passage"]["words"]["of"] == 11
    assert set(told["sentence"]["features"]) == set(FEATURES)


def test_the_terminal_names_the_stage_the_step_and_the_numbers(assistant: Assistant) -> None:
    shown = printed(explain(assistant, HOST, OUJIANG))
    assert "引用了别的文章" in shown
    assert "综合排名" in shown
    assert "门槛 0.500" in shown
    assert "[bold]" not in shown


def test_a_calibration_says_what_was_measured(assistant: Assistant) -> None:
    measured = Calibration(0.6, 0.05, 0.95, "本报题集", 400, 300, 9)
    trace = replace(explain(assistant, HOST, SUMMIT), calibration=measured)
    lines = dict(to_lines(trace, say_chinese))
    assert "门槛 0.600" in lines["作答的把握"]
    assert "在本报题集上量过：300 个回答里错 9 个；以 95% 的信心，至多错 5.0%" in lines["作答的把握"]


def printed(trace: Trace) -> str:
    console = Console(file=StringIO(), width=100)
    show_trace(console, trace)
    return cast(StringIO, console.file).getvalue()
