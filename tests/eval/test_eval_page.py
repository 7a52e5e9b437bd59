"""The report as a page: what stands in it, that nothing in it runs but its own script, and how it works in a browser."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from eval.page import LONGEST, LONGEST_PASSAGE, PASSAGES, mark_gold, say_outcome, to_html
from eval.plots import to_curve, to_stages, to_survey
from eval.runs import Attempt, Quote, Result, Run
from eval.summary import SET_FIGURES
from tests.eval.made_runs import ARTICLE, CITED, ERROR, GOLD, OTHER, REFUSED, RIGHT, WRONG, make_run, scored

PAYLOADS = (
    "</script><img src=x onerror=\"window.ran = 'img'\">",
    "<script>window.ran = 'script'</script>",
    "<!--<script>",
    "]]>'\"&lt;\u2028<svg onload=\"window.ran = 'svg'\">",
    "\x00\x1b[31m\ud800\u202e",
)
ALL = make_run(RIGHT, WRONG, REFUSED, ERROR)


def data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def case(page: str, name: str) -> Any:
    return next(row for row in data(page)["cases"] if row["id"] == name)


# ---- what stands in it


def test_failures_stand_first_and_errors_before_all() -> None:
    names = [row["id"] for row in data(to_html(ALL))["cases"]]
    assert names == ["error", "wrong", "right", "refused"]


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (RIGHT, "right"),
        (WRONG, "wrong answer"),
        (REFUSED, "rightly refused"),
        (replace(REFUSED, answerable=True, right=False), "wrongly refused"),
        (replace(REFUSED, refused=False, right=False), "not refused"),
        (ERROR, "error"),
    ],
)
def test_an_outcome_has_words(result: Result, outcome: str) -> None:
    assert say_outcome(result) == outcome


def test_gold_is_marked_where_a_citation_overlaps_it() -> None:
    assert mark_gold(CITED, [GOLD]) == [(7, 17)]
    part = Quote("a.md", "", 9, 22, ARTICLE[9:22], found=(0,))
    assert mark_gold(part, [GOLD]) == [(0, 8)]
    assert mark_gold(OTHER, [GOLD]) == []


def test_gold_is_marked_in_a_copy_by_its_characters() -> None:
    copy = Quote("copy.md", "", 2, 16, "本报讯 新馆有216个座位。", found=(0,))
    assert mark_gold(copy, [GOLD]) == [(4, 14)]
    edited = replace(copy, text="本报讯 新馆有216个阅览席。")
    assert mark_gold(edited, [GOLD]) == [(4, 11)]


def test_gold_that_overlaps_gold_is_marked_once() -> None:
    gold = [
        GOLD,
        replace(GOLD, start=5, end=9, text=ARTICLE[5:9]),
        replace(GOLD, start=0, end=2, text="新馆"),
    ]
    assert mark_gold(replace(CITED, found=(0, 1, 2)), gold) == [(0, 2), (5, 17)]


def test_a_passage_is_cut_around_its_gold_and_says_how_much_is_missing() -> None:
    text = "字" * 300 + GOLD.text + "字" * 300
    passage = Quote("a.md", "", 0, len(text), text, found=(0,), score=1.0)
    gold = replace(GOLD, start=300, end=310)
    (row,) = case(to_html(make_run(replace(RIGHT, gold=(gold,), passages=(passage,)))), "right")["passages"]
    (start, end) = row["marks"][0]
    assert row["text"][start:end] == GOLD.text
    assert len(row["text"]) == LONGEST_PASSAGE
    assert row["cut"] == len(text) - LONGEST_PASSAGE


def test_the_first_passage_with_gold_is_kept_wherever_it_stands() -> None:
    passages = (*[OTHER] * 20, CITED, CITED)
    row = case(to_html(make_run(replace(RIGHT, passages=passages))), "right")
    assert [each["rank"] for each in row["passages"]] == [*range(1, PASSAGES + 1), 21]
    assert (row["searched"], row["gold"][0]["rank"]) == (22, 21)


def test_a_very_long_answer_is_cut_and_says_so() -> None:
    row = case(to_html(make_run(replace(RIGHT, text="长" * (LONGEST + 7)))), "right")
    assert row["text"] == "长" * LONGEST + "… (7 more characters)"


def test_a_certainty_of_zero_and_a_score_of_zero_are_kept() -> None:
    page = to_html(make_run(replace(WRONG, attempts=(Attempt(0.0, right=False),))))
    row = case(page, "wrong")
    assert row["certainty"] == 0
    assert row["scores"][data(page)["metrics"].index("held")] == 0


def test_every_figure_stands_in_the_page_with_its_interval() -> None:
    page = to_html(ALL)
    assert all(f"<code>{name}</code>" in page for name in ("held", "recall@5", *SET_FIGURES))
    assert "<b>0.500</b>" in page
    assert "1 question ended in an error" in page


def test_stages_lose_what_was_lost_there() -> None:
    stages = {stage.name: (stage.left, stage.lost) for stage in to_stages([RIGHT, WRONG, REFUSED, ERROR])}
    assert stages["refused"] == (2, 0)
    assert stages["not extracted"] == (1, 1)
    assert stages["not cited"] == (1, 0)


def test_the_curve_marks_the_least_sure_that_was_answered() -> None:
    curve = to_curve([(0.9, 0.25, 0.0), (0.6, 0.5, 0.5), (0.2, 1.0, 0.25)], 0.5)
    assert curve is not None
    assert curve.at == (50.0, 0.0, 0.5, 0.5)
    assert curve.top == 0.5
    assert curve.path == "25.00,100.00 50.00,0.00 100.00,50.00"
    assert curve.told[0] == (0.25, 0.0, 0.9)
    assert to_curve([], 0.5) is None
    nothing = to_curve([(0.2, 1.0, 0.5)], 0.5)
    assert nothing is not None
    assert nothing.at is None


def test_histograms_share_one_axis() -> None:
    survey = to_survey([RIGHT, WRONG])
    steps = {each.name: each for each in survey.histograms}
    assert list(steps) == ["encode", "search", "total"]
    assert steps["encode"].median < steps["search"].median < steps["total"].median
    assert [tick for _, tick in survey.ticks] == [10.0]
    assert to_survey([ERROR]).histograms == ()


@pytest.mark.parametrize("run", [make_run(), make_run(ERROR), make_run(REFUSED), make_run(scored("a", None))])
def test_a_run_that_lacks_much_has_a_page(run: Run) -> None:
    assert to_html(run).rstrip().endswith("</html>")


def test_the_page_of_many_questions_stays_small() -> None:
    passage = replace(CITED, text=ARTICLE * 12, end=len(ARTICLE) * 12)
    one = replace(RIGHT, passages=(passage,) * 50)
    size = len(to_html(make_run(*(replace(one, id=f"q{n}") for n in range(200)))).encode())
    assert size * 25 < 30_000_000


# ---- in a browser

Show = Callable[..., Page]
WIDE = {"width": 1440, "height": 900}
PHONE = {"viewport": {"width": 390, "height": 844}}
DARK = {"color_scheme": "dark"}


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens the page of a run from a file; afterwards nothing may have been asked for, failed or been stopped by the policy."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(run: Run, **options: Any) -> Page:
        path = tmp_path / "run.html"
        path.write_text(to_html(run), encoding="utf-8")
        context = browser.new_context(**{"viewport": WIDE, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda request: None if request.url == path.as_uri() else wrong.append(request.url)
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def shown(page: Page) -> list[str]:
    return page.locator(".case:visible .asked").all_text_contents()


def test_the_questions_can_be_filtered(show: Show) -> None:
    page = show(ALL)
    assert shown(page) == [ERROR.question, WRONG.question, RIGHT.question, REFUSED.question]
    page.get_by_label("Only failures").focus()
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("2 of 4 questions")
    assert shown(page) == [ERROR.question, WRONG.question]
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#count")).to_have_text("4 of 4 questions")
    page.get_by_label("Text").fill("门票  没有找到")
    expect(page.locator("#count")).to_have_text("1 of 4 questions")
    assert shown(page) == [REFUSED.question]
    page.get_by_label("Text").fill("")
    page.locator("#filter-tag").select_option("number (3)")
    expect(page.locator("#count")).to_have_text("3 of 4 questions")
    assert shown(page) == [ERROR.question, WRONG.question, RIGHT.question]


def test_a_figure_shows_the_questions_below_full_worst_first(show: Show) -> None:
    page = show(ALL)
    page.get_by_label("Figure below full").select_option("f1 (2)")
    expect(page.locator("#count")).to_have_text("2 of 4 questions")
    assert shown(page) == [WRONG.question, RIGHT.question]


def test_a_plot_leads_to_its_questions(show: Show) -> None:
    page = show(ALL)
    page.get_by_role("button", name="1 not extracted").click()
    expect(page.locator("#count")).to_have_text("1 of 4 questions")
    assert shown(page) == [WRONG.question]
    page.locator(".panel:visible").get_by_role("button", name="number").click()
    expect(page.locator("#count")).to_have_text("3 of 4 questions")


def test_figures_by_tag_are_shown_one_at_a_time(show: Show) -> None:
    page = show(ALL)
    assert page.locator(".panel:visible").get_attribute("data-metric") == "held"
    page.locator("#tag-metric").select_option("cited")
    assert page.locator(".panel:visible").get_attribute("data-metric") == "cited"


def test_a_question_opens_from_the_keyboard_and_shows_both_sides(show: Show) -> None:
    page = show(ALL)
    page.locator(".case summary").nth(2).focus()
    page.keyboard.press("Enter")
    opened = page.locator(".case[open]")
    expect(opened.locator(".sides")).to_contain_text(RIGHT.text)
    expect(opened.locator("mark").first).to_have_text(GOLD.text)
    expect(opened).to_contain_text("Gold 1 新馆开放 · a.md · cited · passage 1")
    page.locator(".case summary", has_text=REFUSED.question).click()
    last = page.locator(".case[open]").last
    expect(last).to_contain_text("新馆有多少个座位？")
    expect(last).to_contain_text("searched as")
    expect(last).to_contain_text("A refusal: nothing answers this.")


@pytest.mark.parametrize(
    "options", [{}, DARK, PHONE, {**PHONE, **DARK}], ids=["light", "dark", "phone", "phone-dark"]
)
def test_nothing_that_axe_knows_is_amiss(show: Show, options: dict[str, Any]) -> None:
    page = show(ALL, **options)
    for place in (0, 1, 2, 3):
        page.locator(".case > summary").nth(place).click()
    for passages in page.locator(".passages summary").all():
        passages.click()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    told = [
        (each["id"], [node["target"] for node in each["nodes"]], each["nodes"][0].get("failureSummary"))
        for each in found.response["violations"]
    ]
    assert told == []
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_a_field_runs(show: Show, payload: str) -> None:
    quote = Quote(payload, payload, 0, len(payload), payload, found=(0,), score=1.0)
    result = replace(
        WRONG,
        id=payload,
        question=payload,
        history=((payload, payload),),
        answers=((payload,),),
        tags=(payload,),
        asked=payload + "?",
        text=payload,
        gold=(quote,),
        citations=(quote,),
        passages=(quote,),
        scores={"held": 0.0, payload: 0.5},
        lost=payload,
        steps={payload: 4.0},
    )
    run = make_run(result, sets=(payload,), wenfeng=payload, started=payload, models={payload: payload})
    page = show(run)
    page.locator(".case > summary").click()
    page.locator(".passages summary").click()
    assert page.evaluate("window.ran") is None
    assert page.locator("img, main svg[onload], iframe, object, embed").count() == 0
    kept = re.sub("[\x00\x1b\ud800]", "", payload)
    assert re.sub("[\x00\x1b\ufffd]", "", page.locator(".case .asked").text_content() or "") == kept
    (tag,) = (option for option in page.locator("#filter-tag option").all() if option.get_attribute("value"))
    page.locator("#filter-tag").select_option(tag.get_attribute("value"))
    expect(page.locator("#count")).to_have_text("1 of 1 questions")


def test_thousands_of_questions_are_quick_to_filter(show: Show) -> None:
    page = show(
        make_run(
            *(
                replace(each, id=f"{each.id}{n}")
                for n in range(1250)
                for each in (RIGHT, WRONG, REFUSED, ERROR)
            )
        )
    )
    expect(page.locator("#count")).to_have_text("5,000 of 5,000 questions")
    seconds = page.evaluate(
        """() => { const at = performance.now(); const box = document.getElementById("filter-failed");
        box.checked = true; document.getElementById("filters").dispatchEvent(new Event("reset"));
        return new Promise((done) => setTimeout(() => requestAnimationFrame(() => done((performance.now() - at) / 1000)))); }"""
    )
    expect(page.locator("#count")).to_have_text("2,500 of 5,000 questions")
    assert seconds < 2, seconds
