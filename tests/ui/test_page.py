"""The page in a real browser: what a person does, sees and hears, and that nothing leaves this machine."""

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from eval.sets import parse_case
from rag.articles import MAX_BYTES
from rag.settings import ServeSettings
from ui.conversations import Conversations
from ui.desk import Desk

Visit = Callable[..., Page]

HOST = "第一场圆桌对话是谁主持的？"
NONE = "峰会的门票多少钱一张？"
PHONE = {"viewport": {"width": 390, "height": 844}}
DARK = {"color_scheme": "dark"}


def ask(page: Page, question: str) -> None:
    turns = page.locator("#transcript .turn").count() if page.locator(".welcome").count() == 0 else 0
    page.fill("#composer textarea", question)
    page.press("#composer textarea", "Enter")
    expect(page.locator("#transcript .turn")).to_have_count(turns + 1)
    expect(page.locator("#transcript .turn").last.locator(".tools")).to_be_visible(timeout=20_000)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


# ---- chat


def test_a_mark_shows_its_source_on_hover_and_opens_it_on_click(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    expect(page.locator(".answer .text")).to_contain_text("盛雪锋")
    page.hover(".mark")
    card = page.locator(".card")
    expect(card).to_be_visible()
    expect(card).to_contain_text("财联社 · 2021-06-05")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.click(".mark")
    expect(page.locator("#cited")).to_be_in_viewport()
    quoted = "".join(page.locator(".source mark").all_text_contents())
    assert quoted.startswith("第一场圆桌对话的主题是")
    expect(page.locator(".source mark b")).to_have_text("盛雪锋")


def test_a_focused_mark_shows_its_card_and_opens_with_the_keyboard(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    page.locator("#composer textarea").focus()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.className") == "mark":
            break
    expect(page.locator(".card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#cited")).to_be_in_viewport()


def test_j_and_k_move_between_citations(visit: Visit) -> None:
    page = visit()
    ask(page, "三场圆桌对话分别由谁主持？")
    ask(page, HOST)
    marks = page.locator("#transcript .mark")
    assert marks.count() >= 2
    page.locator("#transcript").click(position={"x": 2, "y": 2})
    page.keyboard.press("j")
    expect(marks.first).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")
    expect(marks.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(marks.first).to_have_attribute("aria-current", "true")
    expect(page.locator("#cited")).to_be_visible()


def test_a_refusal_offers_the_nearest_passages_which_open(visit: Visit) -> None:
    page = visit()
    ask(page, NONE)
    expect(page.locator(".refusal")).to_contain_text("文章中没有找到答案。")
    expect(page.locator(".refusal")).to_contain_text("最接近的内容，未必能回答")
    expect(page.locator(".answer")).to_have_count(0)
    page.locator(".hit").first.click()
    expect(page.locator("#cited")).to_be_in_viewport()


def test_samples_and_follow_ups_are_asked_with_a_click(visit: Visit) -> None:
    page = visit()
    samples = page.locator("#suggestions .suggestion")
    expect(samples).to_have_count(3, timeout=20_000)
    first = samples.first.text_content()
    samples.first.click()
    expect(page.locator(".question > p")).to_have_text(first or "")
    expect(page.locator(".answer .mark").first).to_be_visible(timeout=20_000)
    ask(page, HOST)
    follow_up = page.locator("#suggestions", has_text="接着问").locator(".suggestion").first
    expect(follow_up).to_be_visible(timeout=20_000)
    assert follow_up.text_content() not in (first, HOST)
    follow_up.click()
    expect(page.locator(".answer")).to_have_count(3, timeout=20_000)


def test_a_question_is_edited_and_asked_again(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    page.get_by_role("button", name="修改").click()
    page.fill("form.edit textarea", "第二场圆桌对话是谁主持的？")
    page.locator("form.edit button[type=submit]").click()
    expect(page.locator(".answer .text")).to_contain_text("谢海麟", timeout=20_000)
    expect(page.locator("#transcript .turn")).to_have_count(1)
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".pending")).to_have_count(1)
    expect(page.locator(".answer .text")).to_contain_text("谢海麟", timeout=20_000)
    expect(page.locator("#transcript .turn")).to_have_count(1)


def test_a_stopped_question_stays_and_can_be_asked_again(visit: Visit, gate: threading.Lock) -> None:
    page = visit()
    with gate:
        page.fill("#composer textarea", HOST)
        page.press("#composer textarea", "Enter")
        expect(page.locator(".pending")).to_be_visible()
        page.locator("#composer .stop-button").click()
        expect(page.locator("#transcript")).to_contain_text("已停止")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".answer .text")).to_contain_text("盛雪锋", timeout=20_000)


def test_a_new_conversation_begins_empty_and_a_reload_keeps_the_one_that_is_open(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.locator(".question > p")).to_have_text(HOST)
    page.get_by_role("button", name="新对话").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()


def test_a_follow_up_says_what_was_searched(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    ask(page, "那第二场呢？")
    last = page.locator("#transcript .turn").last
    expect(last.locator(".text")).to_contain_text("谢海麟")
    last.locator(".how summary").click()
    expect(last.locator(".how dd").first).to_contain_text("第二场圆桌对话")


def test_the_quote_is_copied_with_its_reference_and_the_answer_without_its_cards(visit: Visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, HOST)
    page.get_by_role("button", name="复制回答").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("盛雪锋。 [1]")
    page.click(".mark")
    page.get_by_role("button", name="复制引文和出处").click()
    expect(page.locator(".source").get_by_role("button", name="已复制")).to_be_visible()
    quote, reference = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert quote.startswith("“第一场圆桌对话的主题是")
    assert re.fullmatch(r"财联社\. .*\[EB/OL\]\. .*\(2021-06-05\)\[\d{4}-\d\d-\d\d\]\. https://.*", reference)


def test_a_question_goes_on_while_another_conversation_is_open(visit: Visit, gate: threading.Lock) -> None:
    page = visit()
    ask(page, HOST)
    page.get_by_role("button", name="新对话").click()
    expect(page.locator(".welcome")).to_be_visible()
    third = "第三场圆桌对话是谁主持的？"
    with gate:
        page.fill("#composer textarea", third)
        page.press("#composer textarea", "Enter")
        expect(page.locator(".pending")).to_be_visible()
        page.locator("#entries .entry", has_text=HOST).first.click()
        expect(page.locator(".question > p")).to_have_text(HOST)
    expect(page.locator("#entries .entry", has_text=third)).to_be_visible()
    expect(page.locator(".question > p")).to_have_text(HOST)
    page.locator("#entries .entry", has_text=third).first.click()
    expect(page.locator(".answer .text")).to_contain_text("李瑾", timeout=20_000)


def test_two_conversations_are_answered_at_once(visit: Visit, gate: threading.Lock) -> None:
    page = visit()
    second = "第二场圆桌对话是谁主持的？"
    with gate:
        for question in (HOST, second):
            page.fill("#composer textarea", question)
            page.press("#composer textarea", "Enter")
            expect(page.locator(".question > p")).to_have_text(question)
            expect(page.locator(".pending")).to_be_visible()
            if question != second:
                page.get_by_role("button", name="新对话").click()
                expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".answer .text")).to_contain_text("谢海麟", timeout=20_000)
    expect(page.locator("#composer .submit-button")).to_be_visible()
    page.locator("#entries .entry", has_text=HOST).first.click()
    expect(page.locator(".answer .text")).to_contain_text("盛雪锋", timeout=20_000)


def test_a_question_that_is_sent_twice_at_once_is_asked_once(
    visit: Visit, gate: threading.Lock, own_desk: Desk
) -> None:
    page = visit()
    before = own_desk.conversations.count("", "")
    with gate:
        page.fill("#composer textarea", HOST)
        page.press("#composer textarea", "Enter")
        page.press("#composer textarea", "Enter")
        expect(page.locator(".pending")).to_be_visible()
    expect(page.locator(".answer .text")).to_contain_text("盛雪锋", timeout=20_000)
    assert own_desk.conversations.count("", "") == before + 1


def test_what_the_guard_refuses_is_said_on_the_page(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#composer .submit-button[aria-label]")
    page.route("**/gradio_api/queue/join*", lambda route: route.continue_(post_data='{"data": [{}]}'))
    page.fill("#composer textarea", HOST)
    page.press("#composer textarea", "Enter")
    expect(page.locator("body")).to_contain_text("这不是本页发出的操作。请刷新页面。")
    page.close()


def test_a_page_that_is_loaded_again_looks_on(visit: Visit, gate: threading.Lock) -> None:
    page = visit()
    with gate:
        page.fill("#composer textarea", HOST)
        page.press("#composer textarea", "Enter")
        expect(page.locator(".pending")).to_be_visible()
        page.goto("about:blank")
        page.go_back()
        expect(page.locator(".pending")).to_be_visible()
    expect(page.locator(".answer .text")).to_contain_text("盛雪锋", timeout=20_000)


# ---- articles


def test_articles_are_listed_searched_filtered_and_read_and_filters_bind_questions(visit: Visit) -> None:
    page = visit()
    open_tab(page, "文章")
    expect(page.locator("#listing .entry")).to_have_count(3)
    page.fill("#articles-search input, #articles-search textarea", "瓯江峰会")
    expect(page.locator("#listing .entry").first).to_contain_text("瓯江峰会在温州开幕")
    page.locator("#listing .entry").first.click()
    expect(page.locator(".source h2")).to_contain_text("瓯江峰会在温州开幕")
    open_tab(page, "文章")
    page.fill("#articles-search input, #articles-search textarea", "")
    page.get_by_role("button", name=re.compile("筛选")).click()
    page.fill("#until input, #until textarea", "2021-06-30")
    page.press("#until input, #until textarea", "Enter")
    expect(page.locator("#listing .entry")).to_have_count(1)
    expect(page.locator("#bound")).to_contain_text("2021-06-30")
    ask(page, "乐清市市长是谁？")
    expect(page.locator(".refusal")).to_be_visible()
    page.get_by_role("button", name="清除筛选").click()
    expect(page.locator("#listing .entry")).to_have_count(3)
    ask(page, "乐清市市长是谁？")
    expect(page.locator(".answer .text")).to_contain_text("徐建兵")


def test_a_day_that_is_none_is_said_to_be_none(visit: Visit) -> None:
    page = visit()
    open_tab(page, "文章")
    page.get_by_role("button", name=re.compile("筛选")).click()
    page.fill("#since input, #since textarea", "六月")
    page.press("#since input, #since textarea", "Enter")
    expect(page.locator("#bound")).to_contain_text("看不懂")


def test_files_are_added_asked_about_and_removed(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "好.md").write_text(
        "---\ntitle: 望舒岛灯塔节\n---\n<p>望舒岛灯塔节的总策划是尉迟冬。</p>", encoding="utf-8"
    )
    (tmp_path / "坏.txt").write_bytes(b"\xff\xfe\x00\xd8bad")
    page = visit()
    open_tab(page, "添加")
    (tmp_path / "图").mkdir()
    (tmp_path / "图" / "a.png").write_bytes(b"")
    page.set_input_files("#drop input[webkitdirectory]", tmp_path / "图")
    expect(page.locator("#drop")).to_contain_text("这里没有 .md、.html 或 .txt 文件")
    with (tmp_path / "大.txt").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    page.set_input_files("#drop input[multiple]", tmp_path / "大.txt")
    expect(page.locator("#report")).to_contain_text("文件太大", timeout=30_000)
    page.set_input_files("#drop input[multiple]", [tmp_path / "好.md", tmp_path / "坏.txt"])
    report = page.locator("#report")
    expect(report).to_contain_text("完成：新增或更新 1 篇", timeout=30_000)
    expect(report).to_contain_text("坏.txt")
    expect(report).to_contain_text("文字编码无法识别")
    ask(page, "望舒岛灯塔节的总策划是谁？")
    expect(page.locator(".answer .text")).to_contain_text("尉迟冬")
    for _ in range(2):
        rows = page.locator("#added [data-send=remove]")
        count = rows.count()
        rows.first.click()
        expect(rows).to_have_count(count - 1, timeout=30_000)
    ask(page, "望舒岛灯塔节的总策划是谁？")
    expect(page.locator(".refusal").last).to_be_visible()


def test_files_are_dropped_and_folders_chosen_with_their_names_kept(visit: Visit, tmp_path: Path) -> None:
    folder = tmp_path / "剪报"
    folder.mkdir()
    for name, director in (("甲", "仲孙白"), ("乙", "司徒青")):
        (folder / f"{name}.md").write_text(
            f"---\ntitle: {name}园花会\n---\n<p>{name}园花会的主任是{director}。</p>", encoding="utf-8"
        )
    (folder / "封面.png").write_bytes(b"not an article")
    page = visit()
    open_tab(page, "添加")
    page.set_input_files("#drop input[webkitdirectory]", folder)
    expect(page.locator("#report")).to_contain_text("新增或更新 2 篇", timeout=30_000)
    expect(page.locator("#added .name")).to_have_text(["剪报/乙.md", "剪报/甲.md"])
    page.locator("[data-drop]").evaluate(
        """(zone) => {
            const dropped = new DataTransfer();
            const file = (name, text) => new File([text], name, {type: "text/markdown"});
            dropped.items.add(file("丙.md", "---\\ntitle: 丙园花会\\n---\\n<p>丙园花会的主任是公羊赤。</p>"));
            dropped.items.add(file("表格.xlsx", "PK"));
            zone.dispatchEvent(new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.locator("#report")).to_contain_text("新增或更新 1 篇", timeout=30_000)
    expect(page.locator("#report")).to_contain_text("表格.xlsx")
    ask(page, "丙园花会的主任是谁？")
    expect(page.locator(".answer .text")).to_contain_text("公羊赤")
    open_tab(page, "添加")
    for count in (3, 2, 1):
        expect(page.locator("#added .name")).to_have_count(count)
        page.locator("#added [data-send=remove]").first.click()
    expect(page.locator("#added")).to_contain_text("还没有在这里添加过文章", timeout=30_000)


def test_a_read_only_page_adds_nothing(
    own_desk: Desk, tmp_path: Path, browser: Browser, serve: Callable[..., str]
) -> None:
    where = serve(
        Desk(own_desk.assistant, own_desk.conversations, read_only=True), ServeSettings(read_only=True)
    )
    page = browser.new_page()
    page.goto(where)
    page.wait_for_selector(".welcome")
    expect(page.get_by_role("tab", name="添加")).to_have_count(0)
    answered = page.request.post(
        f"{where}/gradio_api/upload",
        multipart={"files": {"name": "a.md", "mimeType": "text/plain", "buffer": b"x"}},
    )
    assert answered.status == 403
    page.close()


# ---- conversations


def test_conversations_are_renamed_searched_deleted_brought_back_and_exported(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    row = page.locator("#entries li[aria-current=true]")
    row.locator("summary").click()
    row.get_by_role("button", name="改名").click()
    row.locator("input[name=title]").fill("圆桌主持人")
    row.locator("input[name=title]").press("Enter")
    expect(row.locator(".entry")).to_have_text("圆桌主持人")
    page.fill("#conversations-search input, #conversations-search textarea", "盛雪锋")
    expect(row.locator(".entry")).to_have_text("圆桌主持人")
    page.fill("#conversations-search input, #conversations-search textarea", "没有人说过的话")
    expect(page.locator("#entries")).to_contain_text("没有找到")
    page.fill("#conversations-search input, #conversations-search textarea", "圆桌主持人")
    for kind, name in (("md", "导出 Markdown"), ("html", "导出网页")):
        row.locator("summary").click()
        with page.expect_download() as downloading:
            row.get_by_role("link", name=name).click()
        text = downloading.value.path().read_text(encoding="utf-8")
        assert downloading.value.suggested_filename.endswith(kind)
        assert "盛雪锋" in text
        assert "圆桌主持人" in text
    row.locator("summary").click()
    row.get_by_role("button", name="删除").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".question > p")).to_have_text(HOST)
    expect(row.locator(".entry")).to_have_text("圆桌主持人")


def test_a_thumb_becomes_a_row_of_a_question_set(visit: Visit, own_desk: Desk) -> None:
    page = visit()
    ask(page, HOST)
    page.get_by_role("button", name="有误").click()
    page.locator("form.correction input[name=right_answer]").fill("盛雪锋")
    page.locator("form.correction button[type=submit]").click()
    expect(page.get_by_text("已记为测试题")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载反馈题集").click()
    rows = [json.loads(line) for line in downloading.value.path().read_text(encoding="utf-8").splitlines()]
    case = next(parse_case(row) for row in rows if row["answers"])
    assert (case.question, case.answers) == (HOST, (("盛雪锋",),))
    page.get_by_role("button", name="有误").click()
    expect(page.get_by_role("button", name="有误")).to_have_attribute("aria-pressed", "false")


def test_a_signed_in_user_sees_only_own_conversations(
    own_desk: Desk, tmp_path: Path, browser: Browser, serve: Callable[..., str]
) -> None:
    settings = ServeSettings(host="0.0.0.0", auth=("李雷:long enough", "韩梅:also long enough"))
    with Conversations(tmp_path / "own.sqlite") as conversations:
        where = serve(Desk(own_desk.assistant, conversations), settings)
        seen = {}
        for name, password in settings.users().items():
            context = browser.new_context(http_credentials={"username": name, "password": password})
            page = context.new_page()
            page.goto(where)
            page.wait_for_selector(".welcome")
            seen[name] = page.locator("#entries").text_content()
            ask(page, HOST)
            context.close()
        assert all("还没有对话" in (text or "") for text in seen.values())
        assert len(conversations.entries("李雷")) == len(conversations.entries("韩梅")) == 1
    page = browser.new_page()
    answered = page.request.get(where)
    assert answered.status == 401
    page.close()


# ---- how it looks and reads


@pytest.mark.parametrize(
    "options", [{}, DARK, PHONE, {**PHONE, **DARK}], ids=["light", "dark", "phone", "phone-dark"]
)
def test_nothing_that_axe_knows_is_amiss(visit: Visit, options: dict[str, object]) -> None:
    page = visit(**options)
    expect(page.locator("#suggestions .suggestion")).to_have_count(3, timeout=20_000)
    states: list[Callable[[], object]] = [
        lambda: None,
        lambda: ask(page, HOST),
        lambda: page.click(".mark"),
        lambda: ask(page, NONE),
        lambda: page.locator(".turn").last.get_by_role("button", name="有误").click(),
        lambda: open_tab(page, "文章"),
        lambda: page.get_by_role("button", name=re.compile("筛选")).click(),
        lambda: open_tab(page, "添加"),
    ]
    if "viewport" in options:
        states = states[:4]  # below the chat there is nothing that is not beside it
    for do in states:
        do()
        page.wait_for_timeout(300)  # colours change over a moment
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        told = [
            (each["id"], [node["target"] for node in each["nodes"]], each["nodes"][0].get("failureSummary"))
            for each in found.response["violations"]
        ]
        assert told == []


def test_the_page_speaks_chinese_until_it_is_told_to_speak_english(visit: Visit) -> None:
    page = visit(locale="en-US")
    expect(page.get_by_role("tab", name="原文")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("tab", name="Source")).to_be_visible()
    expect(page.locator(".welcome")).to_contain_text("Articles: 3")
    assert page.evaluate("document.documentElement.lang") == "en"
    ask(page, "Who is the mayor of Yueqing?")
    expect(page.locator(".turn").last).to_contain_text("articles searched")


def test_on_a_phone_the_source_is_below_and_nothing_is_wider_than_the_screen(visit: Visit) -> None:
    page = visit(**PHONE)
    ask(page, HOST)
    page.click(".mark")
    expect(page.locator("#cited")).to_be_in_viewport()
    end_of_chat, panel = page.evaluate(
        """() => [document.querySelector("#chat").getBoundingClientRect().bottom,
                  document.querySelector("#panel").getBoundingClientRect().top]"""
    )
    assert panel >= end_of_chat - 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#new")).to_be_hidden()
    menu = page.locator("#menu-button")
    menu.click()
    expect(page.locator("#new")).to_be_visible()
    expect(menu).to_have_attribute("aria-expanded", "true")
    page.locator("#entries .entry").first.click()
    expect(page.locator("#new")).to_be_hidden()
    expect(menu).to_have_attribute("aria-expanded", "false")


def test_with_reduced_motion_nothing_moves(visit: Visit, gate: threading.Lock) -> None:
    running = "document.getAnimations().filter((each) => each.playState === 'running').length"
    for motion, moves in (("no-preference", True), ("reduce", False)):
        page = visit(reduced_motion=motion)
        with gate:
            page.fill("#composer textarea", HOST)
            page.press("#composer textarea", "Enter")
            expect(page.locator(".pending")).to_be_visible()
            page.wait_for_timeout(300)
            assert (page.evaluate(running) > 0) == moves
        expect(page.locator(".answer")).to_be_visible(timeout=20_000)


def test_the_focus_stays_where_it_was_and_a_source_opened_by_key_takes_it(visit: Visit) -> None:
    page = visit()
    ask(page, HOST)
    page.get_by_role("button", name="有用").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="有用")).to_be_focused()
    page.locator(".mark").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.source")).to_be_focused()
    expect(page.get_by_role("button", name="发送")).to_be_visible()
