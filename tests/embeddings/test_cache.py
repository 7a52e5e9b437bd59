"""What was embedded survives kills, and damage is noticed."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from embeddings.cache import VectorCache

DIMENSION = 12


def make(count: int, seed: int = 1) -> tuple[list[bytes], np.ndarray]:
    generator = np.random.default_rng(seed)
    vectors = generator.standard_normal((count, DIMENSION)).astype(np.float32)
    return [generator.bytes(16) for _ in range(count)], vectors / np.linalg.norm(
        vectors, axis=1, keepdims=True
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors" / "model.cache"


def test_vectors_come_back_in_the_order_asked_for(path: Path) -> None:
    keys, vectors = make(50)
    cache = VectorCache(path, DIMENSION)
    cache.append(keys[:20], vectors[:20])
    cache.append([], vectors[:0])
    cache.append(keys[20:], vectors[20:])
    for opened in (cache, VectorCache(path, DIMENSION)):
        assert len(opened) == 50
        order = random.Random(1).sample(range(50), 30)
        np.testing.assert_allclose(opened.vectors([keys[row] for row in order]), vectors[order], atol=1e-3)
        assert opened.vectors([]).shape == (0, DIMENSION)
        assert b"0" * 16 not in opened
        with pytest.raises(KeyError):
            opened.vectors([b"0" * 16])


def test_a_batch_cut_short_is_dropped_and_the_file_goes_on(path: Path) -> None:
    keys, vectors = make(30)
    cache = VectorCache(path, DIMENSION)
    cache.append(keys[:10], vectors[:10])
    whole = path.stat().st_size
    cache.append(keys[10:20], vectors[10:20])
    size = path.stat().st_size
    for length in (whole + 1, whole + 44, size - 1):
        os.truncate(path, size)
        data = path.read_bytes()
        path.write_bytes(data[:length])
        opened = VectorCache(path, DIMENSION)
        assert [key in opened for key in keys[:20]] == [True] * 10 + [False] * 10
        opened.append(keys[20:], vectors[20:])
        again = VectorCache(path, DIMENSION)
        assert [key in again for key in keys] == [True] * 10 + [False] * 10 + [True] * 10
        path.write_bytes(data)


def test_no_flipped_bit_gives_another_vector_or_costs_another_batch(path: Path) -> None:
    keys, vectors = make(30)
    cache = VectorCache(path, DIMENSION)
    ends = []
    for start in (0, 10, 20):
        cache.append(keys[start : start + 10], vectors[start : start + 10])
        ends.append(path.stat().st_size)
    data = path.read_bytes()
    generator = random.Random(2)
    for _ in range(300):
        place, bit = generator.randrange(len(data)), 1 << generator.randrange(8)
        path.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
        opened = VectorCache(path, DIMENSION)
        damaged = next(number for number, end in enumerate(ends) if place < end)
        known = [row for row in range(30) if row // 10 != damaged]
        assert [row for row in range(30) if keys[row] in opened] == known
        np.testing.assert_allclose(opened.vectors([keys[row] for row in known]), vectors[known], atol=1e-3)


def test_a_file_of_another_dimension_or_kind_is_begun_anew(path: Path) -> None:
    keys, vectors = make(3)
    path.parent.mkdir()
    for content in (b"something else entirely, and long enough to hold a head of a batch", b"", b"WFV1"):
        path.write_bytes(content)
        cache = VectorCache(path, DIMENSION)
        assert len(cache) == 0
        cache.append(keys, vectors)
        assert len(VectorCache(path, DIMENSION)) == 3
    assert len(VectorCache(path, DIMENSION + 1)) == 0


def test_what_is_no_longer_needed_is_dropped_when_it_is_half(path: Path) -> None:
    keys, vectors = make(100)
    cache = VectorCache(path, DIMENSION)
    cache.append(keys, vectors)
    size = path.stat().st_size
    cache.keep(keys[:60])
    assert path.stat().st_size == size
    cache.keep([*keys[:30], *keys[:30], b"1" * 16])
    assert path.stat().st_size < size / 2
    for opened in (cache, VectorCache(path, DIMENSION)):
        assert [key in opened for key in keys] == [True] * 30 + [False] * 70
        np.testing.assert_allclose(opened.vectors(keys[:30]), vectors[:30], atol=1e-3)
    cache.keep([])
    assert len(VectorCache(path, DIMENSION)) == 0


def test_a_full_disk_leaves_the_file_as_it_was(path: Path) -> None:
    keys, vectors = make(40)
    cache = VectorCache(path, DIMENSION)
    cache.append(keys[:20], vectors[:20])
    before = path.read_bytes()
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limit[1]))
        with pytest.raises(OSError, match="File too large"):
            cache.append(keys[20:], vectors[20:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    cache.append(keys[20:], vectors[20:])
    assert len(VectorCache(path, DIMENSION)) == 40
