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
from engine.graph.graph import Block, Graph, Initialiser, Learning, Look, PortRef, Weights, Wire, sorted_wires
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.values import Formula
from engine.project.drawing import Drawing
from engine.project.examples import example_ids, read_example
from tests.engine.compile.test_recurrent_container import canonical, elman
from tests.engine.compile.test_recurrent_container import drawn as over_time
from tests.every_block.exporting import (
    exported_equal,
    loaded,
    random_inputs,
    ruff_complaints,
    run_program,
    with_weights,
)

FIELDS = ("image: 1×8×8", "label: 10 classes")


def clean(text: str, folder: Path) -> str:
    path = folder / "written.py"
    path.write_text(text, encoding="utf-8")
    return ruff_complaints(path)


def replaced(graph: Graph, id: str, **changes: object) -> Graph:
    block = msgspec.structs.replace(graph.blocks[id], **changes)
    return msgspec.structs.replace(graph, blocks={**graph.blocks, id: block})


def chain(*blocks: tuple[str, str, dict]) -> Drawing:
    """Input, the blocks, a cross-entropy."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    for id, type, parameters in blocks:
        drawn.add(id, type, **parameters)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", *(id for id, _, _ in blocks), "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


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


def residual(body: Graph) -> Drawing:
    """Input, flatten, dense to 6, a Residual around `body`, dense to 10."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    drawn.add("flat", "flatten")
    drawn.add("owner", "dense", name="Owner", out_features=6)
    drawn.add("box", "residual", name="Box", body=body)
    drawn.add("twin", "residual", name="Twin", body=body)
    drawn.add("last", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "owner", "box", "twin", "last", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


def body_of(*blocks: Block, entry: str = "enter", exit: str = "leave") -> Graph:
    ids = [entry, *(block.id for block in blocks), exit]
    found = (Block(entry, "entry", "Entry"), *blocks, Block(exit, "exit", "Exit", look=Look(9, 0)))
    wires = [Wire(PortRef(a, "output"), PortRef(b, "input")) for a, b in zip(ids, ids[1:], strict=False)]
    return Graph({block.id: block for block in found}, sorted_wires(wires))


def test_equal_containers_share_a_class_and_different_ones_do_not() -> None:
    body = body_of(Block("d", "dense", "Dense", {"out_features": 6}), Block("r", "relu", "ReLU"))
    drawn = residual(body)
    source = exported_equal(drawn.graph)
    assert source.text.count("(nn.Module):") == 2
    assert source.text.count(" = Residual()") == 2
    lines = source.lines
    text = source.text.splitlines()
    assert lines["box/d"] == lines["twin/d"]
    assert [text[first - 1].strip() for first, _ in lines["box/d"]] == [
        "self.dense = nn.Linear(in_features=6, out_features=6)",
        "y = self.dense(x)",
    ]
    assert [text[first - 1] for first, _ in lines["box"]] == [
        "class Residual(nn.Module):",
        "        self.box = Residual()",
        "        x = self.box(x)",
    ]
    assert text[lines["loss"][0][0] - 1] == "    return functional.cross_entropy(logits, label)"
    other = body_of(Block("d", "dense", "Dense", {"out_features": 6, "bias": False}), Block("r", "relu", "ReLU"))
    assert exported_equal(replaced(drawn.graph, "twin", body=other)).text.count("(nn.Module):") == 3


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


def repeated(body: Graph, count: int = 3) -> Drawing:
    """Input, flatten, dense to 6, a Repeat of `body`, dense to 10."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    drawn.add("flat", "flatten")
    drawn.add("first", "dense", name="First", out_features=6)
    drawn.add("times", "repeat", name="Stage", body=body, count=count)
    drawn.add("last", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "first", "times", "last", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


def test_a_repeat_becomes_a_loop_over_copies_of_one_class(tmp_path: Path) -> None:
    body = body_of(Block("d", "dense", "Dense", {"out_features": 6}), Block("r", "relu", "ReLU"))
    source = exported_equal(repeated(body).graph)
    assert "self.stage = nn.ModuleList(Stage() for _ in range(3))\n" in source.text
    assert "        for block in self.stage:\n            x = block(x)\n" in source.text
    assert source.text.count("(nn.Module):") == 2
    lines = source.lines
    assert lines["times/d"] == lines["times/0/d"] == lines["times/2/d"]
    assert clean(source.text, tmp_path) == ""


def test_copies_that_differ_in_numbers_are_told_them(tmp_path: Path) -> None:
    body = body_of(Block("d", "dense", "Dense", {"out_features": Formula("8 * 2**i")}), Block("r", "relu", "ReLU"))
    source = exported_equal(repeated(body).graph)
    assert "    def __init__(self, in_features: int, out_features: int) -> None:\n" in source.text
    assert "        self.dense = nn.Linear(in_features=in_features, out_features=out_features)\n" in source.text
    assert [line.strip(" ,") for line in source.text.splitlines() if line.strip().startswith("Stage(")] == [
        "Stage(in_features=6, out_features=8)",
        "Stage(in_features=8, out_features=16)",
        "Stage(in_features=16, out_features=32)",
    ]
    assert source.text.count("(nn.Module):") == 2
    assert clean(source.text, tmp_path) == ""


def test_copies_that_differ_otherwise_have_classes_of_their_own() -> None:
    body = body_of(Block("d", "dropout", "Dropout", {"p": Formula("0.1 * (i + 1)")}), Block("r", "relu", "ReLU"))
    source = exported_equal(repeated(body).graph)
    assert "self.stage = nn.ModuleList([Stage(), Stage2(), Stage3()])\n" in source.text


def test_a_class_with_a_part_inside_hands_numbers_on() -> None:
    inner = body_of(Block("d", "dense", "Dense"), Block("r", "relu", "ReLU"), entry="input", exit="output")
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    drawn.add("flat", "flatten")
    for id, name, width in (("a", "Stage 1", 16), ("b", "Stage 2", 8), ("c", "Stage 3", 16)):
        parts = replaced(inner, "d", parameters={"out_features": width})
        body = body_of(
            Block("wide", "dense", "Wide", {"out_features": 2 * width}), Block("part", "group", "Part", body=parts)
        )
        drawn.add(id, "group", name=name, body=body)
    drawn.add("last", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "a", "b", "c", "last", "loss.logits")
    drawn.wire("in.label", "loss.target")
    source = exported_equal(drawn.graph)
    assert "class Stage(nn.Module):" in source.text
    assert "        self.part = Part(in_features=wide_features, out_features=part_features)\n" in source.text
    lines = source.lines
    assert lines["a/wide"] == lines["b/wide"] == lines["c/wide"]


def test_reference_networks_have_the_classes_of_a_person() -> None:
    resnet = write_source(read_example("resnet-50").graph, BLOCK_TYPES, "ResNet-50").text
    assert resnet.count("(nn.Module):") == 7
    assert "def __init__(self, channels: int, convolution_1_channels: int) -> None:" in resnet
    assert "Blocks(channels=256, convolution_1_channels=64) for _ in range(2)" in resnet
    googlenet = write_source(read_example("googlenet").graph, BLOCK_TYPES, "GoogLeNet").text
    assert googlenet.count("class Inception") == 1
    assert googlenet.count(" = Inception(") == 9


def test_a_class_takes_no_more_numbers_than_one_can_read() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    drawn.add("flat", "flatten")
    for id, first in (("a", 20), ("b", 40)):
        chain = [Block(f"d{n}", "dense", f"Dense {n}", {"out_features": first + n}) for n in range(10)]
        drawn.add(id, "group", name=id.upper(), body=body_of(*chain))
    drawn.add("last", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "a", "b", "last", "loss.logits")
    drawn.wire("in.label", "loss.target")
    source = exported_equal(drawn.graph)
    assert "        self.a = A()\n        self.b = B()\n" in source.text


def test_a_repeat_beside_a_skip_keeps_what_goes_round_it() -> None:
    body = body_of(Block("d", "dense", "Dense", {"out_features": 6}), Block("r", "relu", "ReLU"))
    drawn = repeated(body)
    drawn.add("sum", "add")
    wires = [wire for wire in drawn.graph.wires if wire.target.block != "last"]
    wires += [
        Wire(PortRef("times", "leave"), PortRef("sum", "a")),
        Wire(PortRef("first", "output"), PortRef("sum", "b")),
        Wire(PortRef("sum", "output"), PortRef("last", "input")),
    ]
    source = exported_equal(msgspec.structs.replace(drawn.graph, wires=sorted_wires(wires)))
    assert (
        "        x = first\n        for block in self.stage:\n            x = block(x)\n        x = x + first\n"
        in source.text
    )


def test_losses_inside_a_repeat_get_their_tensors_out() -> None:
    body = body_of(Block("d", "dense", "Dense", {"out_features": 6}), Block("r", "relu", "ReLU"))
    blocks = {**body.blocks, "p": Block("p", "activity_l1", "Penalty")}
    wires = sorted_wires([*body.wires, Wire(PortRef("d", "output"), PortRef("p", "input"))])
    source = exported_equal(repeated(Graph(blocks, wires), 2).graph)
    assert source.outputs == ("last/output", "times/0/d/output", "times/1/d/output")
    assert "self.stage[1](" in source.text


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


def delays() -> Graph:
    """Delays that feed each other, one of them leaving as it is."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("a", "delay", name="A")
    body.add("b", "delay", name="B", k=2)
    body.add("c", "delay", name="C")
    body.add("w", "dense", name="W", out_features=6)
    body.add("sum", "add", inputs=3)
    body.add("y", "exit", at=(0, 0))
    body.add("z", "exit", at=(0, 9))
    body.chain("x", "a", "b", "c")
    body.chain("a", "sum.a")
    body.chain("b", "sum.b")
    body.chain("c", "sum.c")
    body.chain("sum", "w", "y")
    body.chain("c", "z")
    return body.graph


@pytest.mark.parametrize("body", [elman(), canonical(), delays()], ids=["elman", "canonical", "delays"])
@pytest.mark.parametrize("output", ["all steps", "last step"])
def test_a_recurrent_becomes_a_loop_over_time(body: Graph, output: str, tmp_path: Path) -> None:
    source = exported_equal(over_time(body, output=output))
    assert "in sequence.unbind(1):" in source.text
    assert clean(source.text, tmp_path) == ""
    assert len(source.lines["loop/w"]) == 2
