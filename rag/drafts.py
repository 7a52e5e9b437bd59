"""An article -> questions that it seems to answer, drafted by rules, without a language model.

A clause that leaves anything open, a pronoun or 今天, makes no question. Questions are in simplified Chinese;
English articles give none. Knows no index: whether a question is answered is tried in ``rag.suggest``.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.clauses import HAN, Clause, find_event, read_clauses
from rag.draft_numbers import ask_number
from rag.draft_rules import (
    Questions,
    ask_act,
    ask_by_table,
    ask_cause,
    ask_day,
    ask_event,
    ask_office,
    ask_sentence,
    ask_speech,
    ask_what,
    ask_who,
)
from rag.passages import split_sentences
from rag.phrases import OPEN, last_person, names_thing, split_noun_phrase, tag
from rag.records import Article
from rag.vocabulary import OFFICES, RANKS
from rag.words import to_simplified

SHORTEST, LONGEST = 7, 40
"""Characters of a question."""
SENTENCE_LENGTHS = range(10, 221)
"""Shorter sentences tell too little, longer ones are several without their stops."""
MOST_SENTENCES = 60
"""Of an article, from its beginning."""
MOST_CHARACTERS = 10_000
"""Of an article, in which names are counted and offices looked for."""

_RULES: tuple[Callable[[Clause], Questions], ...] = (
    ask_by_table,
    ask_event,
    ask_office,
    ask_number,
    ask_who,
    ask_what,
    ask_cause,
    ask_day,
    ask_act,
    ask_speech,
)
WEIGHTS = {
    "theme": 10.0,
    "speech title": 10.0,
    "host": 9.0,
    "day": 8.0,
    "name": 7.5,
    "place": 7.5,
    "year": 7.5,
    "reason": 7.5,
    "document": 7.0,
    "office": 7.0,
    "who": 7.0,
    "what": 6.5,
    "number": 6.5,
    "list": 6.0,
    "day of act": 6.0,
    "act": 5.5,
    "speech": 5.2,
    "bare speech": 4.0,
}
"""How natural questions of a form mostly are."""
_LATER = 0.1
"""Less for each sentence before it."""
_SAME_FORM, _SAME_BEGINNING, _SAME_SENTENCE = 3.5, 4.0, 6.0
"""Less where earlier drafts are like it."""

_NOISE = re.compile(
    r"广告|原标题|责任?编[辑校]|来源[:：]|摄影|查看更多|版权|邮箱|https?:|www\.|[ \u3000]{2}|本文"
)
"""Sentences that are none of the article's own."""
_STRANGE = re.compile(r"[^\w“”《》、·—\-.%/&？~〈〉+∶:]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A question, and the sentence ``article.text[start:end]`` that answers it.

    Attributes:
        form: the rule that made it, a key of ``WEIGHTS``.
        answer: the answering words in simplified script, "" where the rule cannot tell them.
        subject: the noun phrase that the sentence speaks of and the question begins with, or "".
    """

    question: str
    start: int
    end: int
    form: str = ""
    answer: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    draft: Draft
    weight: float


def draft_questions(article: Article) -> Iterator[Draft]:
    """Draft questions that an article answers, best first, forms and sentences in turn.

    The same article gives the same drafts; none where no rule fits.
    """
    candidates: dict[str, _Candidate] = {}
    whole = to_simplified(article.text[:MOST_CHARACTERS])
    offices = _find_offices(whole)
    spans = split_sentences(article.text)[:MOST_SENTENCES]
    sentences = [to_simplified(article.text[start:end]) for start, end in spans]
    event = find_event(sentences)
    for number, (sentence, (start, end)) in enumerate(zip(sentences, spans, strict=True)):
        for form, question, answer, subject in _ask(sentence, whole, event):
            if form == "bare speech":
                form, question = _with_office(question, offices)
            if SHORTEST <= len(question) <= LONGEST:
                known = subject if question.startswith(subject) else ""
                draft = Draft(question, start, end, form, answer, known)
                candidates.setdefault(question, _Candidate(draft, WEIGHTS[form] - _LATER * number))
    yield from _vary(list(candidates.values()))


def begin_alike(left: str, right: str) -> bool:
    """Whether two questions begin with the same words, or one with somebody whom the other names."""
    pairs = zip(left, right, strict=False)
    shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    return 2 * shared >= min(len(left), len(right)) or left[:3] in right or right[:3] in left


def _vary(candidates: list[_Candidate]) -> Iterator[Draft]:
    """The best first, each judged by what came before it."""
    forms: Counter[str] = Counter()
    sentences: Counter[int] = Counter()
    given: list[str] = []

    def worth(candidate: _Candidate) -> float:
        alike = any(begin_alike(candidate.draft.question, other) for other in given)
        return (
            candidate.weight
            - _SAME_FORM * forms[candidate.draft.form]
            - _SAME_SENTENCE * sentences[candidate.draft.start]
            - _SAME_BEGINNING * alike
        )

    while candidates:
        best = max(candidates, key=worth)
        candidates.remove(best)
        forms[best.draft.form] += 1
        sentences[best.draft.start] += 1
        given.append(best.draft.question)
        yield best.draft


def _ask(sentence: str, whole: str, event: str) -> Iterator[tuple[str, str, str, str]]:
    """Questions on a sentence in simplified script, of an article that is ``whole`` and tells of an event, or "".

    Yields:
        Form, question, answer, and the subject of the clause, "" where there is none.
    """
    if len(sentence) not in SENTENCE_LENGTHS or _NOISE.search(sentence):
        return
    yield from ((*asked, "") for asked in ask_sentence(sentence))
    for clause in read_clauses(sentence, event):
        if clause.predicate[0] in "就却则也还又都才并":
            continue
        named = names_thing(clause.subject)
        alone = last_person(clause.subject) == clause.subject
        known = named and (not alone or whole.count(clause.subject) > 1)
        for form, question, answer in itertools.chain.from_iterable(rule(clause) for rule in _RULES):
            fits = known or form == "office" or (named and form in {"bare speech", "who"})
            if fits and not OPEN.search(question) and not _STRANGE.search(question):
                yield form, question, answer, clause.subject


def _find_offices(text: str) -> dict[str, str]:
    """Names and the office that stands before each where it first does."""
    titles = "|".join((*OFFICES, *RANKS))
    behind = "[，。、：“]|在|介绍|表示|说|认为|指出|告诉|强调|称|等"
    pattern = rf"(?:^|[，。；：、“”！？\s])({HAN}{{2,18}}(?:{titles}))({HAN}{{2,4}}?)(?={behind})"
    offices: dict[str, str] = {}
    for office, name in re.findall(pattern, text):
        phrase, rest = split_noun_phrase(tag(office))
        if not rest and names_thing(phrase):
            offices.setdefault(name, office)
    return offices


def _with_office(question: str, offices: dict[str, str]) -> tuple[str, str]:
    """The form and the words of a question on what somebody said, with the office if it is known."""
    office = next((offices[name] for name in offices if question.startswith(name)), "")
    return ("speech", office + question) if office else ("bare speech", question)
