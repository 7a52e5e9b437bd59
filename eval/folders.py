"""An index for the length of a measurement."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from embeddings.encoder import Encoder
from rag.generations import writing
from rag.indexing import index_intake
from rag.intake import Intake
from rag.records import Article
from rag.settings import Settings
from rag.store import Index


@contextmanager
def index_articles(articles: Sequence[Article], encoder: Encoder) -> Iterator[Index]:
    """Index articles in a temporary place, with the settings as they are."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        with writing(root):
            index_intake(Intake(tuple(articles), {}, {}, (), 0, 0), root, encoder, Settings())
        index = Index.open(root)
        try:
            yield index
        finally:
            index.close()
