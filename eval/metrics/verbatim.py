"""verbatim: 1 where every quote is its source's own characters at its place, byte for byte in UTF-8; else 0.

Our own rule, and the one metric that must be 1 for every answer: what does not stand in the source is no quote of it.
"""

from collections.abc import Iterable


def verbatim(quotes: Iterable[tuple[str, str, int]]) -> float:
    """Score quotes.

    Args:
        quotes: (quote, text of its source, offset in the text in code points).
    """
    return float(all(_stands(*quote) for quote in quotes))


def _stands(quote: str, source: str, start: int) -> bool:
    return quote != "" and quote.encode() == source[start : start + len(quote)].encode()
