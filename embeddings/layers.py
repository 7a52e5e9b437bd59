"""The layers of a BERT, compiled for this processor: in float32, in bfloat16, or with its products in 8 bits.

A loaded model keeps its word embeddings in torch; what comes after them, nearly all of the work, becomes one graph of
OpenVINO, which on two cores is 1.4 times as fast as torch in bfloat16 and 1.8 times with products in 8 bits
(``eval.bench.embedding``). The only importer of openvino. Knows nothing of texts and of what is made of the vectors.

Products in 8 bits need to know how large the numbers that come in can be. A few channels of a transformer are a
hundred times as large as the rest, so each channel is scaled first and its weights scaled back (SmoothQuant, Xiao
et al. 2023, arXiv:2211.10438, with a strength of 0.8). ``eval.limits`` measured the sizes once, for the packaged model.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

if TYPE_CHECKING:
    from openvino import CompiledModel, Model, Node

COMPILED = "compiled"
"""The name of our attention to ``set_attn_implementation``: it hands the mask on as it is."""
FAMILY = frozenset({"BertModel", "RobertaModel", "XLMRobertaModel"})
STRENGTH = 0.8
LEVELS = 256
MARGIN = 1.05
"""By how much numbers may outgrow those that were measured."""
STEP = 16
"""Texts are padded to a multiple of so many tokens: kernels are made anew for each shape, in 30 ms."""
KEPT_SHAPES = 32
"""How many kernels are kept for batches of the same shape; of OpenVINO's 5,000 a long run fills 600 MB."""
NO_TOKEN = -1e4
"""Added to the scores of tokens that are padding."""

FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Limit:
    """What comes into a linear layer.

    Attributes:
        scale: float32 (width,): what each channel is divided by.
        low, high: the least and the greatest number that is left then.
    """

    scale: FloatVector
    low: float
    high: float


Limits = Mapping[str, Limit]
"""By ``LAYER.INPUT``, the inputs being ``attention``, ``attended``, ``widened`` and ``narrowed``."""


def can_compile(model: torch.nn.Module) -> bool:
    """Whether a transformer is of the family that is understood here."""
    configuration = getattr(model, "config", None)
    return (
        type(model).__name__ in FAMILY
        and getattr(configuration, "hidden_act", None) == "gelu"
        and not getattr(configuration, "is_decoder", False)
    )


def compile_layers(model: Any, precision: str, limits: Limits | None = None) -> None:  # noqa: ANN401
    """Let the layers of ``model`` run in OpenVINO from now on. One thread may call it at a time.

    Args:
        model: one that ``can_compile``, on the CPU, for inference; texts are padded on the right.
        precision: ``"float32"`` or ``"bfloat16"``, of all that is not in 8 bits.
        limits: products in 8 bits, where given.
    """
    compiled = _compile(_draw(model, limits), precision)

    def forward(
        hidden_states: torch.Tensor, attention_mask: torch.Tensor | None = None, **_options: object
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        batch, tokens, width = hidden_states.shape
        padded = -(-tokens // STEP) * STEP
        values = np.zeros((batch, padded, width), np.float32)
        values[:, :tokens] = hidden_states.float().numpy()
        mask = np.full((batch, 1, 1, padded), NO_TOKEN, np.float32)
        mask[:, 0, 0, :tokens] = (
            0 if attention_mask is None else np.where(attention_mask.numpy(), 0, NO_TOKEN)
        )
        found = compiled([values, mask])[0][:, :tokens]
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=torch.from_numpy(found))

    model.set_attn_implementation(COMPILED)
    model.encoder.forward = forward
    model.encoder.layer = torch.nn.ModuleList()  # the graph has them now
    if getattr(model, "pooler", None) is not None:
        model.pooler.float()  # it gets float32


def measure_limits(model: Any, run: Callable[[], object]) -> dict[str, Limit]:  # noqa: ANN401
    """See what comes into the linear layers of ``model`` while ``run`` puts texts through it, not yet compiled."""
    least: dict[str, FloatVector] = {}
    greatest: dict[str, FloatVector] = {}

    def watch(name: str) -> Callable[..., None]:
        def look(_module: object, inputs: tuple[torch.Tensor, ...]) -> None:
            rows = inputs[0].detach().float().flatten(end_dim=-2).numpy()
            least[name] = np.minimum(rows.min(axis=0), least.get(name, np.inf))
            greatest[name] = np.maximum(rows.max(axis=0), greatest.get(name, -np.inf))

        return look

    layers = {name: modules for name, modules in _linear_layers(model)}
    hooks = [modules[0].register_forward_pre_hook(watch(name)) for name, modules in layers.items()]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    return {name: _limit(least[name], greatest[name], layers[name]) for name in layers}


def save_limits(path: Path, limits: Limits, weights: str) -> None:
    """Write limits to a file, and the digest of the weights that they belong to."""
    scales = {name: limit.scale.astype(np.float16) for name, limit in limits.items()}
    ranges = {name: [limit.low, limit.high] for name, limit in limits.items()}
    save_file(scales, path, metadata={"weights": weights, "ranges": json.dumps(ranges)})
    path.chmod(0o644)  # safetensors writes for the owner alone


def load_limits(path: Path, weights: str) -> dict[str, Limit]:
    """Read what ``save_limits`` wrote.

    Raises:
        OSError, SafetensorError: the file is missing or damaged.
        ValueError: it belongs to other weights.
    """
    with safe_open(path, framework="np") as file:
        metadata = file.metadata() or {}
        if metadata.get("weights") != weights:
            raise ValueError(f"{path.name} was made for other weights")
        ranges = json.loads(metadata["ranges"])
        return {
            name: Limit(file.get_tensor(name).astype(np.float32), *ranges[name])
            for name in file.keys()  # noqa: SIM118  not a mapping
        }


def _linear_layers(model: Any) -> Iterator[tuple[str, list[torch.nn.Linear]]]:  # noqa: ANN401
    """The linear layers of each of the four inputs of each layer."""
    for number, layer in enumerate(model.encoder.layer):
        heads = layer.attention.self
        yield f"{number}.attention", [heads.query, heads.key, heads.value]
        yield f"{number}.attended", [layer.attention.output.dense]
        yield f"{number}.widened", [layer.intermediate.dense]
        yield f"{number}.narrowed", [layer.output.dense]


def _limit(least: FloatVector, greatest: FloatVector, modules: list[torch.nn.Linear]) -> Limit:
    sizes = np.maximum(np.abs(least), np.abs(greatest)) + 1e-5
    weights = np.max([np.abs(_values(module.weight)).max(axis=0) for module in modules], axis=0) + 1e-5
    scale = sizes**STRENGTH / weights ** (1 - STRENGTH)
    scale = np.clip(scale / np.exp(np.log(scale).mean()), 0.01, 100).astype(np.float16).astype(np.float32)
    low, high = float((least / scale).min()), float((greatest / scale).max())
    return Limit(scale, MARGIN * min(low, 0.0), MARGIN * max(high, 1e-3))


# The graph.


def _draw(model: Any, limits: Limits | None) -> "Model":  # noqa: ANN401
    """The layers as a graph: (batch, tokens, width) and a mask (batch, 1, 1, tokens) -> (batch, tokens, width)."""
    from openvino import Model, Type
    from openvino import opset13 as ops

    configuration = model.config
    width, heads = configuration.hidden_size, configuration.num_attention_heads
    split, joined = (np.array(shape, np.int64) for shape in ([0, 0, heads, width // heads], [0, 0, width]))
    swap = np.array([0, 2, 1, 3], np.int64)

    def linear(values: "Node", module: torch.nn.Linear, limit: Limit | None) -> "Node":
        weight = _values(module.weight)
        if limit is None:
            kernel = ops.constant(weight, shared_memory=True)
        else:
            weight = weight * limit.scale
            step = np.maximum(np.abs(weight).max(axis=1, keepdims=True), 1e-9) / (LEVELS // 2 - 1)
            kernel = ops.convert(ops.constant(np.round(weight / step).astype(np.int8)), Type.f32)
            kernel = ops.multiply(kernel, ops.constant(step))
            low, high = (np.full((1, 1, 1), edge, np.float32) for edge in (limit.low, limit.high))
            scaled = ops.multiply(values, ops.constant(1 / limit.scale.reshape(1, 1, -1)))
            values = ops.fake_quantize(scaled, low, high, low, high, LEVELS)
        return ops.add(
            ops.matmul(values, kernel, False, True), ops.constant(_values(module.bias).reshape(1, 1, -1))
        )

    def normalize(values: "Node", module: torch.nn.LayerNorm) -> "Node":
        even = ops.mvn(values, np.array([-1], np.int64), True, module.eps, "inside_sqrt")
        gain, shift = (ops.constant(_values(each).reshape(1, 1, -1)) for each in (module.weight, module.bias))
        return ops.add(ops.multiply(even, gain), shift)

    hidden = ops.parameter([-1, -1, width], Type.f32)
    mask = ops.parameter([-1, 1, 1, -1], Type.f32)
    known = limits or {}
    values = hidden
    for number, layer in enumerate(model.encoder.layer):
        limit = known.get(f"{number}.attention")
        query, key, value = (
            ops.transpose(ops.reshape(linear(values, module, limit), split, True), swap)
            for module in (layer.attention.self.query, layer.attention.self.key, layer.attention.self.value)
        )
        attended = ops.transpose(ops.scaled_dot_product_attention(query, key, value, mask), swap)
        after = layer.attention.output
        projected = linear(ops.reshape(attended, joined, True), after.dense, known.get(f"{number}.attended"))
        values = normalize(ops.add(projected, values), after.LayerNorm)
        wide = ops.gelu(linear(values, layer.intermediate.dense, known.get(f"{number}.widened")), "erf")
        narrow = linear(wide, layer.output.dense, known.get(f"{number}.narrowed"))
        values = normalize(ops.add(narrow, values), layer.output.LayerNorm)
    return Model([values], [hidden, mask])


def _compile(graph: "Model", precision: str) -> "CompiledModel":
    from openvino import Core

    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "CPU_RUNTIME_CACHE_CAPACITY": KEPT_SHAPES,
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
    }
    return Core().compile_model(graph, "CPU", options)


def _values(tensor: torch.Tensor) -> FloatVector:
    values: FloatVector = tensor.detach().float().contiguous().numpy()
    return values


def _hand_mask_on(attention_mask: torch.Tensor | None = None, **_options: object) -> torch.Tensor | None:
    return None if attention_mask is None else attention_mask.bool()


def _never(*_arguments: object, **_options: object) -> tuple[torch.Tensor, None]:
    raise RuntimeError("the layers of this model are compiled and do not attend by themselves")


AttentionInterface.register(COMPILED, _never)
AttentionMaskInterface.register(COMPILED, _hand_mask_on)
