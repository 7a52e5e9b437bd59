"""The pictures of the README, made from the running page; into the folder that ``PICTURES`` names, where it is set."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

HOST = "第一场圆桌对话是谁主持的？"
NONE = "云峰会的门票多少钱一张？"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("answer", {"viewport": {"width": 1280, "height": 760}}),
        ("refusal-dark", {"viewport": {"width": 1280, "height": 760}, "color_scheme": "dark"}),
    ],
)
def test_a_picture_shows_the_page(
    visit: Callable[..., Page], tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    page = visit(**options)
    page.get_by_role("button", name="新对话").click()
    for question in [HOST, NONE][: 1 if name == "answer" else 2]:
        page.fill("#composer textarea", question)
        page.press("#composer textarea", "Enter")
        expect(page.locator(".turn").last.locator(".tools")).to_be_visible(timeout=20_000)
    page.locator(".mark").first.click()
    expect(page.locator("#cited")).to_be_in_viewport()
    page.wait_for_timeout(1500)  # follow-ups appear, scrolling comes to rest
    place = Path(os.environ.get("PICTURES", tmp_path)) / f"{name}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=place)
    assert 20_000 < place.stat().st_size < 400_000
