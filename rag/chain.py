"""The steps of ``Assistant.ask`` as LangChain runnables: a retriever and a chain. The only importer of LangChain.

    ArticleRetriever(assistant=assistant).invoke("峰会是哪天办的")           -> list[Document]
    make_chain(assistant).invoke({"question": "峰会是哪天办的"})            -> Answer

Both take their part in somebody else's chain as they are, in ``invoke``, ``batch``, ``stream`` and the async forms.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypedDict

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from pydantic import ConfigDict

from rag.assistant import Assistant
from rag.records import Answer, Filters, Hit, Turn


class Asked(TypedDict, total=False):
    """What the chain takes; only ``question`` is needed.

    Attributes:
        question: as asked.
        history: earlier turns, as ``Turn`` or LangChain messages, oldest first.
        filters: which articles may answer.
    """

    question: str
    history: Sequence[Turn | BaseMessage]
    filters: Filters | None


class ArticleRetriever(BaseRetriever):
    """Passages as documents, best first.

    A document's text is the passage; its metadata hold ``article`` (the path), ``title``, ``outlet``,
    ``published``, ``start``, ``end`` (in the article's clean text) and ``score``.

    Attributes:
        assistant: whose index is searched.
        k: how many passages.
        filters: which articles may be found.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    k: int = 10
    filters: Filters | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [to_document(hit) for hit in self.assistant.search(query, self.k, self.filters)]


def make_chain(assistant: Assistant) -> Runnable[Asked | str, Answer]:
    """A chain from a question (a string, or ``Asked``) to the ``Answer`` that ``Assistant.ask`` gives."""
    return RunnableLambda(lambda asked: assistant.ask(*_to_arguments(asked)), name="wenfeng")


def make_text_chain(assistant: Assistant) -> Runnable[Asked | str, str]:
    """A chain from a question to the answer's text, which ``stream`` gives sentence by sentence."""

    def pieces(inputs: Iterator[Asked | str]) -> Iterator[str]:
        for asked in inputs:
            for piece in assistant.stream(*_to_arguments(asked)):
                if isinstance(piece, str):
                    yield piece

    return RunnableGenerator(pieces, name="wenfeng text")


def to_document(hit: Hit) -> Document:
    """A hit as LangChain knows it."""
    article = hit.passage.article
    return Document(
        page_content=hit.passage.text,
        metadata={
            "article": article.path,
            "title": article.title,
            "outlet": article.outlet,
            "published": article.published and article.published.isoformat(),
            "start": hit.passage.start,
            "end": hit.passage.end,
            "score": hit.score,
        },
    )


def _to_arguments(asked: Asked | str) -> tuple[str, tuple[Turn, ...], Filters | None]:
    if isinstance(asked, str):
        return asked, (), None
    history = tuple(_to_turn(message) for message in asked.get("history") or ())
    return asked["question"], history, asked.get("filters")


def _to_turn(message: Turn | BaseMessage) -> Turn:
    if isinstance(message, Turn):
        return message
    role: Any = "assistant" if isinstance(message, AIMessage) else "user"
    return Turn(role, str(message.content))
