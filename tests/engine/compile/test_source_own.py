"""Own Python in a written file: it imports the user's file and gives the program's bits and gradients."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.python_source import source_state, write_source
from engine.graph.graph import Graph
from engine.graph.problem import Refused
from engine.graph.values import Value
from engine.modules.own_loading import permit
from engine.project.drawing import Drawing
from engine.project.own_code import hash_of
from tests.every_block.exporting import ruff_complaints

TEXT = """
import torch
from torch import nn


def square(x, by=1.0):
    return by * x * x


def square_backward(gradient, x, by=1.0):
    return gradient * 2 * by * x


def halves(x):
    return x[:, :3], x[:, 3:].exp()


class Wide(nn.Module):
    def __init__(self, width=4, name="a"):
        super().__init__()
        self.dense = nn.Linear(6, width)

    def forward(self, x):
        return torch.tanh(self.dense(x))


class Scale:
    def __init__(self, by=2.0):
        self.by = by

    def forward(self, x):
        return self.by * x

    def backward(self, gradient, x):
        return self.by * gradient
"""


@pytest.fixture
def draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Graph]]:
    """Draws six numbers through a dense block and one of one's own."""

    def draw(
        definition: str, outputs: tuple[str, ...] = ("y",), file: str = "written_own.py", **parameters: Value
    ) -> Graph:
        (tmp_path / file).write_text(TEXT)
        permit(tmp_path, [hash_of(TEXT.encode())])
        drawing = Drawing(BLOCK_TYPES)
        drawing.add("in", "input", fields=("x: 6 float32",))
        drawing.add("dense", "dense", out_features=6)
        drawing.add("own", "custom", name="own", file=file, definition=definition, outputs=outputs, **parameters)
        drawing.chain("in.x", "dense", "own")
        return drawing.graph

    monkeypatch.syspath_prepend(str(tmp_path))
    yield draw
    permit(None, ())
    sys.modules.pop("written_own", None)


def module_in(path: Path) -> torch.nn.Module:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load_weights(path.with_suffix(".safetensors"))


@pytest.mark.parametrize(
    ("definition", "parameters", "line"),
    [
        ("square", {"settings": ("by=3",)}, "OwnBlock(written_own.square, written_own.square_backward, by=3)"),
        ("halves", {"outputs": ("left", "right")}, "OwnBlock(written_own.halves)"),
        ("Wide", {"settings": ("width=5", "name=wide")}, 'OwnBlock(written_own.Wide(width=5, name="wide"))'),
        ("Scale", {}, "OwnBlock(written_own.Scale())"),
    ],
)
def test_bits_and_gradients_are_the_programs(draw, tmp_path, definition, parameters, line) -> None:
    graph = draw(definition, **parameters)
    network = compile_graph(graph, BLOCK_TYPES, seed=3)
    source = write_source(graph, BLOCK_TYPES, "Net")
    assert line in source.text
    assert "\nimport written_own\n" in source.text
    path = tmp_path / "net_of_own.py"
    path.write_text(source.text)
    save_file(
        {name: tensor.detach().clone() for name, tensor in source_state(source, network).items()},
        path.with_suffix(".safetensors"),
    )
    module, part = module_in(path), network.slice(source.outputs)
    x = torch.rand(3, 6)
    found = module(x)
    found = found if isinstance(found, tuple) else (found,)
    wanted = part.module(x)
    assert len(found) == len(wanted)
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))
    sum(one.sum() for one in found).backward()
    sum(one.sum() for one in wanted).backward()
    state = dict(network.root.named_parameters())
    for name, weight in module.named_parameters():
        assert torch.equal(weight.grad, state[name].grad), name
    (tmp_path / "written_own.py").touch()
    assert ruff_complaints(path) == ""


@pytest.mark.parametrize("file", ["torch.py", "my-block.py", "class.py", "json.py"])
def test_a_file_that_no_import_can_name_is_refused(draw, file: str) -> None:
    graph = draw("square", file=file)
    with pytest.raises(Refused, match="cannot import under that name"):
        write_source(graph, BLOCK_TYPES, "Net")
