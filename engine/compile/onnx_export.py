"""Writes the predictions of a network as ONNX, and holds the file to the program in onnxruntime before it is kept."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from engine.compile.network import Network
from engine.compile.onnx_translations import WITHOUT_OPERATOR, translations
from engine.compile.python_source import TIME_STEPS, write_source
from engine.compile.slices import Slice
from engine.graph.block_type import BlockType
from engine.graph.problem import Refused, block_words, refused
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.modules.stepping import Stepper

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
LARGEST_DIFFERENCE = 1e-4
"""How far the file may be from the program: absolutely, and for outputs above 1 as a share of the largest."""
_EXAMPLE_BATCH, _OTHER_BATCH = 2, 5


class OnnxReport(msgspec.Struct, frozen=True):
    """What was written: names in the file, the length that sequences have if it is fixed, the largest difference."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    time_length: int | None
    difference: float


def export_onnx(
    network: Network, types: Mapping[str, BlockType], path: Path, time_length: int | None = None
) -> OnnxReport:
    """Write the predictions of `network`, for any batch size, to `path`; `time_length` is that of its sequences.

    Weights of gigabytes go into a second file beside it. Sequences have any length where nothing unrolls them. The
    network is left in eval mode; torch's random state is as it was.
    Raises Refused `extra-missing`, `onnx`, `onnx-differs`, and the drawing's first error.
    """
    if any(find_spec(package) is None for package in PACKAGES):
        raise refused("extra-missing", what="Writing ONNX", extra="onnx", packages=", ".join(PACKAGES))
    outputs = _predictions(network, types)
    part = network.slice(tuple(outputs))
    specs = [network.program.specs[key] for key in part.inputs]
    inputs = tuple(node.name for node in part.module.graph.nodes if node.op == "placeholder")
    steps = time_length or TIME_STEPS
    network.root.eval()
    part.module.eval()
    random_state = torch.get_rng_state()
    timed = any(spec.has_time for spec in specs)
    recurrent = any(isinstance(module, (nn.RNNBase, Stepper)) for module in network.root.modules())
    try:
        with _quiet():
            free = timed and not recurrent and _written(part, specs, inputs, tuple(outputs.values()), steps, True, path)
            if not free:
                _write(part, specs, inputs, tuple(outputs.values()), steps, False, path)
            length = steps if timed and not free else None
            difference = _difference(part, specs, path, steps if length is not None else steps + 3)
    except Refused as fault:
        raise _blamed(fault, network, part) from fault
    finally:
        torch.set_rng_state(random_state)
    return OnnxReport(inputs, tuple(outputs.values()), length, difference)


def _blamed(fault: Refused, network: Network, part: Slice) -> Refused:
    """The same in words about a block that no file can hold, where there is one."""
    used = {node.target for node in part.module.graph.nodes if node.op == "call_module"}
    for call in network.program.calls:
        if call.target in used and call.type.id in WITHOUT_OPERATOR:
            words = block_words(call.type.title, call.block.name)
            return refused("onnx", reason=f"{words} {WITHOUT_OPERATOR[call.type.id]}")
    return fault


def _predictions(network: Network, types: Mapping[str, BlockType]) -> dict[str, str]:
    """The keys of the predictions, without a loss those of all outputs, and a name for each."""
    source = write_source(network.graph, types, "network")
    names = dict(zip(source.outputs, source.output_names, strict=True))
    aliases = network.program.aliases
    predicted = {loss.prediction for loss in network.losses}
    chosen = {key: name for key, name in names.items() if aliases[key] in predicted}
    return chosen or names


def _written(*arguments: Any) -> bool:
    """Whether it can be written for sequences of any length."""
    try:
        _write(*arguments)
    except Exception:  # noqa: BLE001 -- whatever torch.export cannot prove, a fixed length needs no proof
        return False
    return True


def _write(
    part: Slice,
    specs: list[TensorSpec],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    steps: int,
    free: bool,
    path: Path,
) -> None:
    lengths: dict[str, Any] = {"N": torch.export.Dim("N")}
    if free:
        lengths |= {"T": torch.export.Dim("T")}
    shapes = tuple(
        {
            axis: lengths[length.symbol]
            for axis, length in enumerate(spec.shape)
            if isinstance(length, Dim) and length.symbol in lengths and length.factor == 1
        }
        for spec in specs
    )
    try:
        program = torch.onnx.export(
            part.module,
            _samples(specs, _EXAMPLE_BATCH, steps),
            dynamo=True,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=shapes,
            custom_translation_table=dict(translations()),
            verbose=False,
        )
    except Exception as fault:
        raise refused("onnx", reason=_reason(fault)) from fault
    assert program is not None
    program.save(path)


def _difference(part: Slice, specs: list[TensorSpec], path: Path, steps: int) -> float:
    """The largest difference between onnxruntime and the program, over batches of several sizes."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        largest = 0.0
        for batch in (1, _OTHER_BATCH):
            samples = _samples(specs, batch, steps)
            with torch.no_grad():
                expected = part.module(*samples)
            feed = {node.name: sample.numpy() for node, sample in zip(session.get_inputs(), samples, strict=True)}
            for given, wanted in zip(session.run(None, feed), expected, strict=True):
                difference = (torch.from_numpy(given).double() - wanted.double()).abs().max().item()
                scale = max(1.0, wanted.double().abs().max().item())
                if not difference <= LARGEST_DIFFERENCE * scale:
                    raise refused("onnx-differs", difference=float(f"{difference:.2g}"))
                largest = max(largest, difference)
    except (RuntimeError, onnxruntime.capi.onnxruntime_pybind11_state.Fail) as fault:
        raise refused("onnx", reason=_reason(fault)) from fault
    return largest


def _samples(specs: list[TensorSpec], batch: int, steps: int) -> tuple[Tensor, ...]:
    """Random inputs, always the same: values in 0…1, whole numbers 0 and 1."""
    generator = torch.Generator().manual_seed(batch)
    found: list[Tensor] = []
    for spec in specs:
        shape = [length.at(steps, batch) if isinstance(length, Dim) else length for length in spec.shape]
        if spec.dtype.startswith("float"):
            found.append(torch.rand(shape, generator=generator, dtype=getattr(torch, spec.dtype)))
        else:
            found.append(torch.randint(0, 2, shape, generator=generator).to(getattr(torch, spec.dtype)))
    return tuple(found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the notices of torch's exporter, and of what it calls, about themselves."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _reason(fault: BaseException) -> str:
    """The innermost cause in a line."""
    while fault.__cause__ is not None:
        fault = fault.__cause__
    missing = re.search(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", str(fault))
    if missing is not None:
        return f"ONNX has no operator for {missing[1]}"
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return (lines[0] if lines else type(fault).__name__).rstrip(".")
