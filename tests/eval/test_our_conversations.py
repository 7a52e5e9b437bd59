"""Our conversations are whole, and every gold quote stands in what is indexed."""

from pathlib import Path

from eval.conversations import SUMMITS, read_news_conversations, split_of, without_history
from eval.quality import write_articles
from eval.sets import Case, read_set
from rag.articles import read_article

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "articles"


def check(cases: list[Case]) -> None:
    """Turns follow each other, and what was said before is what the turns before hold."""
    by_id = {case.id: case for case in cases}
    for case in cases:
        name, number = case.id.rsplit("-", 1)
        assert case.split == split_of(name)
        assert len(case.history) == 2 * (int(number) - 1)
        for turn in range(1, int(number)):
            before = by_id[f"{name}-{turn}"]
            asked, said = case.history[2 * turn - 2 : 2 * turn]
            assert (asked.role, said.role, asked.content) == ("user", "assistant", before.question)
            assert not before.gold or said.content == f"{before.gold[0].quote} [1]"


def test_the_conversations_about_the_samples_are_whole() -> None:
    cases = read_set(SUMMITS)
    check(cases)
    assert len({case.id.partition("-")[0] for case in cases}) >= 30
    texts = {path.name: read_article(SAMPLES, path.name).text for path in SAMPLES.glob("*.md")}
    for case in cases:
        for gold in case.gold:
            assert gold.quote in texts[gold.article], case.id
        for group in case.answers:
            assert any(answer in gold.quote for gold in case.gold for answer in group), case.id


def test_the_conversations_about_the_news_are_whole(shared: Path, tmp_path: Path) -> None:
    found = read_news_conversations(shared / "bench", others=3)
    check([*found.cases])
    assert len({case.id.partition("-")[0] for case in found.cases}) >= 40
    write_articles(found.articles, tmp_path)
    texts = {article.path: read_article(tmp_path, article.path).text for article in found.articles}
    for case in found.cases:
        for gold in case.gold:
            assert gold.quote in texts[gold.article], case.id
        for group in case.answers:
            assert any(answer in gold.quote for gold in case.gold for answer in group), case.id


def test_without_their_history_the_questions_are_the_same() -> None:
    cases = read_set(SUMMITS)
    alone = without_history(cases)
    assert [case.question for case in alone] == [case.question for case in cases]
    assert not any(case.history for case in alone)
