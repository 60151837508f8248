"""Drawings of any block, and what a written file says of them, against the program."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from types import ModuleType

import msgspec
import torch
from torch import Tensor

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.compile.python_source import Source, source_state, write_source
from engine.graph.block_type import BlockType
from engine.graph.edits import add_block, connect
from engine.graph.graph import Block, Graph, PortRef, sorted_wires
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value

ROOT = Path(__file__).resolve().parents[2]
_numbers = count(1)
ANALYSER = Analyser(BLOCK_TYPES)
"""Remembers what it found, so that tests of all blocks ask torch once."""


def exported_equal(graph: Graph, *, training: bool = False, batch: int = 3, time: int = 7, classes: int = 2) -> Source:
    """Write `graph`, run the file, and assert that it gives the program's outputs to the last bit.

    `training` compares in training mode, from one random state. Returns what was written.
    """
    network = compile_graph(graph, BLOCK_TYPES, seed=3, analyser=ANALYSER)
    source = write_source(graph, BLOCK_TYPES, "Written network", ANALYSER)
    module = with_weights(source, network)
    inputs = random_inputs(network, source.inputs, batch, time, classes)
    expected = run_program(network, source, inputs, training)
    module.train(training)
    torch.manual_seed(5)
    with torch.no_grad():
        given = module(*inputs)
    outputs = given if isinstance(given, tuple) else (given,)
    assert len(outputs) == len(expected)
    for key, output, wanted in zip(source.outputs, outputs, expected, strict=True):
        assert output.dtype == wanted.dtype, key
        assert torch.equal(output, wanted) or torch.equal(output.nan_to_num(), wanted.nan_to_num()), key
    return source


def ruff_complaints(*files: Path) -> str:
    """What ruff says of files, or of all in a folder: under the rules of this project, and under its own alone."""
    house = ("--config", str(ROOT / "pyproject.toml"))
    complaints = ""
    for command in (("check", *house), ("format", "--diff", *house), ("check", "--isolated")):
        words = [sys.executable, "-m", "ruff", *command, "--no-cache", *map(str, files)]
        ran = subprocess.run(words, capture_output=True, text=True, cwd=files[0].parent)
        complaints += (ran.stdout or ran.stderr) if ran.returncode else ""
    return complaints


def with_weights(source: Source, network: Network) -> torch.nn.Module:
    """What the written file makes of the network's weights."""
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory(prefix="tensorloom-") as folder:
        path = Path(folder) / "weights.safetensors"
        save_file({name: tensor.detach().clone() for name, tensor in source_state(source, network).items()}, path)
        module: torch.nn.Module = loaded(source.text).load_weights(path)
    return module


def loaded(text: str) -> ModuleType:
    """The module that a written file is."""
    with tempfile.TemporaryDirectory(prefix="tensorloom-") as folder:
        path = Path(folder) / f"written_{next(_numbers)}.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def run_program(network: Network, source: Source, inputs: tuple[Tensor, ...], training: bool) -> tuple[Tensor, ...]:
    """The program's own outputs for what the written file takes."""
    part = network.slice(source.outputs)
    given = dict(zip(source.inputs, inputs, strict=True))
    network.root.train(training)
    torch.manual_seed(5)
    state = {key: value.clone() for key, value in network.state().items()}
    with torch.no_grad():
        outputs = part.module(*(given[key] for key in part.inputs))
        for key, value in network.state().items():
            value.copy_(state[key])
    return tuple(outputs)


def random_inputs(
    network: Network, keys: tuple[str, ...], batch: int = 3, time: int = 7, classes: int = 2
) -> tuple[Tensor, ...]:
    """A batch for each input, from a generator of its own: values in 0…1, whole numbers below `classes`."""
    generator = torch.Generator().manual_seed(11)
    return tuple(_random(network.program.specs[key], batch, time, classes, generator) for key in keys)


def _random(spec: TensorSpec, batch: int, time: int, classes: int, generator: torch.Generator) -> Tensor:
    lengths = {"N": batch, "T": time, "T′": time}
    shape = [length.factor * lengths[length.symbol] if isinstance(length, Dim) else length for length in spec.shape]
    if spec.dtype.startswith("int"):
        return torch.randint(0, classes, shape, generator=generator)
    return torch.rand(shape, generator=generator)


def drawing_of(type: BlockType, parameters: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Graph | None:
    """A block, each port fed by an Input of its own; None where no dataset can bring such a tensor.

    Losses stand alone: their inputs are what the file returns and is told.
    """
    scope = Scope(types=BLOCK_TYPES)
    given = {
        parameter.id: parameters[parameter.id]
        for parameter in type.parameters
        if parameters[parameter.id] != parameter.default
    }
    numbers = count(1)
    body = type.body(lambda: f"{type.id}-{next(numbers)}") if type.body is not None else None
    graph = add_block(Graph(), scope, Block("b", type.id, type.title, given, body=body))
    for port, spec in inputs.items():
        if any(isinstance(length, Dim) and length != Dim("T") for length in spec.shape[1:]):
            return None
        shape = "×".join(str(length) for length in spec.shape[1:])
        if not shape and spec.dtype != "int64":
            return None
        promise = f"x: {shape} {spec.dtype}" if shape else "x: 2 classes"
        graph = add_block(graph, scope, Block(f"in-{port}", "input", "Input", {"fields": (promise,)}))
        graph = connect(graph, scope, PortRef(f"in-{port}", "x"), PortRef("b", port))
    return graph


def has_errors(graph: Graph) -> bool:
    """Whether analysis finds what would make a run fail."""
    return any(problem.severity == "error" for problem in ANALYSER.analyse(graph).problems)


@cache
def first_drawing(id: str) -> Graph:
    """The block with its default parameters, if need be with others, on the first Inputs that it takes."""
    from tests.every_block.cases import cases

    type = BLOCK_TYPES[id]
    for parameters, inputs in container_cases(type) if type.role == "container" else cases(type):
        graph = drawing_of(type, parameters, inputs)
        if graph is not None and not has_errors(graph):
            return graph
    raise AssertionError(f"no case of {id} can be drawn")


def container_cases(type: BlockType) -> Iterable[tuple[dict[str, Value], dict[str, TensorSpec]]]:
    """All parameter sets of a container on all inputs, the same at each port of the body that it begins with."""
    from tests.every_block.cases import SPECS, parameter_sets

    numbers = count(1)
    body = type.body(lambda: f"{type.id}-{next(numbers)}") if type.body is not None else None
    for parameters in parameter_sets(type):
        ports = type.ports(parameters, body).inputs
        yield from ((parameters, {port.id: spec for port in ports}) for spec in SPECS.values() if spec.rank > 1)


def together(drawings: Mapping[str, Graph]) -> Graph:
    """Several drawings as one, side by side; the ids of the blocks of each begin with its key."""
    blocks: dict[str, Block] = {}
    wires = []
    for key, graph in drawings.items():
        for block in graph.blocks.values():
            name = BLOCK_TYPES[key].title if block.type != "input" else "Input"
            blocks[f"{key}-{block.id}"] = msgspec.structs.replace(block, id=f"{key}-{block.id}", name=name)
        for wire in graph.wires:
            source, target = (
                msgspec.structs.replace(end, block=f"{key}-{end.block}") for end in (wire.source, wire.target)
            )
            wires.append(msgspec.structs.replace(wire, source=source, target=target))
    return Graph(blocks=blocks, wires=sorted_wires(wires))
