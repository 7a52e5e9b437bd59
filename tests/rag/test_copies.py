"""The same report in several outlets is one story; what only looks like it is not."""

from pathlib import Path

import numpy as np
import pytest

from rag import Assistant
from rag.copies import LEAST_SHARED, are_copies, find_stories, runs, share_held, shared, sign

REPORT = (
    "青汀市图书馆三月二日新开了一间临江阅览室，设有座位216个。馆长陈述之表示，阅览室每天早上八点半开门，晚上九点半关门，周一闭馆。"
    "读者可以凭身份证入内，也可以在网上预约座位，一次最多预约四小时。阅览室的书架上有新书一万两千册，其中一半是近三年出版的。"
    "图书馆还请来了六位作家，每月第二个周六在这里同读者见面，第一位是写江上船工的林渡。"
)
EDITED = (
    "本报讯 "
    + REPORT.replace("馆长陈述之表示，", "该馆馆长陈述之告诉记者，").replace("，周一闭馆", "")
    + "（完）"
)
MARKET = (
    "沪指今日早盘高开高走，午后一度震荡回落，临近尾盘在券商板块的带动之下重新走强，最终收报{}点，涨幅{}%，成交额{}亿元。"
    "盘面上看，券商板块集体领涨，煤炭板块和钢铁板块走低，多只权重股在尾盘出现大单买入，北向资金全天净流入{}亿元。"
)


def test_an_edited_report_is_a_near_copy() -> None:
    assert are_copies(REPORT, EDITED)
    assert are_copies(EDITED, REPORT)


def test_other_script_and_width_change_nothing() -> None:
    assert shared(runs("临江阅览室有座位２１６个"), runs("臨江閱覽室有座位216個！")) == 1


def test_reports_that_differ_in_their_figures_are_two_stories() -> None:
    monday = MARKET.format(3012.5, 0.41, 8123, 21.5)
    tuesday = MARKET.format(2998.1, 0.48, 7990, 18.2)
    assert shared(runs(monday), runs(tuesday)) > LEAST_SHARED
    assert not are_copies(monday, tuesday)


def test_a_digest_is_no_copy_of_its_items() -> None:
    items = [
        REPORT[:60],
        "港口昨日通航，首批货轮运来了水果三百吨。",
        "气象台说周末有小雨，气温下降五度。",
        REPORT[60:90],
    ]
    digest = "\n".join(items)
    assert share_held(items[0], digest) > 0.9
    assert not any(are_copies(item, digest) for item in items)


def test_stories_are_named_by_their_first_article() -> None:
    texts = ["港口昨日通航，首批货轮运来了水果三百吨。", REPORT, "完全是另外一件事情的报道。", EDITED]
    assert find_stories(texts, np.stack([sign(text) for text in texts])).tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize("text", ["", "[图片]", "！？", "短", "\U0001f600\U0001f601"])
def test_odd_texts_have_signatures_and_stand_alone(text: str) -> None:
    texts = [text, REPORT]
    assert find_stories(texts, np.stack([sign(each) for each in texts])).tolist() == [0, 1]


def write(folder: Path, name: str, outlet: str, text: str) -> None:
    header = f"---\ntitle: {name}\noutlet: {outlet}\ndate: 2022-03-0{len(name)} 08:00:00\n---\n"
    (folder / f"{name}.md").write_text(f"{header}<p>{text}</p>", encoding="utf-8")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One report three times, once word for word, beside two others."""
    folder = tmp_path_factory.mktemp("copied")
    write(folder, "甲", "江报", REPORT)
    write(folder, "乙二", "江报", REPORT)
    write(folder, "丙丙三", "晚报", EDITED)
    write(folder, "丁", "江报", "博物馆的夜场从本月起每周五开放到晚上十点，门票二十元。" * 3)
    write(folder, "戊", "港口网", "港口昨日通航，首批货轮运来了水果三百吨，来自三个国家。")
    return folder


def test_near_copies_have_one_vote_and_are_counted(copied: Path, tmp_path: Path) -> None:
    with Assistant.open(copied, tmp_path / "index") as assistant:
        hits = assistant.search("临江阅览室有多少座位", 3)
        found = [hit.passage.article.path for hit in hits]
        assert len(found) == 3
        assert len({"甲.md", "丙丙三.md"} & set(found)) == 1
        answer = assistant.ask("临江阅览室有座位多少个？")
        assert [(each.copies, each.sources) for each in answer.citations][:1] == [(3, 2)]


def test_what_only_one_copy_says_is_counted_once(copied: Path, tmp_path: Path) -> None:
    with Assistant.open(copied, tmp_path / "index") as assistant:
        answer = assistant.ask("博物馆的夜场开放到几点？")
        assert [(each.copies, each.sources) for each in answer.citations][:1] == [(1, 1)]
