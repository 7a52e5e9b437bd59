"""Vectors and their nearest rows, in half precision, as a folder of files.

    rows.faiss     the vectors, float16, mapped into memory
    codes.faiss    one bit a number, only where there are more than ``EXACT`` rows; read

The only importer of faiss. Knows nothing of what a row stands for: callers keep the row numbers.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

import faiss
import numpy as np
import numpy.typing as npt

from embeddings.encoder import FloatMatrix, IntMatrix

EXACT = 300_000
"""Rows up to which every one of them is compared: 10 ms on two cores."""
LOOKED_AT = 20
"""For each row asked for, how many the codes name; these are compared as they are."""
LOOKED_AT_LEAST = 1000
BLOCK = 65_536
"""Rows that are brought to float32 at a time."""
LEARNT_FROM = 100_000
"""Rows, evenly spread, whose mean the codes are relative to."""

_HEAD = struct.Struct("<4siq")
"""Kind, dimension, number of vectors."""

Vectors = npt.NDArray[np.float16] | npt.NDArray[np.float32]


class VectorIndexError(Exception):
    """A file is not a whole vector index of the expected dimension; the text says which and what to do."""


class VectorIndex:
    """Inner product over unit vectors in half precision, which moves a cosine by less than 0.001.

    Exact up to ``EXACT`` rows, and always among ``allowed`` rows. Beyond, codes of one bit a number (RaBitQ, Gao and
    Long 2024, doi:10.1145/3654970) name ``LOOKED_AT`` times as many rows as are asked for, which are then compared
    as they are (``eval.bench.size`` measures how many of the nearest are found). Unlike a graph or clusters the
    codes need no training, and hardly change when rows are added.
    Safe to search from several threads.
    """

    def __init__(self, rows: Any, codes: Any | None) -> None:  # noqa: ANN401 (faiss has no types)
        """Wrap a flat ``IndexScalarQuantizer`` and an ``IndexRaBitQFastScan``; use ``build`` or ``open``."""
        self._rows = rows
        self._codes = codes

    @classmethod
    def build(cls, vectors: Vectors, exact: int = EXACT) -> Self:
        """Make an index of ``vectors``.

        Args:
            vectors: float16 or float32 (n, dim), n may be 0; rows of unit length, copied in this order.
            exact: rows up to which there are no codes.

        Raises:
            ValueError: ``vectors`` is not (n, dim), dim is 0, or a row is not of unit length.
        """
        if vectors.ndim != 2 or vectors.shape[1] == 0:
            raise ValueError(f"vectors must be (n, dim), not {vectors.shape}")
        rows = _empty_rows(vectors.shape[1])
        codes = None
        if len(vectors) > exact:
            codes = faiss.IndexRaBitQFastScan(vectors.shape[1], faiss.METRIC_INNER_PRODUCT)
            sample = vectors[:: -(-len(vectors) // LEARNT_FROM)]
            codes.train(np.ascontiguousarray(sample, dtype=np.float32))
        for block in _blocks(vectors):
            if not np.allclose(np.linalg.norm(block, axis=1), 1, atol=1e-3):  # false for NaN, too
                raise ValueError("vectors must be of unit length")
            rows.add(block)
            if codes is not None:
                codes.add(block)
        return cls(rows, codes)

    @classmethod
    def open(cls, folder: Path, dimension: int | None = None) -> Self:
        """Map into memory what ``save`` wrote.

        Args:
            folder: of the files.
            dimension: what its vectors must be long, if the caller knows.

        Raises:
            VectorIndexError: a file is missing, cut short, no such index, or of another dimension.
        """
        rows = _map_rows(folder / "rows.faiss")
        if dimension is not None and rows.d != dimension:
            raise VectorIndexError(
                f"{folder} holds vectors of {rows.d} numbers, not {dimension}. Build the index again."
            )
        codes = None
        if (folder / "codes.faiss").exists():
            codes = _read_codes(folder / "codes.faiss")
            if (
                type(codes) is not faiss.IndexRaBitQFastScan
                or codes.ntotal != rows.ntotal
                or codes.d != rows.d
            ):
                raise _not_whole(folder / "codes.faiss")
        return cls(rows, codes)

    def save(self, folder: Path) -> None:
        """Write the index into ``folder``, which is made, and to the disk itself.

        The bytes go through Python's files, not faiss's, which take a full disk for success.

        Raises:
            OSError: the disk refused.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _write(self._rows, folder / "rows.faiss")
        if self._codes is not None:
            _write(self._codes, folder / "codes.faiss")

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
        named = max(LOOKED_AT * k, LOOKED_AT_LEAST)
        if self._codes is not None and chosen is None and named < limit:
            return self._search_codes(units, k, named)
        return self._search_rows(units, k, limit, None if chosen is None else _only(chosen))

    def _search_rows(
        self,
        units: FloatMatrix,
        k: int,
        limit: int,
        parameters: Any,  # noqa: ANN401 (faiss has no types)
    ) -> tuple[IntMatrix, FloatMatrix]:
        wide = min(k + 1, limit)
        while True:
            cosines, rows = self._rows.search(units, wide, params=parameters)
            if wide == limit or (cosines[:, k - 1] > cosines[:, -1]).all():
                return _best(rows, np.clip(cosines, -1, 1), k)
            # faiss returns any of the rows tied for the last place: look further until all of them are in.
            wide = min(2 * wide, limit)

    def _search_codes(self, units: FloatMatrix, k: int, named: int) -> tuple[IntMatrix, FloatMatrix]:
        _, rows = self._codes.search(units, named)  # type: ignore[union-attr]
        cosines = np.stack([self.vectors(near) @ unit for near, unit in zip(rows, units, strict=True)])
        return _best(rows, np.clip(cosines, -1, 1), k)

    def vectors(self, rows: npt.NDArray[np.int64]) -> FloatMatrix:
        """Return the vectors of ``rows``: float32 (len(rows), dim), in that order, owned by the caller.

        Raises:
            ValueError: a row is outside the index.
        """
        checked = self._check_rows(np.asarray(rows, dtype=np.int64))
        stored: FloatMatrix = self._rows.reconstruct_batch(checked)
        return stored

    def _check_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise ValueError(f"rows must lie between 0 and {len(self) - 1}")
        return rows.astype(np.int64, copy=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._rows.ntotal)

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return int(self._rows.d)


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


def _blocks(vectors: Vectors) -> Iterator[FloatMatrix]:
    for start in range(0, len(vectors), BLOCK):
        yield np.ascontiguousarray(vectors[start : start + BLOCK], dtype=np.float32)


def _empty_rows(dimension: int) -> Any:  # noqa: ANN401 (faiss has no types)
    return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _map_rows(path: Path) -> Any:  # noqa: ANN401 (faiss has no types)
    """Map a file of vectors into memory. faiss dies of a header that is not whole, so it is looked at first."""
    with _opened(path) as file:
        head = file.read(_HEAD.size)
    if len(head) == _HEAD.size:
        kind, dimension, count = _HEAD.unpack(head)
        whole = _header(dimension, count) if kind == b"IxSQ" and 0 < dimension < 2**16 and count >= 0 else b""
        with _opened(path) as file:
            if (
                whole
                and file.read(len(whole)) == whole
                and path.stat().st_size == len(whole) + 2 * dimension * count
            ):
                try:
                    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
                except RuntimeError as error:
                    raise _not_whole(path) from error
    raise _not_whole(path)


def _header(dimension: int, count: int) -> bytes:
    """What stands before the vectors in a file."""
    empty = faiss.serialize_index(_empty_rows(dimension)).tobytes()
    kind, _, _ = _HEAD.unpack(empty[: _HEAD.size])
    return bytes(
        _HEAD.pack(kind, dimension, count) + empty[_HEAD.size : -8] + struct.pack("<Q", 2 * dimension * count)
    )


def _read_codes(path: Path) -> Any:  # noqa: ANN401 (faiss has no types)
    with _opened(path) as file:
        data = np.frombuffer(file.read(), dtype=np.uint8)
    try:
        return faiss.deserialize_index(data)
    except RuntimeError as error:
        raise _not_whole(path) from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise VectorIndexError(
            f"Cannot read the vector index {path}: {error.strerror or error}. Build the index again."
        ) from error


def _write(index: Any, path: Path) -> None:  # noqa: ANN401 (faiss has no types)
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]
        file.flush()
        os.fsync(file.fileno())


def _not_whole(path: Path) -> VectorIndexError:
    return VectorIndexError(f"{path} is not a whole vector index of this program. Build the index again.")
