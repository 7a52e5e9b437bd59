"""Vectors and their nearest rows, exactly, in memory and as one file.

The only importer of faiss. Knows nothing of what a row stands for: callers keep the row numbers.
"""

import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from embeddings.encoder import FloatMatrix, IntMatrix


class VectorIndexError(Exception):
    """A file is not a whole vector index of the expected dimension; the text says which and what to do."""


class VectorIndex:
    """Exact inner product over unit vectors, float32, as built. Safe to search from several threads.

    Exact and in float32 because a folder of tens of thousands of passages is 1.5 kB a row and a few
    milliseconds a query: nothing is gained by an approximation that would have to be explained.
    """

    def __init__(self, flat: Any) -> None:  # noqa: ANN401 (faiss has no types)
        """Wrap a faiss ``IndexFlatIP``; use ``build`` or ``open``."""
        self._flat = flat

    @classmethod
    def build(cls, vectors: FloatMatrix) -> "VectorIndex":
        """Make an index of ``vectors``.

        Args:
            vectors: float32 (n, dim), n may be 0; rows of unit length, copied in this order.

        Raises:
            ValueError: ``vectors`` is not (n, dim), dim is 0, or a row is not of unit length.
        """
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] == 0:
            raise ValueError(f"vectors must be (n, dim), not {rows.shape}")
        lengths = np.linalg.norm(rows, axis=1)
        if not np.allclose(lengths, 1, atol=1e-3):  # false for NaN, too
            raise ValueError("vectors must be of unit length")
        flat = faiss.IndexFlatIP(rows.shape[1])
        flat.add(rows)
        return cls(flat)

    @classmethod
    def open(cls, path: Path, dimension: int | None = None) -> "VectorIndex":
        """Read an index that ``save`` wrote.

        Args:
            path: the file.
            dimension: what its vectors must be long, if the caller knows.

        Raises:
            VectorIndexError: the file is missing, cut short, no such index, or of another dimension.
        """
        data = _read(path)
        try:
            flat = faiss.deserialize_index(data)
        except RuntimeError as error:
            raise VectorIndexError(f"{path} is not a whole vector index. Build the index again.") from error
        if not isinstance(flat, faiss.IndexFlatIP) or data.size != _size_of(flat):
            raise VectorIndexError(f"{path} is no index that this program wrote. Build the index again.")
        if dimension is not None and flat.d != dimension:
            raise VectorIndexError(
                f"{path} holds vectors of {flat.d} numbers, not {dimension}. Build the index again."
            )
        return cls(flat)

    def save(self, path: Path) -> None:
        """Write the index to ``path`` and to the disk itself; an existing file is replaced in one step.

        The bytes go through Python's file, not faiss's, which takes a full disk for success.

        Raises:
            OSError: the disk refused.
        """
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            file.write(faiss.serialize_index(self._flat).tobytes())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def search(
        self, queries: FloatMatrix, k: int, allowed: npt.NDArray[np.int64] | None = None
    ) -> tuple[IntMatrix, FloatMatrix]:
        """Find the k rows most similar to each query by cosine.

        Args:
            queries: float32 (n, dim); rows need not be unit length and are not changed.
            k: results per query, at least 1; capped at ``len(self)``, or at the number of ``allowed`` rows.
            allowed: int64, the rows that may be found, in any order; None allows all.

        Returns:
            Row numbers int64 (n, k) and cosines float32 (n, k) in [-1, 1], best first; of equal cosines the
            lower row comes first. A query of zeros has the cosine 0 with every row.

        Raises:
            ValueError: ``queries`` is not (n, dim), ``k`` is below 1, or ``allowed`` names a row outside.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        units = _to_units(queries, self.dimension)
        chosen = None if allowed is None else self._check_rows(np.unique(allowed))
        limit = len(self) if chosen is None else len(chosen)
        k = min(k, limit)
        if k == 0 or len(units) == 0:
            return np.empty((len(units), k), np.int64), np.empty((len(units), k), np.float32)
        parameters = None if chosen is None else _only(chosen)
        wide = min(k + 1, limit)
        while True:
            cosines, rows = self._flat.search(units, wide, params=parameters)
            if wide == limit or (cosines[:, k - 1] > cosines[:, -1]).all():
                return _best(rows, np.clip(cosines, -1, 1), k)
            # faiss returns any of the rows tied for the last place: look further until all of them are in.
            wide = min(2 * wide, limit)

    def vectors(self, rows: npt.NDArray[np.int64]) -> FloatMatrix:
        """Return the vectors of ``rows``: float32 (len(rows), dim), in that order, owned by the caller.

        Raises:
            ValueError: a row is outside the index.
        """
        checked = self._check_rows(np.asarray(rows, dtype=np.int64))
        stored: FloatMatrix = self._flat.reconstruct_batch(checked)
        return stored

    def _check_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise ValueError(f"rows must lie between 0 and {len(self) - 1}")
        return rows.astype(np.int64, copy=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._flat.ntotal)

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return int(self._flat.d)


def _to_units(queries: FloatMatrix, dimension: int) -> FloatMatrix:
    rows = np.asarray(queries, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise ValueError(f"queries must be (n, {dimension}), not {rows.shape}")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise ValueError("queries must be finite")
    units: FloatMatrix = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return units


def _best(rows: IntMatrix, cosines: FloatMatrix, k: int) -> tuple[IntMatrix, FloatMatrix]:
    """Order each line by falling cosine, then by rising row, and keep k."""
    order = np.lexsort((rows, -cosines), axis=-1)[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def _only(rows: npt.NDArray[np.int64]) -> Any:  # noqa: ANN401 (faiss has no types)
    selector: Any = faiss.SearchParameters
    return selector(sel=faiss.IDSelectorBatch(rows))


def _read(path: Path) -> npt.NDArray[np.uint8]:
    try:
        return np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise VectorIndexError(
            f"Cannot read the vector index {path}: {error.strerror or error}. Build the index again."
        ) from error


def _size_of(flat: Any) -> int:  # noqa: ANN401 (faiss has no types)
    empty = faiss.serialize_index(faiss.IndexFlatIP(flat.d))
    return int(empty.size + 4 * flat.d * flat.ntotal)
