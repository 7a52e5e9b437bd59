"""The news sample as a folder of posts such as people have: headers, page furniture, copies, broken files.

    python -m eval.posts FOLDER --count 2000

What is planted is known, so that a measurement can say how much of it was found. Nothing of the news is part of the
project: it is read from a folder given at run time, see ``eval.public``. The same count gives the same posts, and a
larger count more of them after those.
"""

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from eval.public import BENCH, read_news

OUTLETS = ("青汀日报", "临江财经", "问津快讯", "东港晚报", "南屏在线", "北麓新闻")
TOPICS = ("财经", "科技", "社会", "国际", "能源")

COPY, NEAR_COPY, DIGEST, BROKEN = range(4)
KINDS = (COPY,) * 3 + (NEAR_COPY,) * 4 + (DIGEST,) + (BROKEN,) * 2
"""Of a hundred posts these many are not plain news."""
DIGEST_ITEMS = 30

BEFORE = (
    "<style>.c{color:#333}</style>\n",
    "<!-- 自动采集 -->\n",
    '<div class="share-bar">分享到：微信 微博 QQ</div>\n',
    '<div class="qrcode"><img src="https://example.org/qr.png" alt="扫码关注"></div>\n',
    "",
)
AFTER = (
    "\n<p>（责任编辑：{editor}）</p>",
    '\n<p><a href="https://example.org/{number}">点击查看原文</a></p>',
    "\n<p>免责声明：本文仅供参考，不构成投资建议。</p>",
    "\n<p>扫描二维码，关注更多资讯</p>",
    "",
)
BROKEN_FILES = (
    b"",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200),
    b"\xff\xfe\x00",
    b"---\ntitle: &a [*a]\n---\n<p>...</p>",
    b"---\ntitle: x\n---\n<style>p{}</style>",
    b"\x80\x81\xfe\xff" * 50,
)
_SENTENCE_END = re.compile(r"(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Planted:
    """What was made: paths of posts, relative to the folder.

    Attributes:
        copies: of each exact copy, the post it is of.
        near_copies: of each near copy, the post it is of.
        digests: posts of the first sentences of many others.
        broken: files that cannot be read.
    """

    posts: tuple[str, ...]
    copies: dict[str, str]
    near_copies: dict[str, str]
    digests: tuple[str, ...]
    broken: tuple[str, ...]


def make_posts(folder: Path, count: int, news: Sequence[str], seed: int = 1) -> Planted:
    """Write posts into a folder.

    Args:
        count: of files, broken ones included.
        news: plain texts, at least nine for every ten files.

    Raises:
        ValueError: there are not enough texts.
    """
    generator = random.Random(seed)
    texts = iter(news)
    told: list[tuple[str, str]] = []  # path and text of plain news
    posts: list[str] = []
    digests: list[str] = []
    broken: list[str] = []
    copies: dict[str, str] = {}
    near_copies: dict[str, str] = {}
    for number in range(count):
        roll = generator.randrange(100)
        kind = KINDS[roll] if roll < len(KINDS) and len(told) > DIGEST_ITEMS else None
        if kind == BROKEN:
            broken.append(f"其他/{number}.md")
            _write(folder / broken[-1], generator.choice(BROKEN_FILES))
            continue
        first = ""
        if kind in (COPY, NEAR_COPY):
            first, text = generator.choice(told)
            text = text if kind == COPY else _edit(text, generator)
        elif kind == DIGEST:
            items = generator.sample(told, DIGEST_ITEMS)
            text = "\n".join(_sentences(item)[0] for _, item in items)
        else:
            text = next(texts, "")
            if not text:
                raise ValueError(f"{count} posts need more than the {len(news)} texts there are")
        path, content = _make_post(number, text, generator)
        _write(folder / path, content)
        posts.append(path)
        if kind == COPY:
            copies[path] = first
        elif kind == NEAR_COPY:
            near_copies[path] = first
        elif kind == DIGEST:
            digests.append(path)
        else:
            told.append((path, text))
    return Planted(tuple(posts), copies, near_copies, tuple(digests), tuple(broken))


def _make_post(number: int, text: str, generator: random.Random) -> tuple[str, bytes]:
    """A post's path and its bytes."""
    topic, outlet = generator.choice(TOPICS), generator.choice(OUTLETS)
    title = re.sub(r"[\s\"'\\:#\[\]{}]+", "_", _sentences(text)[0][:28])
    name = re.sub(r"[./\\?*<>|。，“”：]+", "", title)
    day = datetime(2023, 1, 1, 2, tzinfo=UTC) + timedelta(hours=generator.randrange(24 * 300))
    paragraphs = "".join(f"<p>\u3000\u3000{paragraph}</p>\n" for paragraph in _paragraphs(text))
    before, after = generator.choice(BEFORE), generator.choice(AFTER).format(editor="王晓", number=number)
    post = (
        f"\n---\ntitle: '{title}'\ndate: {format_datetime(day, usegmt=True)}\ncategories: \n  - {topic}\n"
        f"  - {outlet}\nauthor: {outlet}\nheadimg: 'https://example.org/{number}.jpg'\ncomments: true\n---\n"
        f"{before}{paragraphs}{after}\n \n"
    )
    encoding = "gb18030" if generator.random() < 0.02 else "utf-8"
    return f"{topic}/{outlet}/{name}-{number}.md", post.encode(encoding)


def _edit(text: str, generator: random.Random) -> str:
    """The same report as another outlet would bring it: a clause in ten changed, perhaps a sentence less."""
    clauses = re.split(r"(?<=[，。])", text)
    for row, clause in enumerate(clauses):
        if generator.random() < 0.1 and len(clause) > 6 and not re.search(r"\d", clause):
            cut = generator.randrange(1, len(clause) - 2)
            clauses[row] = f"{clause[:cut]}据悉{clause[cut + 2 :]}"
    sentences = _sentences("".join(clauses))
    if len(sentences) > 6:
        del sentences[-1]
    return "本报讯 " + "".join(sentences)


def _paragraphs(text: str) -> Iterator[str]:
    generator = random.Random(text)  # an exact copy has the same
    sentences = _sentences(text)
    while sentences:
        size = generator.randrange(1, 5)
        yield "".join(sentences[:size]).replace("<", "&lt;")
        sentences = sentences[size:]


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(text.replace("\n", "")) if sentence.strip()]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def main() -> None:
    """Make posts and say what was planted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--bench", type=Path, default=BENCH, help="the folder that holds news/part-*.txt")
    arguments = parser.parse_args()
    planted = make_posts(arguments.folder, arguments.count, read_news(arguments.bench))
    print(
        f"{len(planted.posts)} posts, of which {len(planted.copies)} exact copies, {len(planted.near_copies)} near copies, "
        f"{len(planted.digests)} digests; {len(planted.broken)} broken files"
    )


if __name__ == "__main__":
    main()
