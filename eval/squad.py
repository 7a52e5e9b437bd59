"""SQuAD form -> posts and a question set: one paragraph a post, its questions with the sentences that answer them.

Reads SQuAD 1.1 and 2.0 (``is_impossible``), in which XQuAD, DRCD and CMRC 2018 come as well, and CMRC's own form,
which tells no places. A quote must come out of our own reader with the very characters of the paragraph; a question
whose quote does not is left out and counted.

Sources: Rajpurkar et al. 2016, arXiv:1606.05250; Rajpurkar et al. 2018, arXiv:1806.03822; Cui et al. 2019,
arXiv:1810.07366.
"""

import html
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.outputs import write_bytes
from eval.sets import Case, Gold, QuestionSetError
from rag.articles import parse_article
from rag.errors import ArticleError
from rag.passages import split_sentences

NOT_THERE = "the answer does not stand in the paragraph"
NOT_READ = "the article reads with other characters than the paragraph"
NO_ANSWER = "it has no answer"


@dataclass(frozen=True, slots=True)
class Post:
    """A file for a folder of articles: its relative path and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Converted:
    """What a file in SQuAD form became.

    Attributes:
        left_out: how many questions were left out, by the reason.
    """

    posts: tuple[Post, ...]
    cases: tuple[Case, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Question:
    """One question; ``answers`` are (text, start), the start None where the file does not tell it."""

    id: str
    text: str
    answers: tuple[tuple[str, int | None], ...]
    impossible: bool


@dataclass(frozen=True, slots=True)
class _Paragraph:
    title: str
    text: str
    questions: tuple[_Question, ...]


def convert_squad(path: Path) -> Converted:
    """Convert a file.

    Raises:
        QuestionSetError: the file cannot be read, or is in none of the forms; the message has the place.
    """
    paragraphs = list(_read_paragraphs(path))
    if not paragraphs:
        raise QuestionSetError(f"{path} holds no paragraph. Name another file.")
    posts, cases, left_out, seen = [], [], Counter[str](), Counter[str]()
    for number, paragraph in enumerate(paragraphs, start=1):
        post = _make_post(number, paragraph)
        posts.append(post)
        text = _read_back(post)
        for question in paragraph.questions:
            case = _make_case(question, paragraph.text, post.path, text)
            if isinstance(case, str):
                left_out[case] += 1
                continue
            seen[case.id] += 1
            cases.append(case if seen[case.id] == 1 else replace(case, id=f"{case.id}#{seen[case.id]}"))
    return Converted(tuple(posts), tuple(cases), dict(left_out))


def write_posts(posts: Sequence[Post], folder: Path) -> None:
    """Write posts into a folder, which is made where there is none.

    Raises:
        DiskError: one cannot be written.
    """
    for post in posts:
        write_bytes(post.content, folder / post.path)


# ---- A file -> paragraphs


def _read_paragraphs(path: Path) -> Iterator[_Paragraph]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"Cannot read {path}: {error}. Name another file.") from None
    except (ValueError, RecursionError) as error:
        raise QuestionSetError(f"{path} is not JSON ({error}). Name a file in SQuAD form.") from None
    try:
        if isinstance(data, list):
            yield from (_read_own_paragraph(f"[{at}]", row) for at, row in enumerate(data))
            return
        for at, article in enumerate(_get(data, "the file", "data", list)):
            place = f"data[{at}]"
            title = _get(article, place, "title", str, "")
            for row_at, row in enumerate(_get(article, place, "paragraphs", list)):
                yield _read_paragraph(f"{place}.paragraphs[{row_at}]", title, row)
    except ValueError as error:
        raise QuestionSetError(f"{path}: {error}. Mend it, or name a file in SQuAD form.") from None


def _read_paragraph(place: str, title: str, row: object) -> _Paragraph:
    questions = [
        _Question(
            id=_to_id(_get(each, f"{place}.qas[{at}]", "id", (str, int))),
            text=_get(each, f"{place}.qas[{at}]", "question", str),
            answers=tuple(_read_answers(f"{place}.qas[{at}]", each)),
            impossible=_get(each, f"{place}.qas[{at}]", "is_impossible", bool, False),
        )
        for at, each in enumerate(_get(row, place, "qas", list))
    ]
    return _Paragraph(title, _get(row, place, "context", str), tuple(questions))


def _read_answers(place: str, row: object) -> Iterator[tuple[str, int]]:
    for at, answer in enumerate(_get(row, place, "answers", list, [])):
        here = f"{place}.answers[{at}]"
        yield _get(answer, here, "text", str), _get(answer, here, "answer_start", int)


def _read_own_paragraph(place: str, row: object) -> _Paragraph:
    """CMRC's own form: ``context_text``, and in ``qas`` ``query_id``, ``query_text``, and the answers as strings."""
    questions = []
    for at, each in enumerate(_get(row, place, "qas", list)):
        here = f"{place}.qas[{at}]"
        answers = _get(each, here, "answers", list)
        if not all(isinstance(answer, str) for answer in answers):
            raise ValueError(f"{here}: answers must be strings")
        id_, text = _to_id(_get(each, here, "query_id", (str, int))), _get(each, here, "query_text", str)
        questions.append(_Question(id_, text, tuple((answer, None) for answer in answers), False))
    return _Paragraph(
        _get(row, place, "title", str, ""), _get(row, place, "context_text", str), tuple(questions)
    )


_MISSING = object()


def _get(row: object, place: str, name: str, kind: Any, default: Any = _MISSING) -> Any:  # noqa: ANN401
    """A value of an object, checked."""
    if not isinstance(row, dict):
        raise ValueError(f"{place} is not an object")
    value = row.get(name, default)
    if value is _MISSING:
        raise ValueError(f"{place} has no {name!r}")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{place}: {name!r} is a {type(value).__name__}")
    return value


def _to_id(value: str | int) -> str:
    return str(value)


# ---- A paragraph -> a post


def _make_post(number: int, paragraph: _Paragraph) -> Post:
    name = re.sub(r"[^\w-]+", "_", paragraph.title)[:40].strip("_")
    title = json.dumps(paragraph.title, ensure_ascii=False)
    header = f"---\n{f'title: {title}' if paragraph.title.strip() else 'categories: []'}\n---\n"
    lines = [line for line in re.split(r"[\r\n]+", paragraph.text) if line.strip()]
    body = "".join(f"<p>{html.escape(line, quote=False)}</p>\n" for line in lines)
    return Post(f"{number:05d}{f'-{name}' if name else ''}.md", (header + body).encode("utf-8", "replace"))


def _read_back(post: Post) -> str:
    """The text of a post as an index would hold it; "" where it would be set aside."""
    try:
        return parse_article(post.path, post.content).text
    except ArticleError:
        return ""


# ---- A question -> a case


def _make_case(question: _Question, context: str, path: str, text: str) -> Case | str:
    """A case, or why there is none.

    Args:
        text: what our reader makes of the post at ``path``.
    """
    if not text:
        return NOT_READ
    if question.impossible:
        return Case(question.id, question.text, answerable=False)
    if not any(answer.strip() for answer, _ in question.answers):
        return NO_ANSWER
    places = [place for answer in question.answers if (place := _find(question.text, context, *answer))]
    if not places:
        return NOT_THERE
    quotes = list(dict.fromkeys(quote_around(context, *place) for place in places[:1]))
    if not all(quote in text for quote in quotes):
        return NOT_READ
    answers = tuple(dict.fromkeys(answer.strip() for answer, _ in question.answers if answer.strip()))
    gold = tuple(Gold(path, quote) for quote in quotes)
    return Case(question.id, question.text, answers=(answers,), gold=gold)


def _find(question: str, context: str, answer: str, start: int | None) -> tuple[int, int] | None:
    """Where an answer stands: at its place, else nearest to it; without one, in the sentence most like the question."""
    if not answer.strip():
        return None
    starts = [found.start() for found in re.finditer(re.escape(answer), context)]
    if not starts:
        return None
    if start is None:
        best = max(starts, key=lambda at: _shared(question, quote_around(context, at, at + len(answer))))
    else:
        best = min(starts, key=lambda at: abs(at - start))
    return best, best + len(answer)


def _shared(left: str, right: str) -> int:
    """How many pairs of neighbouring characters two texts share."""
    pairs = {"".join(pair) for pair in itertools.pairwise(left)}
    return len(pairs & {"".join(pair) for pair in itertools.pairwise(right)})


def quote_around(context: str, start: int, end: int) -> str:
    """The sentences that an answer lies in, and what stands between them."""
    over = [span for span in split_sentences(context) if span[0] < end and start < span[1]]
    return context[over[0][0] : over[-1][1]] if over else context[start:end]
