"""A drawing as Python source: what a person would write, and the same bits."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.initialisers import INITIALISERS, initialise
from engine.compile.python_source import write_source
from engine.compile.source_initialisers import initialiser_lines
from engine.graph.edits import set_parameter
from engine.graph.graph import Block, Graph, Initialiser, Learning, PortRef, Weights, Wire, sorted_wires
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from engine.project.examples import example_ids, read_example
from tests.engine.compile.sources import FIELDS, body_of, chain, clean, replaced, residual
from tests.every_block.exporting import (
    exported_equal,
    loaded,
    random_inputs,
    ruff_complaints,
    run_program,
    with_weights,
)

RUN = """
import sys, runpy, torch, importlib.util
from safetensors.torch import load_file, save_file
made = {}
for name in sys.argv[2:]:
    spec = importlib.util.spec_from_file_location(name, f"{sys.argv[1]}/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.load_weights(f"{sys.argv[1]}/{name}.safetensors")
    given = load_file(f"{sys.argv[1]}/{name}.inputs")
    with torch.no_grad():
        out = model(*(given[str(number)].clone() for number in range(len(given))))
    outputs = out if isinstance(out, tuple) else (out,)
    made.update({f"{name}.{number}": output.contiguous() for number, output in enumerate(outputs)})
    runpy.run_path(f"{sys.argv[1]}/{name}.py", run_name="__main__")
save_file(made, f"{sys.argv[1]}/made")
assert not [name for name in sys.modules if name.split(".")[0] in ("engine", "app", "graph_editor")]
"""


def test_every_example_gives_the_same_bits_in_a_process_of_its_own_and_is_clean(tmp_path: Path) -> None:
    expected: dict[str, torch.Tensor] = {}
    for id in example_ids():
        project = read_example(id)
        network = compile_graph(project.graph, BLOCK_TYPES, seed=4)
        source = write_source(project.graph, BLOCK_TYPES, id.replace("-", " "))
        (tmp_path / f"{id}.py").write_text(source.text, encoding="utf-8")
        state = {name: tensor.contiguous() for name, tensor in network.readable_state().items()}
        save_file(state, tmp_path / f"{id}.safetensors")
        inputs = random_inputs(network, source.inputs)
        save_file({str(number): tensor for number, tensor in enumerate(inputs)}, tmp_path / f"{id}.inputs")
        outputs = run_program(network, source, inputs, training=False)
        expected.update({f"{id}.{number}": output for number, output in enumerate(outputs)})
    command = [sys.executable, "-P", "-c", RUN, str(tmp_path), *example_ids()]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == "(1, 10)"
    made = load_file(tmp_path / "made")
    assert made.keys() == expected.keys()
    for name, output in expected.items():
        assert torch.equal(made[name], output), name
    assert ruff_complaints(*tmp_path.glob("*.py")) == ""


def test_the_source_is_what_a_person_writes(tmp_path: Path) -> None:
    drawn = chain(
        ("convolution", "conv2d", {"out_channels": 16, "kernel_size": (3, 3)}),
        ("pool", "max_pool2d", {}),
        ("flatten", "flatten", {}),
        ("dense", "dense", {"out_features": 10}),
    )
    text = write_source(drawn.graph, BLOCK_TYPES, "My digits-net").text
    assert "class MyDigitsNet(nn.Module):" in text
    assert "self.convolution = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=3, padding=1)\n" in text
    assert "self.max_pool = nn.MaxPool2d(kernel_size=2)\n" in text
    assert "self.flatten = nn.Flatten()\n" in text
    assert "    def forward(self, image: Tensor) -> Tensor:\n        x = self.convolution(image)\n" in text
    assert "        return self.dense(x)\n" in text
    assert "def compute_loss(logits: Tensor, label: Tensor) -> Tensor:" in text
    assert "return functional.cross_entropy(logits, label)\n" in text
    assert clean(text, tmp_path) == ""
    assert text == write_source(drawn.graph, BLOCK_TYPES, "My digits-net").text


def test_the_loss_of_the_file_is_the_loss_of_the_program() -> None:
    project = read_example("moons-boundary")
    network = compile_graph(project.graph, BLOCK_TYPES, seed=4)
    source = write_source(project.graph, BLOCK_TYPES, "Moons")
    written = loaded(source.text)
    model = with_weights(source, network)
    part = network.training_slice()
    tensors = random_inputs(network, part.inputs)
    total, _, (prediction,) = part.module(*tensors)
    given = dict(zip(part.inputs, tensors, strict=True))
    target = next(given[key] for key in part.inputs if key not in source.inputs)
    outputs = model(*(given[key] for key in source.inputs))
    assert torch.equal(outputs, prediction)
    assert torch.equal(written.compute_loss(outputs, target), total)


def test_several_losses_are_weighted_and_what_they_read_is_returned(tmp_path: Path) -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    drawn.add("flat", "flatten")
    drawn.add("code", "dense", name="Code", out_features=8)
    drawn.add("class", "dense", name="class", out_features=10)
    drawn.add("back", "dense", name="Back", out_features=64)
    drawn.add("loss", "cross_entropy")
    drawn.add("other", "squared_error", name="Reconstruction", weight=0.25)
    drawn.chain("in.image", "flat", "code", "class", "loss.logits")
    drawn.wire("in.label", "loss.target")
    drawn.chain("code", "back", "other.prediction")
    drawn.wire("flat", "other.target")
    source = exported_equal(drawn.graph)
    assert source.outputs == ("class/output", "back/output", "flat/output")
    assert "-> tuple[Tensor, Tensor, Tensor]:" in source.text
    assert "return cross_entropy + reconstruction * 0.25\n" in source.text
    assert clean(source.text, tmp_path) == ""
    network = compile_graph(drawn.graph, BLOCK_TYPES, seed=3)
    part = network.training_slice()
    image, label = random_inputs(network, part.inputs)
    written = loaded(source.text)
    model = with_weights(source, network)
    assert torch.equal(written.compute_loss(*model(image), label), part.module(image, label)[0])


def test_bypassed_and_idle_blocks_vanish_and_the_weights_still_load(tmp_path: Path) -> None:
    drawn = chain(("flat", "flatten", {}), ("drop", "dropout", {}), ("dense", "dense", {"out_features": 10}))
    drawn.add("aside", "dense", name="Aside", out_features=3)
    drawn.wire("flat", "aside")
    graph = replaced(drawn.graph, "drop", bypassed=True)
    source = exported_equal(graph)
    assert "dropout" not in source.text
    assert "aside" not in source.text
    network = compile_graph(graph, BLOCK_TYPES)
    save_file(network.readable_state(), tmp_path / "all.safetensors")
    model = loaded(source.text).load_weights(tmp_path / "all.safetensors")
    assert torch.equal(model.dense.weight, network.block("dense").weight)
    assert clean(source.text, tmp_path) == ""


def test_dropout_and_batch_norm_give_the_same_bits_in_training_too() -> None:
    drawn = chain(
        ("convolution", "conv2d", {"out_channels": 4}),
        ("norm", "batch_norm2d", {}),
        ("flat", "flatten", {}),
        ("drop", "dropout", {}),
        ("dense", "dense", {"out_features": 10}),
    )
    exported_equal(drawn.graph, training=True)


def test_shared_weights_call_the_same_attribute_again() -> None:
    drawn = chain(
        ("flat", "flatten", {}),
        ("first", "dense", {"out_features": 64, "name": "Twin"}),
        ("relu", "relu", {}),
        ("second", "dense", {"out_features": 64}),
        ("last", "dense", {"out_features": 10, "name": "Last"}),
    )
    source = exported_equal(replaced(drawn.graph, "second", weights=Weights("first")))
    assert source.text.count("nn.Linear") == 2
    assert source.text.count("self.twin(") == 2


def test_weights_of_an_enclosing_body_are_handed_to_forward() -> None:
    inner = body_of(Block("d", "dense", "Dense", {"out_features": 6}, weights=Weights("wide")), Block("r", "relu", "R"))
    drawn = residual(inner)
    drawn.add("wide", "dense", name="Wide", out_features=6)
    drawn.wire("owner", "wide")
    source = exported_equal(drawn.graph)
    assert "def forward(self, x: Tensor, wide: nn.Linear) -> Tensor:" in source.text
    assert "self.box(x, self.wide)" in source.text


def test_what_is_written_as_an_expression_is_not_handed_to_forward() -> None:
    body = body_of(Block("d", "add", "Sum", weights=Weights("wide")))
    into_sum = [Wire(PortRef("enter", "output"), PortRef("d", port)) for port in ("a", "b")]
    kept = [wire for wire in body.wires if wire.target.block != "d"]
    drawn = residual(msgspec.structs.replace(body, wires=sorted_wires([*kept, *into_sum])))
    drawn.add("wide", "add")
    drawn.wire("owner", "wide.a")
    drawn.wire("owner", "wide.b")
    assert "def forward(self, x: Tensor) -> Tensor:" in exported_equal(drawn.graph).text


def test_a_loss_inside_a_container_gets_its_tensor_out() -> None:
    body = body_of(Block("d", "dense", "Dense", {"out_features": 6}), Block("r", "relu", "ReLU"))
    blocks = {**body.blocks, "p": Block("p", "activity_l1", "Penalty")}
    wires = sorted_wires([*body.wires, Wire(PortRef("d", "output"), PortRef("p", "input"))])
    source = exported_equal(residual(Graph(blocks, wires)).graph)
    assert source.outputs == ("last/output", "box/d/output", "twin/d/output")


def test_frozen_blocks_and_initialisers_are_written() -> None:
    drawn = chain(("flat", "flatten", {}), ("dense", "dense", {"out_features": 10}))
    learning = Learning({"weight": Initialiser("normal", {"std": 0.5}), "bias": Initialiser("zeros")}, frozen=True)
    source = exported_equal(replaced(drawn.graph, "dense", learning=learning))
    model = getattr(loaded(source.text), source.name)()
    assert not any(weight.requires_grad for weight in model.parameters())
    assert model.dense.bias.abs().sum() == 0
    assert 0.4 < float(model.dense.weight.std()) < 0.6


@pytest.mark.parametrize("shape", [(6, 4), (5,), (4, 2, 3, 3)])
@pytest.mark.parametrize("name", INITIALISERS)
def test_a_written_initialiser_draws_the_same_numbers(name: str, shape: tuple[int, ...]) -> None:
    initialiser = Initialiser(name, {"std": 0.3, "bound": 0.2, "value": 0.7})
    lines = "\n".join(initialiser_lines("weight", shape, initialiser))
    head = "import torch\nfrom torch import nn\n\n\ndef start(weight: torch.Tensor) -> None:\n"
    mine, theirs = torch.empty(shape), torch.empty(shape)
    torch.manual_seed(1)
    loaded(head + lines).start(mine)
    torch.manual_seed(1)
    initialise(theirs, initialiser)
    assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    "name", ["torch", "nn", "x", "self", "load weights", "Tensor", "_", "2 layers", "class", "nn 2"]
)
def test_any_name_of_a_block_can_be_written(name: str, tmp_path: Path) -> None:
    drawn = chain(("flat", "flatten", {}), ("dense", "dense", {"out_features": 10, "name": name}))
    drawn.add("more", "dense", name=name, out_features=10)
    drawn.add("sum", "add")
    drawn.wire("flat", "more")
    graph = set_parameter(drawn.graph, Scope(types=BLOCK_TYPES), "sum", "inputs", 2)
    wires = [wire for wire in graph.wires if wire.target.block != "loss" or wire.target.port != "logits"]
    wires += [
        Wire(PortRef("dense", "output"), PortRef("sum", "a")),
        Wire(PortRef("more", "output"), PortRef("sum", "b")),
        Wire(PortRef("sum", "output"), PortRef("loss", "logits")),
    ]
    source = exported_equal(msgspec.structs.replace(graph, wires=sorted_wires(wires)))
    assert clean(source.text, tmp_path) == ""


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("ünï", "Uni"),
        ("LeNet-5", "LeNet5"),
        ("réseau à 3 couches", "ReseauA3Couches"),
        ("Größe", "Grosse"),
        ("smørrebrød", "Smorrebrod"),
        ("u\u0308ber", "Uber"),
        ("сеть", "Network"),
        ("сеть 5", "Network5"),
        ("数字 N", "Network"),
        ("２ｘ２", "Network2x2"),
        ("", "Network"),
        ("5 layers", "Network5Layers"),
    ],
)
def test_the_class_is_called_as_the_project_in_plain_letters(title: str, name: str) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3 float32",))
    drawing.add("dense", "dense", out_features=2)
    drawing.chain("in", "dense")
    text = write_source(drawing.graph, BLOCK_TYPES, title).text
    assert f"class {name}(nn.Module):" in text
    ast.parse(text)


@pytest.mark.parametrize("title", ["", "3 layers", "Größe \"x\"\n'''\\", "LSTM", "Tensor", "nn", "None", "a" * 200])
def test_any_title_can_be_written(title: str, tmp_path: Path) -> None:
    source = write_source(read_example("sequence-lstm").graph, BLOCK_TYPES, title)
    getattr(loaded(source.text), source.name)()
    if len(title) < 100:
        assert clean(source.text, tmp_path) == ""


def test_a_drawing_with_errors_is_refused() -> None:
    with pytest.raises(Refused, match="Dense expects"):
        write_source(chain(("dense", "dense", {"out_features": 10})).graph, BLOCK_TYPES, "Net")


def test_a_drawing_without_a_loss_returns_what_nothing_reads() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 1×8×8",))
    drawn.add("flat", "flatten")
    drawn.add("a", "dense", name="A", out_features=3)
    drawn.add("b", "dense", name="B", out_features=4)
    drawn.chain("in", "flat", "a")
    drawn.wire("flat", "b")
    source = exported_equal(drawn.graph)
    assert source.outputs == ("a/output", "b/output")
    assert "compute_loss" not in source.text


@pytest.mark.parametrize("inside", [False, True])
def test_transposed_weights_are_one_tensor(inside: bool, tmp_path: Path) -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 1×8×8",))
    drawn.add("flat", "flatten")
    drawn.add("encoder", "dense", name="Encoder", out_features=6)
    decoder = Block("decoder", "dense", "Decoder", {"out_features": 64}, weights=Weights("encoder", transposed=True))
    if inside:
        drawn.add("box", "group", name="Box", body=body_of(decoder, Block("r", "sigmoid", "Sigmoid")))
        drawn.chain("in", "flat", "encoder", "box")
        graph = drawn.graph
    else:
        drawn.add("decoder", "dense", name="Decoder", out_features=64)
        drawn.chain("in", "flat", "encoder", "decoder")
        graph = replaced(drawn.graph, "decoder", weights=decoder.weights)
    source = exported_equal(graph)
    model = getattr(loaded(source.text), source.name)()
    holder = model.box.decoder if inside else model.decoder
    assert holder.weight is model.encoder.weight
    assert len(list(model.parameters())) == 3
    assert clean(source.text, tmp_path) == ""
