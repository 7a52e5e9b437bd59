"""Article -> how a paper refers to it. Pure."""

from datetime import date

from rag.dates import beijing_day
from rag.records import Article


def to_reference(article: Article, accessed: date) -> str:
    """The article as an electronic source after GB/T 7714-2015 (信息与文献 参考文献著录规则), section 4.6.

    ``主要责任者. 题名[EB/OL]. 出版者, 出版年(更新或修改日期)[引用日期]. 获取和访问路径``. The author is responsible, else the
    outlet; where both are known and differ, the outlet is the publisher, and the place, which no header has, is left out
    as the rules allow for online sources. Without an address it is [EB], and no day of access is named. What the header
    does not tell is left out. Names stand as they are: a name alone does not tell which part is the family's.

    Args:
        accessed: the day on which the reader saw the source.

    Returns:
        One line; no full stop follows an address, which would be read as part of it.
    """
    author, outlet, title = (_one_line(each) for each in (article.author, article.outlet, article.title))
    publisher = outlet if author and outlet.casefold() != author.casefold() else ""
    day = beijing_day(article.published)
    year = str(day.year) if day and publisher else ""
    issue = ", ".join(part for part in (publisher, year) if part)
    days = (f"({day.isoformat()})" if day else "") + (f"[{accessed.isoformat()}]" if article.url else "")
    parts = [author or outlet, f"{title}[{'EB/OL' if article.url else 'EB'}]", f"{issue}{days}"]
    told = " ".join(f"{part}." for part in parts if part)
    return f"{told} {article.url}" if article.url else told


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
