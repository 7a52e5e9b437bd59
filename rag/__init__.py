"""Wenfeng answers questions about a folder of Chinese news articles and proves every sentence."""

from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.records import Answer, Article, Citation, Filters, Hit, Passage, Turn

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.settings import Settings

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Article",
    "Assistant",
    "Citation",
    "Filters",
    "Hit",
    "Passage",
    "RagError",
    "Settings",
    "Turn",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import what is slow to import only when it is asked for."""
    if name == "Assistant":
        from rag.assistant import Assistant

        return Assistant
    if name == "Settings":
        from rag.settings import Settings

        return Settings
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
