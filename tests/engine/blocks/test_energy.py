"""What a convolutional RBM that pools takes and gives, in a drawing, in Python, in ONNX and in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.onnx_export import PACKAGES, export_onnx
from engine.compile.probing import construct
from engine.graph.analysis import Analysis
from engine.graph.graph import Graph, decode_graph, encode_graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value
from engine.project.drawing import Drawing
from tests.every_block.exporting import ANALYSER, exported_equal

CRBM = BLOCK_TYPES["conv_rbm"]


def drawn(promise: str, *machines: dict[str, Value]) -> Graph:
    """An Input of one field and convolutional RBMs m0, m1 … one behind the other."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=(promise,))
    for number, parameters in enumerate(machines):
        drawing.add(f"m{number}", "conv_rbm", **parameters)
    drawing.chain("in", *(f"m{number}" for number in range(len(machines))))
    return drawing.graph


def told(promise: str, *machines: dict[str, Value]) -> Analysis:
    return ANALYSER.analyse(drawn(promise, *machines))


def faults(found: Analysis) -> list[str]:
    return [problem.sentence for problem in found.problems if problem.severity == "error"]


@pytest.mark.parametrize(
    ("promise", "parameters", "made"),
    [
        ("image: 1×28×28", {"kernel_size": (5, 5), "pool": 2}, "N×16×12×12"),
        ("image: 1×28×28", {"kernel_size": (5, 5), "pool": 1}, "N×16×24×24"),
        ("image: 3×12×9", {"hidden": 4, "kernel_size": (1, 4), "pool": 3}, "N×4×4×2"),
        ("image: 2×6×6", {"kernel_size": (3, 3), "pool": 4}, "N×16×1×1"),
    ],
)
def test_analysis_tells_the_shape_of_the_pooling_units(promise: str, parameters: dict[str, Value], made: str) -> None:
    found = told(promise, parameters)
    assert faults(found) == []
    assert str(found.specs["m0/output"]) == made


@pytest.mark.parametrize(
    ("pool", "line"), [(1, "8 maps · 5×5"), (2, "8 maps · 5×5 · pool 2"), (7, "8 maps · 5×5 · pool 7")]
)
def test_its_second_line_says_how_it_pools_where_it_does(pool: int, line: str) -> None:
    assert CRBM.second_line({"hidden": 8, "kernel_size": (5, 5), "pool": pool}, {}) == line


def test_two_stacked_are_a_convolutional_deep_belief_network() -> None:
    first: dict[str, Value] = {"hidden": 9, "kernel_size": (7, 7), "pool": 2}
    found = told("image: 1×28×28", first, {"hidden": 12, "kernel_size": (4, 4), "pool": 2})
    assert faults(found) == []
    assert [str(found.specs[f"m{number}/output"]) for number in (0, 1)] == ["N×9×11×11", "N×12×4×4"]
    assert [found.costs[f"m{number}"].parameters for number in (0, 1)] == [9 * 49 + 9 + 1, 12 * 9 * 16 + 12 + 9]


@pytest.mark.parametrize(
    ("promise", "parameters", "maps", "wanted"),
    [
        ("image: 1×28×27", {"kernel_size": (5, 5), "pool": 2}, "5×5 filters leave 24×23", "28×26"),
        ("image: 1×28×28", {"kernel_size": (5, 4), "pool": 5}, "5×4 filters leave 24×25", "24×28"),
        ("image: 1×8×8", {"kernel_size": (7, 3), "pool": 4}, "7×3 filters leave 2×6", "10×6"),
    ],
)
def test_maps_that_blocks_do_not_fill_are_refused(
    promise: str, parameters: dict[str, Value], maps: str, wanted: str
) -> None:
    found = told(promise, parameters)
    picture = promise.removeprefix("image: ")
    assert faults(found) == [
        f"Convolutional RBM expects a picture whose hidden maps have sides of a multiple of {parameters['pool']} "
        f"but receives N×{picture} from “Input”. Its {maps}. "
        f"Crop or pad the picture to {wanted}, or change Kernel or Pool."
    ]
    assert "m0/output" not in found.specs
    assert faults(told(f"image: 1×{wanted}", parameters)) == []
    assert faults(told(promise, {**parameters, "pool": 1})) == []


def test_pictures_as_long_as_a_sequence_are_pooled_by_none() -> None:
    spec = TensorSpec((Dim("N"), 1, Dim("T"), 6), "float32")
    defaults = {parameter.id: parameter.default for parameter in CRBM.parameters}
    assert CRBM.expect(defaults, {"input": spec}) is None
    mismatch = CRBM.expect({**defaults, "pool": 2}, {"input": spec})
    assert mismatch is not None
    assert mismatch.facts["expected"] == "pictures of a fixed size"


def test_without_pooling_nothing_of_it_is_written() -> None:
    spec = TensorSpec((Dim("N"), 1, 8, 8), "float32")
    defaults = {parameter.id: parameter.default for parameter in CRBM.parameters}
    assert CRBM.arguments(defaults, {"input": spec}) == {"visible": 1, "hidden": 16, "kernel_size": (3, 3)}
    assert construct(CRBM, {**defaults, "pool": 3}, {"input": spec}).pool == 3


def test_the_written_python_gives_the_same_bits() -> None:
    graph = drawn("image: 2×13×9", {"hidden": 5, "kernel_size": (2, 4), "pool": 3}, {"kernel_size": (1, 1), "pool": 2})
    source = exported_equal(graph)
    assert "kernel_size=(2, 4), pool=3)" in source.text
    assert source.text.count("class ConvRBM") == 1


def test_onnx_gives_the_same_numbers(tmp_path: Path) -> None:
    for package in PACKAGES:
        pytest.importorskip(package, reason=f"no {package}: install the extra onnx")
    import onnxruntime

    graph = drawn("image: 1×8×8", {"hidden": 5, "pool": 2})
    network = compile_graph(graph, BLOCK_TYPES, seed=2)
    with torch.no_grad():
        network.block("m0").weight.mul_(100)
    report = export_onnx(network, BLOCK_TYPES, tmp_path / "net.onnx")
    assert report.difference < 1e-5
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    for batch in (1, 6):
        image = np.random.default_rng(batch).random((batch, 1, 8, 8), dtype=np.float32)
        (given,) = session.run(None, {session.get_inputs()[0].name: image})
        with torch.no_grad():
            wanted = network.slice(("m0/output",)).module(torch.from_numpy(image))[0].numpy()
        assert given.shape == (batch, 5, 3, 3)
        np.testing.assert_allclose(given, wanted, atol=1e-5)


def test_a_file_keeps_the_pool() -> None:
    graph = drawn("image: 1×8×8", {"pool": 2})
    again = decode_graph(encode_graph(graph))
    assert again == graph
    assert again.blocks["m0"].parameters == {"pool": 2}
