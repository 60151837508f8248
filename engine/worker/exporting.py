"""Takes a network out of Tensorloom: as weights, as Python, as ONNX."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

import torch
from torch import Tensor

from engine.compile.compiler import compile_graph
from engine.compile.lent_weights import with_lent
from engine.compile.network import Network
from engine.compile.onnx_export import export_onnx
from engine.compile.python_source import source_state, write_source
from engine.compile.time_lengths import time_lengths
from engine.graph.block_type import BlockType
from engine.graph.problem import refused
from engine.graph.values import counted
from engine.modules.own_loading import code_folder
from engine.project.atomic_file import write_atomically
from engine.project.own_code import copy_along, named_files
from engine.training.checkpoint import on_cpu
from engine.training.session import Session
from engine.worker.protocol import Export

ExportKind = Literal["python", "onnx", "safetensors"]
KINDS: tuple[ExportKind, ...] = ("python", "onnx", "safetensors")


def export_network(
    network: Network,
    types: Mapping[str, BlockType],
    kind: ExportKind,
    output: Path,
    title: str,
    *,
    trained: bool = True,
) -> str:
    """Write `network` to `output`; returns a sentence on what was written.

    Python comes with its weights in a file beside it if they are `trained`, plain weights need that; ONNX has those
    that the network holds, whatever they are.
    Raises Refused `no-weights`, `disk-full`, `save-failed`, and what `export_onnx` raises.
    """
    if not trained and kind == "safetensors":
        raise refused("no-weights", file=title)
    if not output.parent.is_dir():
        raise refused("save-failed", file=output.name, reason=f"there is no folder {output.parent}")
    if kind == "python":
        return _export_python(network, types, output, title, trained)
    if kind == "safetensors":
        count = write_weights(network.readable_state(), output)
        return f"Wrote {counted(count, 'tensors')} to {output}."
    lengths = time_lengths(network.graph, types)
    with tempfile.TemporaryDirectory(prefix="tensorloom-") as folder:
        report = export_onnx(network, types, Path(folder) / output.name, lengths.time)
        for path in sorted(Path(folder).iterdir()):
            write_atomically(output.with_name(path.name), partial(_copy, path))
    said = f"Wrote {output}: {' and '.join(report.outputs)} from {' and '.join(report.inputs)}, for any batch size."
    if report.time_length is not None:
        steps = " and ".join(str(report.time_length + more) for more in sorted({0, *lengths.more.values()}))
        said += f" Sequences are {steps} steps long, as ONNX fixes the length of what reads them."
    return f"{said} onnxruntime differs from the program by {report.difference:.1e} at most."


def export_drawing(message: Export, session: Session | None, types: Mapping[str, BlockType]) -> str:
    """Write the drawing of `message` with the weights of `session`, if they fit; returns a sentence. Raises Refused.

    Works on a network of its own: the session's is left as it is.
    """
    network = compile_graph(message.graph, types, seed=message.seed)
    missing = sorted(network.state())
    learnt = False
    if session is not None:
        held = on_cpu(session.network.state())
        learnt = _has_learnt(session, held)
        if learnt or session.request.plan.seed == message.seed:
            _, missing = network.load_state(with_lent(held, session.network.lent))
    output = Path(message.path)
    said = export_network(network, types, message.kind, output, message.title, trained=not missing)
    return said + (fresh_weights(network, len(missing), learnt=learnt) if message.kind == "onnx" else "")


def fresh_weights(network: Network, missing: int, *, learnt: bool) -> str:
    """The sentence that some or all weights are those of the seed, to be added; empty where all were `learnt`."""
    count = len(network.state())
    if not count or (learnt and not missing):
        return ""
    if not learnt:
        return f" Its weights are fresh, from seed {network.seed}, as it was not trained yet."
    some = f"{missing} of its {counted(count, 'tensors')} {'is' if missing == 1 else 'are'} fresh"
    return f" {some}, from seed {network.seed}, as what was trained does not fit them."


def _has_learnt(session: Session, held: Mapping[str, Tensor]) -> bool:
    """Whether its weights are others than those that the seed gives."""
    began = session.initial_state
    return bool(session.loaded) or any(not torch.equal(held[key], tensor) for key, tensor in began.items())


def _export_python(network: Network, types: Mapping[str, BlockType], output: Path, title: str, trained: bool) -> str:
    source = write_source(network.graph, types, title)
    files = named_files(network.graph)
    if output.name in files:
        raise refused("save-failed", file=output.name, reason="a block of the drawing runs a file of that name")
    write_atomically(output, lambda stream: _write(stream, source.text.encode()))
    left = copy_along(network.graph, code_folder(), output.resolve().parent)
    own = f" It imports {' and '.join(files)}, which must lie beside it." if files else ""
    own += f" Another {' and '.join(left)} was there and was left as it is." if left else ""
    if not trained:
        return f"Wrote {output}, without weights, as it was not trained yet.{own}"
    weights = output.with_suffix(".safetensors")
    write_weights(source_state(source, network), weights)
    return f"Wrote {output} and its weights to {weights}.{own}"


def write_weights(state: Mapping[str, Tensor], output: Path) -> int:
    """Write tensors as safetensors, in the order of their names; returns how many. Raises Refused."""
    from safetensors.torch import save

    data = save({name: state[name].detach().to("cpu", copy=True).contiguous() for name in sorted(state)})
    write_atomically(output, lambda stream: _write(stream, data))
    return len(state)


def _copy(path: Path, target: BinaryIO) -> None:
    with path.open("rb") as source:
        shutil.copyfileobj(source, target)


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
