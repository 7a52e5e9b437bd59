"""The parts of a question, each with all that was seen on the way to its reply. Pure values."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer import Reply, Weighed
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

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to say."""
        return any(reply.statements for reply in self.replies)
