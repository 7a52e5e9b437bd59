"""Articles -> a drafted question set, offline and by rules: questions, unanswerable twins and follow-ups.

The drafts are for a person to look through: of 100 that were read one by one, from news that no rule was made on, 89
would be accepted (58 of 68 questions, 17 of 18 twins, 14 of 14 follow-ups). ``eval.asking`` makes the questions and
``eval.altering`` the twins and follow-ups; here they are chosen, so that few stand for each article and none has two
right answers.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from eval.altering import Folder, make_follow_ups, make_twin
from eval.asking import Asked, ask_article, is_person_name
from eval.sets import Case, Gold
from rag.records import Article, Turn
from rag.words import fold

SHARE = 3
"""Of as many cases of an article one may be a twin, and one a follow-up."""
AS_FOLLOW_UP = 0.33
"""The share of the twins that are asked as follow-ups: 那2015年呢？"""


def draft_set(articles: Sequence[Article], most_per_article: int, seed: int) -> list[Case]:
    """Draft a question set.

    Args:
        most_per_article: cases of one article, at least 1; many articles give fewer, and some none.
        seed: the same articles and seed give the same set.

    Returns:
        Cases in the order of the articles, each tagged with its kind, ``question``, ``twin`` or ``follow-up``, and
        with the rule that made it.

    Raises:
        ValueError: ``most_per_article`` is below 1.
    """
    if most_per_article < 1:
        raise ValueError(f"most_per_article must be at least 1, not {most_per_article}")
    asked = _drop_ambiguous([ask_article(article) for article in articles])
    people = {each.subject for several in asked for each in several if is_person_name(each.subject)}
    folder = Folder(tuple(fold(article.text) for article in articles), tuple(sorted(people)))
    cases: list[Case] = []
    for article, several, text in zip(articles, asked, folder.texts, strict=True):
        generator = random.Random(f"{seed} {article.path}")
        most = most_per_article // SHARE
        twins = _draft_twins(article, several, text, folder, generator, most)
        follow_ups = _draft_follow_ups(article, several, generator, most)
        questions = [_to_case(article, each, number) for number, each in enumerate(several, start=1)]
        cases += [*questions[: most_per_article - len(twins) - len(follow_ups)], *twins, *follow_ups]
    return cases


def _drop_ambiguous(asked: Sequence[Sequence[Asked]]) -> list[list[Asked]]:
    """Without the questions that two articles answer, and those that one answers in two ways."""
    told: Mapping[str, set[object]] = defaultdict(set)
    for number, several in enumerate(asked):
        for each in several:
            told[each.question].add((number, each.answers))
    return [[each for each in several if len(told[each.question]) == 1] for several in asked]


def _to_case(article: Article, asked: Asked, number: int) -> Case:
    gold = Gold(article.path, article.text[asked.start : asked.end])
    tags = ("question", asked.rule)
    return Case(f"{article.id}-{number}", asked.question, answers=asked.answers, gold=(gold,), tags=tags)


def _draft_twins(
    article: Article, several: Sequence[Asked], text: str, folder: Folder, generator: random.Random, most: int
) -> list[Case]:
    twins: list[Case] = []
    for asked in generator.sample(several, len(several)):
        if len(twins) == most:
            break
        made = make_twin(asked, text, folder, generator)
        if made:
            id_ = f"{article.id}-twin-{len(twins) + 1}"
            tags = ("twin", f"twin {made.kind}", asked.rule)
            if made.follow_up and generator.random() < AS_FOLLOW_UP:
                history = _to_history(article, asked)
                twins.append(Case(id_, made.follow_up, history, answerable=False, tags=("follow-up", *tags)))
            else:
                twins.append(Case(id_, made.question, answerable=False, tags=tags))
    return twins


def _draft_follow_ups(
    article: Article, several: Sequence[Asked], generator: random.Random, most: int
) -> list[Case]:
    cases: list[Case] = []
    chains = list(make_follow_ups(several, article.text, generator))
    generator.shuffle(chains)
    for first, second, words in _take_each_once(chains, most):
        history = _to_history(article, first)
        gold = (Gold(article.path, article.text[second.start : second.end]),)
        tags = ("follow-up", second.rule)
        id_ = f"{article.id}-follow-up-{len(cases) + 1}"
        cases.append(Case(id_, words, history, second.answers, gold, tags=tags))
    return cases


def _to_history(article: Article, asked: Asked) -> tuple[Turn, Turn]:
    """A question and its answer: the sentence."""
    return Turn("user", asked.question), Turn("assistant", article.text[asked.start : asked.end])


def _take_each_once(
    chains: Sequence[tuple[Asked, Asked, str]], most: int
) -> Iterator[tuple[Asked, Asked, str]]:
    """The first chains, none on a question that an earlier one ended in."""
    ended: set[str] = set()
    for first, second, words in chains:
        if len(ended) < most and second.question not in ended:
            ended.add(second.question)
            yield first, second, words
