"""Fuzzed articles: no byte of a file stops the run, and every file is in the index or named."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rag.intake import read_folder
from tests.faults.conftest import at_full

ARTICLES = at_full(100_000, 1500)
BATCH = 5000
"""Files in the folder at a time."""

SEEDS = (
    "\n---\ntitle: 临江阅览室开放\ndate: Sat, 05 Jun 2021 02:20:16 GMT\ncategories: \n  - 城市\n  - 青汀日报\n"
    "author: 记者\nheadimg: 'https://example.org/1.png'\n---\n<p>6月3日，青汀市图书馆新开了一间临江阅览室。</p>"
    "<p>座位<b>二百一十六</b>个。<img src='a.png'></p><style>p {color: red}</style><!-- 没有人看 -->",
    "# 快讯\n\n**新能源汽车**的销量增长了一倍，[详见](https://example.org)。\n\n> 引文\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |\n",
    "今天没有新闻。\n明天也许有。\n",
    "---\ntitle: [1, 2]\n---\n<div hidden>暗</div><table><tr><td>明</table>",
)
PIECES = (
    "---\n", "\n---\n", "<", ">", "</p>", "<p>", "<!--", "-->", "<![CDATA[", "&#x110000;", "&amp", "\ufeff", "\r", "\u202e",
    ": ", "!!python/object:os.system ", "*a", "&a ", "{", "[", "title: no\n", "date: 2021-13-45\n", "<template>",
    "<svg><script>", "<div>" * 300, "\x1b[31m", "\u200b", "𠮷", "\n\n", "|", "`", "<plaintext>",
)  # fmt: skip
BYTES = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe6", b"\x80")


def mutate(generator: random.Random) -> bytes:
    text = generator.choice(SEEDS)
    for _ in range(generator.randrange(1, 12)):
        place = generator.randrange(len(text) + 1)
        match generator.randrange(5):
            case 0:
                new, rest = generator.choice(PIECES), place
            case 1:
                new, rest = "", place + generator.randrange(1, 40)
            case 2:
                new, rest = (
                    chr(generator.choice((generator.randrange(0xD800), generator.randrange(128)))),
                    place + 1,
                )
            case 3:
                other = generator.choice(SEEDS)
                cut = generator.randrange(len(other))
                new, rest = other[cut : cut + 60], place
            case _:
                new, rest = text[place : place + 30] * generator.randrange(1, 20), place
        text = text[:place] + new + text[rest:]
    encoding = generator.choice(("utf-8",) * 6 + ("gb18030", "big5", "utf-16", "utf-8-sig"))
    data = text.encode(encoding, "replace")
    if generator.random() < 0.2:
        place = generator.randrange(len(data) + 1)
        data = data[:place] + generator.choice(BYTES) + data[place:]
    return data


def test_every_fuzzed_article_is_read_or_named(tmp_path: Path, say: Callable[[str], None]) -> None:
    generator = random.Random(5)
    reasons: Counter[str] = Counter()
    for start in range(0, ARTICLES, BATCH):
        count = min(BATCH, ARTICLES - start)
        folder = tmp_path / str(start)
        folder.mkdir()
        for number in range(count):
            suffix = generator.choice((".md", ".html", ".txt"))
            (folder / f"{number}{suffix}").write_bytes(mutate(generator))
        intake = read_folder(folder)
        read = len(intake.articles) + intake.duplicates
        assert read + len(intake.set_aside) == count
        assert len({item.path for item in intake.set_aside} | set(intake.stamps)) == count
        assert all(item.reason and item.detail for item in intake.set_aside)
        for article in intake.articles:
            assert article.text
            assert "\x00" not in article.text
        reasons.update(item.reason for item in intake.set_aside)
        reasons["read"] += read
        for path in folder.iterdir():
            path.unlink()
    assert reasons["read"] > ARTICLES / 2
    assert not reasons.keys() & {"crash", "timeout", "memory"}
    told = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())
    say(f"{ARTICLES} fuzzed articles, 0 crashes: {told}")
