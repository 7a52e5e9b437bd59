"""Any sentence-transformers model as an ``Encoder``.

The only importer of sentence_transformers, and only inside the functions that need it: the import takes
seconds, and most commands decide first whether they need a model at all. Knows nothing of what is encoded.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.bundled import FOLDER_VERSION, MODEL_NAME, bundled_model_folder
from embeddings.convert import SOURCE_DIGEST
from embeddings.encoder import Encoder, EncoderError, FloatMatrix

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED = "bundled"
DTYPES = ("float32", "bfloat16", "float16", "int8")
LIMITS = Path(__file__).parent / "weights" / "encoder-limits.safetensors"
"""What the packaged model's products in 8 bits need to know; see ``embeddings.layers``."""

BATCH_BYTES = 12_000
"""UTF-8 bytes of text in one batch, padding included: about 4,000 Chinese characters or 2,600 tokens."""

CHARACTERS_PER_TOKEN = 32
"""No more of a text than this for each token the model can take is tokenized."""


def open_encoder(
    model: str = BUNDLED,
    device: str | None = None,
    dtype: str | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    compiled: bool = True,
) -> Encoder:
    """Open an embedding model; the network is used only where ``model`` is a name on the Hugging Face hub.

    Args:
        model: ``"bundled"``, a sentence-transformers folder, or a hub name.
        device: torch's name of a device; by default a CUDA device where there is one, else the CPU.
        dtype: ``"float32"``, ``"bfloat16"``, ``"float16"`` or, for the packaged model on a CPU, ``"int8"``: products
            in 8 bits. By default int8 for that model where the processor has instructions for it, else
            bfloat16 where it has those, else float32.
        query_prompt: put before each question; by default the model's own prompt ``query``.
        passage_prompt: put before each passage; by default the model's own, ``document`` or ``passage``.
        compiled: on a CPU, compile the layers of a model of BERT's family for it.

    Raises:
        EncoderError: there is no such model, it cannot be fetched or loaded, or ``dtype`` is none of these.
    """
    if dtype is not None and dtype not in DTYPES:
        raise EncoderError(f"Unknown dtype {dtype!r}. Choose one of: {', '.join(DTYPES)}.")
    device = device or default_device()
    compiled = compiled and device == "cpu"
    in_bytes = compiled and model == BUNDLED
    if dtype == "int8" and not in_bytes:
        raise EncoderError('dtype "int8" is for the packaged model on a CPU. Choose another dtype.')
    dtype = dtype or ("int8" if in_bytes and _multiplies_bytes() else default_dtype(device))
    kept = default_dtype(device) if dtype == "int8" else dtype
    folder = _find_folder(model, kept)
    loaded = _load(model, folder, device, kept)
    if compiled:
        _compile(loaded[0].auto_model, dtype)
    weights = _bundled_digest() if model == BUNDLED else _folder_digest(folder or _snapshot(model))
    if dtype == "int8":
        weights = _digest_of(weights, hashlib.sha256(LIMITS.read_bytes()).hexdigest())
    return SentenceEncoder(
        MODEL_NAME if model == BUNDLED else model,
        weights,
        loaded,
        dtype,
        query_prompt=_prompt(loaded, "query") if query_prompt is None else query_prompt,
        passage_prompt=_prompt(loaded, "document", "passage") if passage_prompt is None else passage_prompt,
    )


class SentenceEncoder:
    """A loaded sentence-transformers model. Made by ``open_encoder``.

    One call encodes at a time: the tokenizer is not safe to share, and torch uses every core anyway.
    """

    def __init__(
        self,
        name: str,
        weights: str,
        model: "SentenceTransformer",
        dtype: str,
        query_prompt: str,
        passage_prompt: str,
    ) -> None:
        """Wrap ``model``.

        Args:
            name: the model as people call it.
            weights: digest of its files.
            model: on its device.
            dtype: what it computes in, as of ``open_encoder``.
            query_prompt: put before each question.
            passage_prompt: put before each passage.
        """
        self.name = name
        self.dtype = dtype
        self.query_prompt = query_prompt
        self.passage_prompt = passage_prompt
        self.max_tokens = int(model.max_seq_length or 512)
        self.digest = _digest_of(weights, self.dtype, query_prompt, passage_prompt, str(self.max_tokens))
        self._model = model
        self._lock = threading.Lock()
        self.dimension = self._encode_batch(["?"], query_prompt).shape[1]

    @property
    def transformer(self) -> Any:  # noqa: ANN401 (of any of transformers' classes)
        """The network that turns tokens into vectors."""
        return self._model[0].auto_model

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode questions; see ``Encoder.encode_queries``."""
        return self._encode(texts, self.query_prompt, None)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> FloatMatrix:
        """Encode passages; see ``Encoder.encode_passages``."""
        return self._encode(texts, self.passage_prompt, progress)

    def _encode(
        self, texts: Sequence[str], prompt: str, progress: Callable[[int], None] | None
    ) -> FloatMatrix:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        cut = [text[: CHARACTERS_PER_TOKEN * self.max_tokens] for text in texts]
        for rows in split_batches([len(text.encode()) for text in cut], BATCH_BYTES):
            vectors[rows] = self._encode_batch([cut[row] for row in rows], prompt)
            if progress is not None:
                progress(len(rows))
        return vectors

    def _encode_batch(self, texts: list[str], prompt: str) -> FloatMatrix:
        with self._lock:
            vectors = self._model.encode(
                texts,
                prompt=prompt,
                batch_size=len(texts),
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        return np.asarray(vectors, dtype=np.float32)


def split_batches(sizes: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Group rows of like size, so that little of a batch is padding.

    A batch costs its largest size times its rows. Largest first: should memory not do, it fails at once. Rows are a
    power of two: where the layers are compiled, every shape is compiled anew.

    Args:
        sizes: one positive number per row.
        budget: the most a batch may cost, unless a single row costs more.

    Yields:
        Row numbers; every row once.
    """
    rows = sorted(range(len(sizes)), key=lambda row: -sizes[row])
    while rows:
        count = min(len(rows), max(1, budget // max(1, sizes[rows[0]])))
        count = 1 << (count.bit_length() - 1)
        yield rows[:count]
        rows = rows[count:]


# Finding and loading.


def _find_folder(model: str, dtype: str) -> Path | None:
    """Return the folder that ``model`` names, or None where it can only be a name on the hub."""
    if model == BUNDLED:
        return bundled_model_folder("bfloat16" if dtype == "bfloat16" else "float32")
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "modules.json").is_file() and not (path / "config.json").is_file():
            raise EncoderError(
                f"{model} holds no embedding model: it has neither modules.json nor config.json."
            )
        return path
    if model.startswith((".", "~", "/", os.sep)) or model.count("/") > 1 or path.exists():
        raise EncoderError(
            f"No model folder at {model}. Name a sentence-transformers folder, a model on the Hugging Face "
            f'hub, or "{BUNDLED}".'
        )
    return None


def default_device() -> str:
    """Return ``"cuda"`` where torch can use it, else ``"cpu"``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def default_dtype(device: str) -> str:
    """Return the dtype to compute in: bfloat16 where ``device`` has instructions for it, else float32.

    Without such instructions bfloat16 is emulated and slower than float32.
    """
    import torch

    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # Not in torch before 2.10; float32 is right everywhere, only slower.
    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    native = device == "cpu" and (found.get("avx512_bf16") or found.get("amx_bf16"))
    return "bfloat16" if native else "float32"


def _multiplies_bytes() -> bool:
    """Whether the processor multiplies bytes four at a time."""
    import torch

    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(found.get("avx512_vnni") or found.get("avx_vnni"))


def _load(model: str, folder: Path | None, device: str, dtype: str) -> "SentenceTransformer":
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

    # Of whichever HTTP client huggingface_hub is built on: that has changed between its releases.
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]
    from safetensors import SafetensorError

    failures = (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        ImportError,
        SafetensorError,
        HTTPError,
    )
    try:
        if folder is not None:
            loaded = _build(str(folder), device, dtype, local_files_only=True)
        else:
            loaded = _build_from_hub(model, device, dtype, failures)
    except failures as error:
        raise EncoderError(_explain(model, folder, error)) from error
    _pool_in_float32(loaded)
    return loaded


def _compile(transformer: Any, dtype: str) -> None:  # noqa: ANN401 (of any of transformers' classes)
    """Compile the layers of a transformer on a CPU, where they are of a kind that can be."""
    from safetensors import SafetensorError

    from embeddings.layers import can_compile, compile_layers, load_limits

    kept = default_dtype("cpu")
    try:
        limits = load_limits(LIMITS, SOURCE_DIGEST) if dtype == "int8" else None
        if can_compile(transformer) and dtype in ("int8", "float32", kept):
            compile_layers(transformer, kept if dtype == "int8" else dtype, limits)
    except (OSError, ImportError, KeyError, RuntimeError, SafetensorError, ValueError) as error:
        raise EncoderError(
            f"Cannot compile the model for this processor: {error}. Install the package again, or set another dtype "
            "under [embedding] in wenfeng.toml."
        ) from error


def _build(source: str, device: str, dtype: str, *, local_files_only: bool) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer

    with _quiet():
        return SentenceTransformer(
            source,
            device=device,
            local_files_only=local_files_only,
            model_kwargs={"dtype": getattr(torch, dtype)},
        )


def _build_from_hub(
    model: str, device: str, dtype: str, failures: tuple[type[Exception], ...]
) -> "SentenceTransformer":
    """Load what was fetched before, without asking the network, or else fetch it."""
    from huggingface_hub import HfApi

    try:
        return _build(model, device, dtype, local_files_only=True)
    except failures:
        # Asked once, so that a wrong name or a missing network is known in seconds: the loader would try
        # each file five times, with growing pauses.
        HfApi().model_info(_hub_names(model)[-1], timeout=10)
        return _build(model, device, dtype, local_files_only=False)


def _hub_names(model: str) -> list[str]:
    """Return the names to look ``model`` up by; sentence-transformers prefixes bare names with its own."""
    return [model] if "/" in model else [model, f"sentence-transformers/{model}"]


def _explain(model: str, folder: Path | None, error: BaseException) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".") + "."
    if folder is None:
        return (
            f"Cannot fetch the model {model!r} from the Hugging Face hub: {reason} "
            f'Check the name and the network, or set the model to a folder or to "{BUNDLED}".'
        )
    return f"Cannot load the model in {folder}: {reason} Check that the folder is whole."


def _pool_in_float32(model: "SentenceTransformer") -> None:
    """Widen the token vectors before they are averaged: a mean in bfloat16 keeps only two to three digits."""
    for module in list(model)[1:]:
        module.float()

    def widen(_module: object, _inputs: object, features: dict[str, Any]) -> dict[str, Any]:
        if "token_embeddings" in features:
            features["token_embeddings"] = features["token_embeddings"].float()
        return features

    model[0].register_forward_hook(widen)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bars and reports out of the program's own output."""
    from transformers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _prompt(model: "SentenceTransformer", *names: str) -> str:
    """Return the first of the model's prompts ``names`` that is not empty, or no prompt."""
    return next((prompt for name in names if (prompt := model.prompts.get(name))), "")


# What vectors depend on.


def _digest_of(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _bundled_digest() -> str:
    return _digest_of(MODEL_NAME, SOURCE_DIGEST, str(FOLDER_VERSION))


SAMPLES = 64
SAMPLE_BYTES = 65_536


def _folder_digest(folder: Path) -> str:
    """Digest a model's files by name, size and 64 evenly spaced samples of 64 KiB of each.

    Files up to 4 MiB are so read whole. Of larger ones, the weights, training changes nearly every value,
    which the samples cannot miss, and reading all of them would cost seconds at each start. Times of
    modification do not count: a copied folder is the same model.
    """
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in WEIGHED and path.is_file()):
        found.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        for sample in _samples(path):
            found.update(sample)
    return found.hexdigest()


WEIGHED = {".json", ".txt", ".model", ".safetensors", ".bin", ".py"}
"""Suffixes of the files that vectors depend on; not the README, nor exports for other engines."""


def _samples(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    step = max(SAMPLE_BYTES, (size - SAMPLE_BYTES) // (SAMPLES - 1))
    with path.open("rb") as file:
        for start in range(0, size, step):
            file.seek(start)
            yield file.read(SAMPLE_BYTES)


def _snapshot(model: str) -> Path:
    """Return where the hub's client keeps ``model``, which has just been loaded."""
    from huggingface_hub import try_to_load_from_cache

    for name in _hub_names(model):
        for file in ("modules.json", "config.json"):
            found = try_to_load_from_cache(name, file)
            if isinstance(found, str):
                return Path(found).parent
    raise EncoderError(
        f"Cannot find the files of {model!r} in the Hugging Face cache. Set the model to a folder."
    )
