"""The parts of a question, each with all that was seen on the way to its reply. Pure values.

A question is answered with the replies that are sure enough: a surer bound says less, and in the end nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer import Reply, Statement, Weighed
from rag.reading import Readings
from rag.retrieve import Found, Search


@dataclass(frozen=True, slots=True)
class Group:
    """Passages that are answered from together.

    Attributes:
        readings: what the reader saw in them; None where there is no reader, or it was not needed.
        weighed: their sentences; None where the header of an article answered.
    """

    found: Sequence[Found]
    readings: Readings | None
    weighed: Weighed | None
    reply: Reply


@dataclass(frozen=True, slots=True)
class Part:
    """One of the questions that a question is made of.

    Attributes:
        groups: one, or one for each of two articles that the question is about; none where nothing was found for
            such a question.
    """

    question: str
    search: Search
    groups: tuple[Group, ...]

    @property
    def replies(self) -> list[Reply]:
        """What there is to say, group by group."""
        return [group.reply for group in self.groups]

    def is_answered(self, least: float) -> bool:
        """Whether there is anything to say that is at least so certain."""
        return bool(statements_of([self], least))


def certainty_of(parts: Sequence[Part]) -> float:
    """Of the surest of them; 0 where nothing was found."""
    return max((reply.certainty for part in parts for reply in part.replies), default=0.0)


def statements_of(parts: Sequence[Part], least: float) -> list[Statement]:
    """What the parts say with at least so much certainty, part by part."""
    replies = [reply for part in parts for reply in part.replies if reply.certainty >= least]
    return [statement for reply in replies for statement in reply.statements]


def notes_of(parts: Sequence[Part], least: float) -> list[str]:
    """What is to be known beside that, each once."""
    replies = [reply for part in parts for reply in part.replies if reply.certainty >= least]
    return list(dict.fromkeys(note for reply in replies for note in reply.notes))


def certainties_of(parts: Sequence[Part]) -> list[float]:
    """The bounds at which more is said, surest first: with a bound above the first nothing is."""
    replies = [reply for part in parts for reply in part.replies if reply.statements]
    return sorted({reply.certainty for reply in replies}, reverse=True)
