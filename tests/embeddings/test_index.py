import resource
import signal
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import FloatMatrix, IntMatrix
from embeddings.index import VectorIndex, VectorIndexError

DIMENSION = 16


def unit_rows(count: int, seed: int, dimension: int = DIMENSION) -> FloatMatrix:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    halves = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    return np.asarray(halves, dtype=np.float32)  # such as the index keeps


def brute_force(
    vectors: FloatMatrix, queries: FloatMatrix, k: int, allowed: npt.NDArray[np.int64] | None = None
) -> tuple[IntMatrix, FloatMatrix]:
    """Every cosine, sorted; float64, so that it owes nothing to the code under test."""
    rows = np.arange(len(vectors)) if allowed is None else np.unique(allowed)
    wide = queries.astype(np.float64)
    cosines = wide / np.linalg.norm(wide, axis=1, keepdims=True) @ vectors[rows].astype(np.float64).T
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return rows[order], np.take_along_axis(cosines, order, axis=1).clip(-1, 1).astype(np.float32)


@given(
    count=st.integers(1, 200),
    questions=st.sampled_from([1, 3, 40]),  # faiss changes its kernel at twenty queries
    k=st.integers(1, 250),
    seed=st.integers(0, 10_000),
    share=st.sampled_from([None, 0.0, 0.1, 0.6, 1.0]),
)
def test_search_equals_brute_force(
    count: int, questions: int, k: int, seed: int, share: float | None
) -> None:
    chance = np.random.default_rng(seed)
    vectors = unit_rows(count, seed)
    queries = chance.normal(size=(questions, DIMENSION)).astype(np.float32) * 7
    before = queries.copy()
    allowed = None if share is None else np.flatnonzero(chance.random(count) < share)
    rows, cosines = VectorIndex.build(vectors).search(queries, k, allowed)
    expected_rows, expected_cosines = brute_force(vectors, queries, k, allowed)
    assert rows.dtype == np.int64
    assert cosines.dtype == np.float32
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(cosines, expected_cosines, atol=1e-6)
    np.testing.assert_array_equal(queries, before)


@given(copies=st.integers(2, 40), k=st.integers(1, 50))
def test_equal_cosines_come_by_row_number(copies: int, k: int) -> None:
    vectors = np.tile(np.eye(2, DIMENSION, dtype=np.float32), (copies, 1))
    rows, cosines = VectorIndex.build(vectors).search(vectors[:1], k)
    expected = [*range(0, 2 * copies, 2), *range(1, 2 * copies, 2)][:k]
    assert rows[0].tolist() == expected
    assert cosines[0].tolist() == [1.0 if row % 2 == 0 else 0.0 for row in expected]


def test_k_is_capped_at_the_rows_there_are() -> None:
    index = VectorIndex.build(unit_rows(5, 1))
    assert index.search(unit_rows(2, 2), 9)[0].shape == (2, 5)
    assert index.search(unit_rows(2, 2), 9, np.array([4, 1, 4]))[0].shape == (2, 2)
    assert index.search(unit_rows(2, 2), 9, np.array([], dtype=np.int64))[0].shape == (2, 0)
    assert index.search(unit_rows(0, 2), 3)[1].shape == (0, 3)


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = VectorIndex.build(np.empty((0, DIMENSION), dtype=np.float32))
    index.save(tmp_path / "empty")
    opened = VectorIndex.open(tmp_path / "empty")
    assert (len(opened), opened.dimension) == (0, DIMENSION)
    assert opened.search(unit_rows(1, 1), 3)[0].shape == (1, 0)
    assert opened.vectors(np.array([], dtype=np.int64)).shape == (0, DIMENSION)


def test_cosines_never_leave_their_range() -> None:
    vectors = unit_rows(500, 3, 384)
    cosines = VectorIndex.build(vectors).search(np.concatenate([vectors, -vectors]), 500)[1]
    assert cosines.max() <= 1
    assert cosines.min() >= -1


def test_a_query_of_zeros_has_no_direction() -> None:
    rows, cosines = VectorIndex.build(unit_rows(4, 1)).search(np.zeros((1, DIMENSION), np.float32), 3)
    assert rows.tolist() == [[0, 1, 2]]
    assert cosines.tolist() == [[0, 0, 0]]


def test_vectors_come_back_as_they_went_in_and_are_the_callers_own() -> None:
    vectors = unit_rows(30, 4)
    index = VectorIndex.build(vectors)
    wanted = np.array([7, 0, 29, 7])
    found = index.vectors(wanted)
    np.testing.assert_array_equal(found, vectors[wanted])
    found[:] = 0
    np.testing.assert_array_equal(index.vectors(wanted), vectors[wanted])


def test_a_saved_index_opens_as_it_was(tmp_path: Path) -> None:
    vectors, queries = unit_rows(300, 5), unit_rows(7, 6)
    index = VectorIndex.build(vectors)
    index.save(tmp_path / "vectors")
    opened = VectorIndex.open(tmp_path / "vectors", dimension=DIMENSION)
    assert len(opened) == 300
    for before, after in zip(index.search(queries, 11), opened.search(queries, 11), strict=True):
        np.testing.assert_array_equal(before, after)
    assert [path.name for path in (tmp_path / "vectors").iterdir()] == ["rows.faiss"]


@pytest.mark.parametrize(
    ("queries", "k", "allowed", "message"),
    [
        (unit_rows(1, 1), 0, None, "k must be at least 1, not 0"),
        (unit_rows(1, 1, 8), 1, None, r"queries must be \(n, 16\), not \(1, 8\)"),
        (unit_rows(1, 1)[0], 1, None, r"queries must be \(n, 16\), not \(16,\)"),
        (np.full((1, DIMENSION), np.nan, np.float32), 1, None, "queries must be finite"),
        (unit_rows(1, 1), 1, np.array([3, 5]), "rows must lie between 0 and 4"),
        (unit_rows(1, 1), 1, np.array([-1]), "rows must lie between 0 and 4"),
    ],
)
def test_a_callers_mistake_is_a_value_error(
    queries: FloatMatrix, k: int, allowed: npt.NDArray[np.int64] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        VectorIndex.build(unit_rows(5, 1)).search(queries, k, allowed)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (unit_rows(5, 1)[0], r"vectors must be \(n, dim\), not \(16,\)"),
        (np.empty((3, 0), np.float32), r"vectors must be \(n, dim\), not \(3, 0\)"),
        (2 * unit_rows(5, 1), "vectors must be of unit length"),
        (np.full((1, 4), np.nan, np.float32), "vectors must be of unit length"),
    ],
)
def test_only_unit_rows_are_taken(vectors: FloatMatrix, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VectorIndex.build(vectors)


def test_a_row_outside_the_index_has_no_vector() -> None:
    with pytest.raises(ValueError, match="rows must lie between 0 and 4"):
        VectorIndex.build(unit_rows(5, 1)).vectors(np.array([5]))


# More rows than are compared one by one.


@pytest.fixture(scope="module")
def large() -> tuple[VectorIndex, FloatMatrix]:
    """An index with codes, and its vectors: near each other, as those of a language model are."""
    vectors = unit_rows(20_000, 7, 128) + 0.3 * unit_rows(1, 8, 128)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    return VectorIndex.build(vectors, exact=10_000), vectors


def test_codes_lose_next_to_nothing(large: tuple[VectorIndex, FloatMatrix]) -> None:
    index, vectors = large
    queries = vectors[::1000] + 0.05 * unit_rows(20, 9, 128)
    rows, cosines = index.search(queries, 10)
    expected, _ = brute_force(vectors, queries, 10)
    assert np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(rows, expected, strict=True)]) >= 0.98
    units = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    np.testing.assert_allclose(cosines, np.einsum("nd,nkd->nk", units, vectors[rows]), atol=1e-5)
    assert (np.diff(cosines) <= 0).all()


def test_filtered_rows_are_compared_one_by_one(large: tuple[VectorIndex, FloatMatrix]) -> None:
    index, vectors = large
    allowed = np.arange(5, 20_000, 7)
    rows, _ = index.search(vectors[:9], 40, allowed)
    np.testing.assert_array_equal(rows, brute_force(vectors, vectors[:9], 40, allowed)[0])
    assert index.search(vectors[:1], 20_000)[0].shape == (1, 20_000)


def test_saved_codes_open_as_they_were(large: tuple[VectorIndex, FloatMatrix], tmp_path: Path) -> None:
    index, vectors = large
    index.save(tmp_path / "vectors")
    opened = VectorIndex.open(tmp_path / "vectors", dimension=128)
    for before, after in zip(index.search(vectors[:5], 9), opened.search(vectors[:5], 9), strict=True):
        np.testing.assert_array_equal(before, after)
    codes = tmp_path / "vectors" / "codes.faiss"
    whole = codes.read_bytes()
    for content in (
        whole[:-40],
        whole[: len(whole) // 2],
        b"",
        (tmp_path / "vectors" / "rows.faiss").read_bytes(),
    ):
        codes.write_bytes(content)
        with pytest.raises(VectorIndexError, match="Build the index again"):
            VectorIndex.open(tmp_path / "vectors")


# Files.


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    VectorIndex.build(unit_rows(9, 1)).save(tmp_path)
    whole = (tmp_path / "rows.faiss").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "rows.faiss").write_bytes(whole[:size])
        with pytest.raises(VectorIndexError, match=r"Build the index again"):
            VectorIndex.open(tmp_path)


def test_a_file_with_something_after_it_is_refused(tmp_path: Path) -> None:
    VectorIndex.build(unit_rows(9, 1)).save(tmp_path)
    with (tmp_path / "rows.faiss").open("ab") as file:
        file.write(b"more")
    with pytest.raises(VectorIndexError, match="is not a whole vector index of this program"):
        VectorIndex.open(tmp_path)


def test_what_is_no_such_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.faiss").write_text("碳中和" * 100, encoding="utf-8")
    with pytest.raises(VectorIndexError, match="is not a whole vector index"):
        VectorIndex.open(tmp_path)
    for other in (
        faiss.IndexFlatL2(DIMENSION),
        faiss.IndexScalarQuantizer(DIMENSION, faiss.ScalarQuantizer.QT_bf16),
    ):
        other.add(unit_rows(3, 1))
        faiss.write_index(other, str(tmp_path / "rows.faiss"))
        with pytest.raises(VectorIndexError, match="is not a whole vector index of this program"):
            VectorIndex.open(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VectorIndexError, match=r"Cannot read the vector index .*: No such file or directory"):
        VectorIndex.open(tmp_path / "nothing")


def test_another_dimension_is_refused(tmp_path: Path) -> None:
    VectorIndex.build(unit_rows(9, 1)).save(tmp_path)
    with pytest.raises(VectorIndexError, match="holds vectors of 16 numbers, not 384"):
        VectorIndex.open(tmp_path, dimension=384)


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        VectorIndex.build(unit_rows(9, 1)).save(tmp_path / "file" / "vectors")


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
        with pytest.raises(OSError, match="File too large"):
            VectorIndex.build(unit_rows(3000, 1)).save(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
