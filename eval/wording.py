"""What the reports call the figures, and in which order they show them. Knows no run."""

from collections.abc import Iterable, Mapping, Sequence

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Search": (
        "recall@1",
        "recall@5",
        "recall@10",
        "mrr@10",
        "ndcg@10",
        "article_recall@5",
        "article_mrr@10",
    ),
    "Answers": ("exact", "f1", "held", "brevity"),
    "Citations": ("cited", "precise", "verbatim"),
    "Refusal": (
        "refused",
        "over",
        "refusal_precision",
        "refusal_recall",
        "refusal_f1",
        "risk",
        "coverage",
    ),
}
MAIN = ("recall@5", "mrr@10", "held", "f1", "cited", "precise", "refused", "over")
"""The figures that are also shown by tag."""

EXPLAINED: Mapping[str, str] = {
    "recall@1": "gold quotes that passage 1 overlaps",
    "recall@5": "gold quotes that passages 1–5 overlap",
    "recall@10": "gold quotes that passages 1–10 overlap",
    "mrr@10": "1 / rank of the first passage with gold",
    "ndcg@10": "gold found, early passages count more",
    "article_recall@5": "as recall@5, by article",
    "article_mrr@10": "as mrr@10, by article",
    "held": "all that is expected is in the answer",
    "exact": "the answering words are as expected",
    "f1": "overlap of answering and expected words",
    "brevity": "characters needed / characters written",
    "cited": "gold quotes that lie inside a citation",
    "precise": "citations that overlap gold",
    "verbatim": "all quotes equal their article's text",
    "refused": "refused, of what nothing answers",
    "over": "refused, of what can be answered",
    "refusal_precision": "unanswerable, of the refused",
    "refusal_recall": "refused, of the unanswerable",
    "refusal_f1": "harmonic mean of these two",
    "risk": "wrong, of the answered",
    "coverage": "answered, of all",
}
"""Shares of what, in at most 39 columns."""
NEUTRAL = frozenset({"coverage"})
"""Figures of which neither more nor less is better in itself."""


def to_groups(names: Iterable[str]) -> dict[str, list[str]]:
    """The names under their headings, in the order of reports; those that no heading has come last, under "Other"."""
    left = list(dict.fromkeys(names))
    grouped = {heading: [name for name in known if name in left] for heading, known in GROUPS.items()}
    shown = {name for known in grouped.values() for name in known}
    grouped["Other"] = [name for name in left if name not in shown]
    return {heading: known for heading, known in grouped.items() if known}


def say_bytes(number: int) -> str:
    """A number of bytes for a person."""
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{number / 2**20:.0f} MiB"


def say_milliseconds(number: float) -> str:
    """Milliseconds for a person."""
    if number >= 1000:
        return f"{number / 1000:.1f} s"
    return f"{number:.0f} ms" if number >= 10 else f"{number:.1f} ms"


def say_count(number: int, noun: str) -> str:
    """``1 case``, ``2 cases``, ``1,234 cases``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say_errors(errors: Mapping[str, str]) -> str:
    """Which questions ended in errors, by id, and the first error; "" where none did."""
    if not errors:
        return ""
    return (
        f"{say_count(len(errors), 'question')} ended in an error and {'is' if len(errors) == 1 else 'are'} in no "
        f"figure: {name_some([*errors])}. The first: {next(iter(errors.values()))}"
    )


def name_some(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
