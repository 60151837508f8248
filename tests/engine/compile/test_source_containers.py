"""Containers as classes of the Python source, repeats and time as loops."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.python_source import write_source
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.values import Formula
from engine.project.drawing import Drawing
from engine.project.examples import read_example
from tests.engine.compile.loops import canonical, elman, over_time
from tests.engine.compile.sources import FIELDS, body_of, clean, replaced, residual
from tests.every_block.exporting import exported_equal


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
