"""Containers: what their new bodies hold, and what they add to them."""

from __future__ import annotations

import itertools

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.blocks.containers_drawn import inception_body
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.graph.block_type import boundary_ports
from engine.graph.edits import set_parameter
from engine.graph.graph import Graph
from engine.graph.paths import within
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)
CONTAINERS = [id for id, type in BLOCK_TYPES.items() if type.role == "container" and type.body is not None]
FIELDS = {"highway": "row: 64", "encoder": "row: 9", "decoder": "code: 32"}


def in_a_drawing(type: str, field: str = "", body: Graph | None = None, **parameters: object) -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=(field or FIELDS.get(type, "image: 16×8×8"),))
    drawn.add("box", type, body=body, **parameters)  # type: ignore[arg-type]
    drawn.chain("in", "box")
    return drawn.graph


def out(graph: Graph) -> str:
    return f"box/{boundary_ports(graph.blocks['box'].body).outputs[0].id}"


@pytest.mark.parametrize("type", CONTAINERS)
def test_a_new_container_computes_something_at_once(type: str) -> None:
    graph = in_a_drawing(type)
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert not analysis.problems, [problem.sentence for problem in analysis.problems]
    spec = analysis.specs[out(graph)]
    network = compile_graph(graph, BLOCK_TYPES)
    given = torch.randn(3, *(length for length in analysis.specs[next(iter(analysis.specs))].shape[1:]))  # type: ignore[misc]
    result = network.slice((out(graph),)).module(given)[0]
    assert tuple(result.shape[1:]) == spec.shape[1:]
    assert sum(weight.numel() for weight in network.root.parameters()) == analysis.total.parameters


@pytest.mark.parametrize("type", CONTAINERS)
def test_blocks_of_a_new_body_stand_apart(type: str) -> None:
    numbers = itertools.count()
    make = BLOCK_TYPES[type].body
    assert make is not None
    body = make(lambda: f"id{next(numbers)}")
    for one, other in itertools.combinations([block.look for block in body.blocks.values()], 2):
        assert abs(one.x - other.x) >= 144 or abs(one.y - other.y) >= 88
    for wire in body.wires:
        if body.blocks[wire.target.block].type == "delay":
            continue
        assert body.blocks[wire.source.block].look.x < body.blocks[wire.target.block].look.x


def test_a_group_hands_on_what_comes() -> None:
    graph = in_a_drawing("group")
    row = torch.randn(2, 16, 8, 8)
    assert torch.equal(compile_graph(graph, BLOCK_TYPES).slice((out(graph),)).module(row)[0], row)


@pytest.mark.parametrize("field", ["row: 64", "image: 5×6×6"])
def test_a_highway_mixes_its_input_and_its_body_by_a_gate(field: str) -> None:
    body = None
    if field.startswith("image"):
        drawn = in_a_drawing("residual", field).blocks["box"].body
        assert drawn is not None
        conv = [id for id, block in drawn.blocks.items() if block.type == "conv2d"]
        body = within(drawn, (), set_parameter, SCOPE, conv[0], "out_channels", 5)
        body = within(body, (), set_parameter, SCOPE, conv[1], "out_channels", 5)
    graph = in_a_drawing("highway", field, body)
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert not analysis.problems
    network = compile_graph(graph, BLOCK_TYPES)
    assert torch.equal(network.state()["box/gate.bias"], torch.full_like(network.state()["box/gate.bias"], -3.0))
    x = torch.randn(4, *(int(n) for n in field.split(": ")[1].split("×")))
    result, gate, h = network.slice((out(graph), "box/sigmoid/output", "box/difference/a")).module(x)
    assert torch.allclose(result, h * gate + x * (1 - gate), atol=1e-6)
    assert gate.mean() < 0.2
    opened = set_parameter(graph, SCOPE, "box", "carry_bias", 1.5)
    assert compile_graph(opened, BLOCK_TYPES).state()["box/gate.bias"][0] == 1.5


def test_a_highway_whose_body_changes_the_width_is_told_so() -> None:
    problems = Analyser(BLOCK_TYPES).analyse(in_a_drawing("highway", "row: 12")).problems
    assert [(problem.path, problem.code) for problem in problems] == [(("box",), "gated")]
    assert problems[0].sentence == (
        "Highway mixes its input N×12 with its body’s result N×64. Let the body keep the shape."
    )
    assert not problems[0].fixes


def test_an_inception_of_the_first_stage_has_the_published_weights() -> None:
    numbers = itertools.count()
    body = inception_body(lambda: f"b{next(numbers)}", (64, 96, 128, 16, 32, 32), batch_norm=False)
    analysis = Analyser(BLOCK_TYPES).analyse(in_a_drawing("inception", "image: 192×28×28", body))
    assert not analysis.problems
    assert analysis.total.parameters == 163_696
    assert str(analysis.specs[f"box/{boundary_ports(body).outputs[0].id}"]) == "N×256×28×28"
