"""Every block type, written as ONNX, gives in onnxruntime what the program gives; or a table says why it cannot."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.compile.onnx_export import LARGEST_DIFFERENCE, PACKAGES, OnnxReport, export_onnx
from engine.compile.onnx_translations import WITHOUT_OPERATOR
from engine.compile.python_source import write_source
from engine.graph.problem import Refused
from tests.every_block.exporting import ANALYSER, first_drawing, random_inputs, run_program, together

for package in PACKAGES:
    pytest.importorskip(package, reason=f"no {package}: install the extra onnx")

STEPS = 4
"""How long the sequences are where the file has a fixed length."""
AT_ONCE = 16
"""Blocks that are exported as one drawing: torch's exporter takes half a second before it sees the first."""
EXPORTED = [
    type.id for type in BLOCK_TYPES.values() if type.role in ("layer", "container") and "own_code" not in type.traits
]
"""Inputs and borders compute nothing, predictions do without losses, and what a custom block can is its author's."""
_WRITTEN = [id for id in EXPORTED if id not in WITHOUT_OPERATOR]
BATCHES = [tuple(_WRITTEN[at : at + AT_ONCE]) for at in range(0, len(_WRITTEN), AT_ONCE)]


def _group(id: str) -> tuple[bool, bool]:
    """What must not share a file: sequences of any length with networks that unroll them."""
    fields = [block.parameters.get("fields", ()) for block in first_drawing(id).blocks.values()]
    timed = any("T" in str(field) for field in fields)
    return timed, timed and "steps_over_time" in BLOCK_TYPES[id].traits


def exported(ids: Sequence[str], folder: Path) -> tuple[Network, OnnxReport]:
    """Write the blocks as one file, and run it once more on inputs that the exporter did not see."""
    network = compile_graph(together({id: first_drawing(id) for id in ids}), BLOCK_TYPES, seed=3, analyser=ANALYSER)
    path = folder / "blocks.onnx"
    report = export_onnx(network, BLOCK_TYPES, path, STEPS)
    _compare(network, report, path)
    return network, report


def _compare(network: Network, report: OnnxReport, path: Path) -> None:
    import onnxruntime

    source = write_source(network.graph, BLOCK_TYPES, "Blocks", ANALYSER)
    steps = report.time_length or STEPS + 5
    inputs = random_inputs(network, source.inputs, batch=4, time=steps)
    expected = run_program(network, source, inputs, training=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    part = network.slice(source.outputs)
    given = dict(zip(source.inputs, inputs, strict=True))
    feed = {name: given[key].numpy() for name, key in zip(names, part.inputs, strict=True)}
    made = session.run(list(report.outputs), feed)
    for key, output, wanted in zip(source.outputs, made, expected, strict=True):
        assert output.shape == tuple(wanted.shape), key
        scale = max(1.0, float(wanted.abs().max()))
        assert np.abs(output - wanted.numpy()).max() <= LARGEST_DIFFERENCE * scale, key


def faults_of(ids: Sequence[str], folder: Path) -> dict[str, str]:
    """What is refused of blocks that are exported at once, by type: halved until one stands alone."""
    try:
        exported(ids, folder)
    except (Refused, AssertionError) as fault:
        if len(ids) == 1:
            return {ids[0]: str(fault)}
        middle = len(ids) // 2
        return faults_of(ids[:middle], folder) | faults_of(ids[middle:], folder)
    return {}


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch[0]}…{batch[-1]}")
def test_the_file_gives_what_the_program_gives(batch: tuple[str, ...], tmp_path: Path) -> None:
    groups = itertools.groupby(sorted(batch, key=_group), key=_group)
    assert [fault for _, ids in groups for fault in faults_of(list(ids), tmp_path).items()] == []


@pytest.mark.parametrize("id", WITHOUT_OPERATOR)
def test_what_cannot_be_written_is_refused_with_a_reason(id: str, tmp_path: Path) -> None:
    """Where this fails since torch has learnt it, the line leaves the table."""
    words = f"cannot be written as ONNX: {BLOCK_TYPES[id].title} {WITHOUT_OPERATOR[id]}. Export it as Python."
    with pytest.raises(Refused, match=f"{re.escape(words)}$"):
        exported([id], tmp_path)


def test_the_table_names_what_there_is() -> None:
    assert set(WITHOUT_OPERATOR) <= set(EXPORTED)
    assert len(EXPORTED) >= 170
