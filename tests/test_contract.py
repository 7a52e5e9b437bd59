"""What outside callers rely on: values, Python, command line, settings. Nothing is renamed."""

import dataclasses
import inspect
import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

import rag
from rag import Answer, Article, Assistant, Citation, Filters, Hit, Passage, Settings, Turn
from rag import errors as errors_module
from rag.records import Calibration
from rag.trace import Trace
from rag.why import explain
from ui.api import make_api
from ui.places import Places

ROOT = Path(__file__).resolve().parents[1]
FIELDS: dict[type, set[str]] = {
    Article: {
        "id", "path", "aliases", "title", "outlet", "author", "url", "categories", "published", "text", "digest",
    },
    Passage: {"article", "start", "end"},
    Hit: {"passage", "score"},
    Citation: {"number", "article", "start", "end", "spans", "copies", "sources"},
    Answer: {
        "question", "asked", "text", "citations", "refused", "nearest", "notes", "mode", "steps", "generation",
        "searched", "certainty", "calibration", "typed",
    },
    Calibration: {"threshold", "risk", "confidence", "set", "questions", "answered", "wrong"},
    Trace: {
        "question", "asked", "parts", "part", "quote", "sought", "lost", "k", "passage", "sentence", "certainty",
        "calibration", "from_header", "is_answered", "cited", "is_cited",
    },
    Turn: {"role", "content"},
    Filters: {"since", "until", "categories", "outlets", "authors", "articles"},
}  # fmt: skip
EXIT_CODES = {
    "RagError": 2, "SettingsError": 2, "QuestionError": 2, "FilterError": 2, "ArticleError": 2,
    "NothingToIndexError": 2, "DiskError": 4, "IndexMismatchError": 5, "IndexBusyError": 6,
    "IndexMissingError": 7, "IndexCorruptError": 7, "ModelError": 8,
}  # fmt: skip
ARTICLE_JSON = {"id", "path", "title", "outlet", "author", "published", "url", "digest"}


@pytest.mark.parametrize("value", FIELDS, ids=lambda value: value.__name__)
def test_values_are_frozen_with_slots_and_have_their_fields(value: Any) -> None:
    assert FIELDS[value] <= {field.name for field in dataclasses.fields(value)}
    assert value.__dataclass_params__.frozen
    assert "__slots__" in vars(value)


def test_an_article_is_named_by_its_path_and_its_text() -> None:
    article = Article("金融/a.md", "碳中和")
    assert article.id == "77fad4b508ff7692"
    assert article.digest == "a664cfb2bdf5f46a0dfe796a8118c60c494f0bccec0947867397cb20d786a8d9"


def test_a_passage_and_a_citation_are_slices_of_their_article() -> None:
    article = Article("a.md", "碳中和云峰会")
    assert Passage(article, 0, 3).text == "碳中和"
    assert Citation(1, article, 3, 6).quote == "云峰会"
    with pytest.raises(ValueError, match="lies outside"):
        Passage(article, 4, 9)


def test_python_has_the_names_it_promises() -> None:
    assert {"Assistant", "Filters", "Settings", "Turn"} <= set(rag.__all__)
    parameters = {
        name: list(inspect.signature(getattr(Assistant, name)).parameters)
        for name in ("open", "ask", "stream", "search", "article", "browse", "facets", "refresh")
    }
    assert parameters["open"][:3] == ["articles", "index", "settings"]
    assert parameters["ask"] == ["self", "question", "history", "filters"]
    assert parameters["stream"] == ["self", "question", "history", "filters"]
    assert parameters["search"] == ["self", "query", "k", "filters"]
    assert parameters["article"] == ["self", "path"]
    assert parameters["browse"] == ["self", "filters", "query", "start", "count"]
    assert parameters["facets"] == ["self"]
    assert parameters["refresh"] == ["self", "progress"]


def test_importing_rag_is_light() -> None:
    heavy = ("torch", "gradio", "pydantic", "jieba", "faiss")
    code = f"import rag, sys; print(any(name in sys.modules for name in {heavy}))"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).strip() == "False"


def test_every_error_has_its_exit_code() -> None:
    found = {
        name: value.exit_code
        for name, value in vars(errors_module).items()
        if inspect.isclass(value) and issubclass(value, errors_module.RagError)
    }
    assert found == EXIT_CODES


def test_every_error_stands_in_the_tree_at_the_top() -> None:
    assert all(name in str(errors_module.__doc__) for name in EXIT_CODES)


def test_the_settings_have_their_keys() -> None:
    settings = Settings()
    assert set(type(settings.embedding).model_fields) >= {
        "model",
        "device",
        "dtype",
        "query_prompt",
        "passage_prompt",
    }
    assert set(type(settings.passages).model_fields) >= {"size", "overlap"}
    assert "k" in type(settings.search).model_fields
    assert "sentences" in type(settings.answer).model_fields
    assert set(type(settings.serve).model_fields) >= {"host", "port", "read_only", "auth"}


def test_serve_takes_its_flags(wenfeng: Any) -> None:
    shown = wenfeng("serve", "--help").stdout
    for flag in ("--host", "--port", "--read-only", "--watch", "--index", "--config", "-v", "--version"):
        assert flag in shown


def test_why_takes_its_flags_and_prints_its_fields(sample_index: Path, wenfeng: Any) -> None:
    shown = wenfeng("why", "--help").stdout
    flags = (
        "--article",
        "--quote",
        "--json",
        "--case",
        "--since",
        "--until",
        "--category",
        "--outlet",
        "--author",
    )
    for flag in (*flags, "--index", "--config", "-v", "--version"):
        assert flag in shown
    assert list(inspect.signature(explain).parameters) == [
        "assistant", "question", "path", "quote", "history", "filters",
    ]  # fmt: skip
    path = sorted((ROOT / "data" / "articles").glob("*.md"))[0].name
    done = wenfeng("why", "峰会的门票多少钱一张？", "--article", path, "--json", "--index", sample_index)
    assert set(json.loads(done.stdout)) == FIELDS[Trace] | {"next"}


def test_http_has_its_addresses(assistant: Assistant) -> None:
    routes = [route for route in make_api(assistant, Places()).routes if isinstance(route, APIRoute)]
    assert {(method, route.path) for route in routes for method in route.methods or ()} == {
        ("POST", "/api/ask"),
        ("POST", "/api/search"),
        ("GET", "/healthz"),
    }


def test_a_refusal_has_its_fixed_sentence(assistant: Assistant) -> None:
    for question, text in (
        ("红烧肉怎么做才不腻？", "文章中没有找到答案。"),
        ("How do I bake sourdough bread?", "The articles do not answer this question."),
    ):
        answer = assistant.ask(question)
        assert (answer.text, answer.refused, answer.citations) == (text, True, ())
        assert answer.nearest


def test_stream_gives_the_text_in_pieces_and_then_the_answer(assistant: Assistant) -> None:
    *pieces, answer = assistant.stream("碳中和云峰会是哪天办的？")
    assert isinstance(answer, Answer)
    assert "".join(str(piece) for piece in pieces) == answer.text
    assert answer.mode == "extractive"
    assert answer.generation == "000001"


def test_filters_take_days_in_beijing(assistant: Assistant) -> None:
    def outlets(filters: Filters) -> set[str | None]:
        return {hit.passage.article.outlet for hit in assistant.search("峰会", 5, filters)}

    # Published on 10 July 21:41 GMT, which is 11 July in Beijing.
    assert outlets(Filters(since=date(2021, 7, 11), until=date(2021, 7, 11))) == {"中证网"}
    assert outlets(Filters(until=date(2021, 7, 10))) == {"财联社"}


def test_json_has_the_field_names(sample_index: Path, wenfeng: Any, process: Any) -> None:
    done = process("ask", "碳中和云峰会是哪天办的？", "--json", "--index", sample_index)
    answer = json.loads(done.stdout)
    assert set(answer) == FIELDS[Answer]
    assert answer["searched"] == len(list((ROOT / "data/articles").rglob("*.md")))
    citation = answer["citations"][0]
    assert set(citation) == FIELDS[Citation] | {"quote"}
    assert set(citation["article"]) == ARTICLE_JSON
    hits = json.loads(wenfeng("search", "峰会", "-k", 2, "--json", "--index", sample_index).stdout)
    assert len(hits) == 2
    assert set(hits[0]) == {"score", "start", "end", "text", "article"}
    report = json.loads(wenfeng("index", ROOT / "data/articles", "--json", "--index", sample_index).stdout)
    assert set(report) == {
        "indexed",
        "unchanged",
        "removed",
        "duplicates",
        "set_aside",
        "seconds",
        "generation",
    }


def test_the_version_is_the_one_of_the_project(wenfeng: Any) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert rag.__version__ == version
    assert wenfeng("--version").stdout.strip() == f"wenfeng {version}"
    assert wenfeng("ask", "--version").stdout.strip() == f"wenfeng {version}"


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("run", ("--articles", "--index", "--html", "--json", "--fail-under", "--no-worse-than", "--config")),
        ("calibrate", ("--risk", "--index", "--config")),
        ("compare", ()),
        ("make", ()),
    ],
)
def test_eval_takes_its_flags(wenfeng: Any, command: str, flags: tuple[str, ...]) -> None:
    shown = wenfeng("eval", command, "--help")
    assert shown.returncode == 0
    assert all(flag in shown.stdout for flag in flags)
