"""An index for the length of a measurement."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from embeddings.encoder import Encoder
from rag.indexing import index_intake, refresh_index
from rag.intake import Intake
from rag.records import Article
from rag.settings import Settings
from rag.store import Index, writing


@contextmanager
def index_articles(
    articles: Sequence[Article] | None,
    encoder: Encoder,
    folder: Path | None = None,
    settings: Settings | None = None,
) -> Iterator[Index]:
    """Index articles, or the articles of a folder, in a temporary place."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        with writing(root):
            if articles is None:
                if folder is None:
                    raise ValueError("name articles or a folder")
                refresh_index(folder, root, encoder, settings or Settings())
            else:
                intake = Intake(tuple(articles), {}, (), 0, 0)
                index_intake(intake, root, encoder, settings or Settings())
        index = Index.open(root)
        try:
            yield index
        finally:
            index.close()
