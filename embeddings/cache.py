"""Vectors that were computed once, by the digest of the text they are of, in one file that only grows.

What has been embedded survives a kill: vectors go to the disk batch by batch, each with a checksum, and a batch that
was cut short or damaged is as good as never written, and no other is lost with it. Knows nothing of what the texts are.

    file    batches, one after another
    batch   magic (4 bytes), rows (uint32), dimension (uint32), sha256 of the rest (32 bytes),
            keys (rows x 16 bytes), vectors (rows x dimension, float16); numbers are little endian
"""

import hashlib
import logging
import mmap
import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embeddings.encoder import FloatMatrix

KEY_BYTES = 16
MAGIC = b"WFV1"
KEPT_BATCH = 4096
"""Vectors in a batch when the file is written anew."""
_HEAD = struct.Struct("<4sII32s")

Halves = npt.NDArray[np.float16]

logger = logging.getLogger(__name__)


class VectorCache:
    """The vectors of one model. One process writes at a time; the caller sees to that."""

    def __init__(self, path: Path, dimension: int) -> None:
        """Open the file at ``path``, or begin it.

        Args:
            dimension: of every vector.

        Raises:
            OSError: the disk refused.
        """
        self.path = path
        self._dimension = dimension
        self._places: dict[bytes, tuple[int, int]] = {}
        self._batches: list[Halves] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._read()
        if path.exists() and path.stat().st_size > whole:
            os.truncate(path, whole)

    def __len__(self) -> int:
        """How many vectors there are."""
        return len(self._places)

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def vectors(self, keys: Sequence[bytes]) -> Halves:
        """The vectors of ``keys``: float16 (len(keys), dimension), in that order.

        Raises:
            KeyError: one is not there.
        """
        places = np.array([self._places[key] for key in keys], dtype=np.int64).reshape(-1, 2)
        found = np.empty((len(keys), self._dimension), dtype=np.float16)
        order = np.argsort(places[:, 0], kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(places[order, 0])) + 1):
            if len(rows):
                found[rows] = self._batches[places[rows[0], 0]][places[rows, 1]]
        return found

    def append(self, keys: Sequence[bytes], vectors: FloatMatrix | Halves) -> None:
        """Add vectors, down to the disk; they are rounded to half precision.

        Raises:
            OSError: the disk refused; nothing was added.
        """
        if not keys:
            return
        before = self.path.stat().st_size if self.path.exists() else 0
        try:
            with self.path.open("ab") as file:
                file.write(_pack(keys, vectors))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            if self.path.exists():
                os.truncate(self.path, before)
            raise
        self._remember(keys, np.asarray(vectors, dtype=np.float16))

    def keep(self, keys: Iterable[bytes]) -> None:
        """Forget all other vectors, where that halves the file.

        Raises:
            OSError: the disk refused; the file is as it was.
        """
        kept = [key for key in dict.fromkeys(keys) if key in self._places]
        if 2 * len(kept) > len(self._places):
            return
        part = self.path.with_name(self.path.name + ".part")
        part.unlink(missing_ok=True)
        smaller = VectorCache(part, self._dimension)
        for start in range(0, len(kept), KEPT_BATCH):
            batch = kept[start : start + KEPT_BATCH]
            smaller.append(batch, self.vectors(batch))
        part.touch()
        part.replace(self.path)
        self._places, self._batches = smaller._places, smaller._batches

    def _read(self) -> int:
        """Take in every whole batch; the number of bytes after which there is none."""
        if not self.path.exists() or not self.path.stat().st_size:
            return 0
        mapped = np.memmap(self.path, dtype=np.uint8, mode="r")
        whole = at = 0
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            while at >= 0:
                length = self._read_batch(content, mapped, at)
                if length:
                    whole = at = at + length
                else:  # damaged: what comes after it need not be
                    at = content.find(MAGIC, at + 1)
            if whole < len(content):
                logger.warning(
                    "%s: what stands after byte %d is no whole batch and is dropped", self.path, whole
                )
        return whole

    def _read_batch(self, content: mmap.mmap, mapped: npt.NDArray[np.uint8], at: int) -> int:
        """Take in the batch that begins at a byte; its length, or 0 where no whole one does."""
        head = content[at : at + _HEAD.size]
        if len(head) < _HEAD.size:
            return 0
        magic, rows, dimension, digest = _HEAD.unpack(head)
        start = at + _HEAD.size
        end: int = start + rows * (KEY_BYTES + 2 * dimension)
        if magic != MAGIC or dimension != self._dimension or end > len(content):
            return 0
        found = hashlib.sha256(_HEAD.pack(magic, rows, dimension, bytes(32)))
        found.update(content[start:end])
        if found.digest() != digest:
            logger.warning("%s: the batch at byte %d is damaged and will be computed again", self.path, at)
            return 0
        keys = content[start : start + rows * KEY_BYTES]
        vectors = mapped[start + rows * KEY_BYTES : end].view("<f2").reshape(rows, dimension)
        self._remember([keys[row * KEY_BYTES : (row + 1) * KEY_BYTES] for row in range(rows)], vectors)
        return end - at

    def _remember(self, keys: Sequence[bytes], vectors: Halves) -> None:
        number = len(self._batches)
        self._batches.append(vectors)
        for row, key in enumerate(keys):
            self._places[key] = (number, row)


def _pack(keys: Sequence[bytes], vectors: FloatMatrix | Halves) -> bytes:
    halves = np.ascontiguousarray(vectors, dtype="<f2")
    content = b"".join(keys) + halves.tobytes()
    head = (MAGIC, len(keys), halves.shape[1])
    digest = hashlib.sha256(_HEAD.pack(*head, bytes(32)) + content).digest()
    return _HEAD.pack(*head, digest) + content
