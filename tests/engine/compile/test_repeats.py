"""Repeat: copies with weights of their own, the running index, and what the canvas is told of a copy."""

from __future__ import annotations

import msgspec
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.graph.paths import within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.values import Formula
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def body(*blocks: Block, prefix: str = "") -> Graph:
    """Entry, the blocks one behind the other, Exit."""
    chain = [Block(f"{prefix}en", "entry", "Entry"), *blocks, Block(f"{prefix}ex", "exit", "Exit")]
    wires = []
    for first, second in zip(chain, chain[1:], strict=False):
        out = BLOCK_TYPES[first.type].ports_of(first).outputs[0].id
        wires.append(
            Wire(PortRef(first.id, out), PortRef(second.id, BLOCK_TYPES[second.type].ports_of(second).inputs[0].id))
        )
    return Graph(blocks={block.id: block for block in chain}, wires=sorted_wires(wires))


def stack(inner: Graph, count: int, type: str = "repeat", field: str = "row: 8", **parameters: object) -> Graph:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=(field,))
    drawn.add("rep", type, name="Stack", body=inner, count=count, **parameters)  # type: ignore[arg-type]
    drawn.chain("in", "rep")
    return drawn.graph


def dense(units: object = 8, id: str = "d") -> Block:
    return Block(id, "dense", "Hidden", {"out_features": units})  # type: ignore[dict-item]


def shapes(analysis: Analysis) -> dict[str, str]:
    return {key: str(spec) for key, spec in analysis.specs.items()}


def test_each_copy_has_weights_and_a_path_of_its_own() -> None:
    graph = stack(body(dense(), Block("r", "relu", "ReLU")), 3)
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert not analysis.problems
    assert analysis.total.parameters == analysis.costs["rep"].parameters == 3 * 72
    assert [analysis.costs[f"rep/{copy}/d"].parameters for copy in range(3)] == [72] * 3
    network = compile_graph(graph, BLOCK_TYPES)
    assert list(network.readable_state()) == [
        f"stack.{copy}.hidden.{name}" for copy in range(3) for name in ("weight", "bias")
    ]
    assert "rep/2/d.bias" in network.state()
    assert not torch.equal(network.state()["rep/0/d.weight"], network.state()["rep/1/d.weight"])
    row = torch.randn(4, 8)
    wanted = row
    for copy in range(3):
        state = network.state()
        wanted = torch.relu(
            torch.nn.functional.linear(wanted, state[f"rep/{copy}/d.weight"], state[f"rep/{copy}/d.bias"])
        )
    assert torch.equal(network.slice(("rep/ex",)).module(row)[0], wanted)


def test_the_index_decides_the_width_of_each_copy() -> None:
    analysis = Analyser(BLOCK_TYPES).analyse(stack(body(dense(Formula("4 * 2**i"))), 3))
    assert not analysis.problems
    found = shapes(analysis)
    assert [found[f"rep/{copy}/d/output"] for copy in range(3)] == ["N×4", "N×8", "N×16"]
    assert found["rep/ex"] == "N×16"
    assert found["rep/d/output"] == "N×4"
    assert analysis.total.parameters == (8 * 4 + 4) + (4 * 8 + 8) + (8 * 16 + 16)


def test_a_path_without_an_index_is_the_first_copy() -> None:
    graph = stack(body(dense(), Block("res", "residual", "Residual", body=body(dense(id="e"), prefix="x"))), 2)
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    for key in ("rep/0/d/input", "rep/0/d/output", "rep/0/res/e/output", "rep/0/res/add/output", "rep/0/ex/input"):
        assert analysis.specs[key.replace("/0", "")] == analysis.specs[key]
    assert analysis.costs["rep/res/e"] == analysis.costs["rep/0/res/e"]
    network = compile_graph(graph, BLOCK_TYPES)
    assert network.block("rep/d") is network.block("rep/0/d")
    assert network.block("rep/res") is network.block("rep/0/res")
    assert network.block("rep/res/e") is network.root.get_submodule("stack.0.residual.hidden")
    assert network.has_block("rep/d")
    assert network.source_of("rep/d") == "in/row"
    assert network.source_of("rep/1/d") == "rep/0/res/add/output"
    assert network.output_of("rep/d") == "rep/0/d/output"
    row = torch.randn(2, 8)
    by_both = network.slice(("rep/d/output", "rep/0/d/output", "rep/1/d/output")).module(row)
    assert torch.equal(by_both[0], by_both[1])
    assert not torch.equal(by_both[0], by_both[2])


def test_a_repeat_in_a_repeat() -> None:
    inner = Block("in2", "repeat", "Inner", {"count": 2}, body=body(dense(Formula("8 + i")), prefix="y"))
    graph = stack(body(inner, dense()), 3)
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert not analysis.problems
    assert shapes(analysis)["rep/2/in2/1/d/output"] == "N×9"
    assert shapes(analysis)["rep/in2/d/output"] == "N×8"
    network = compile_graph(graph, BLOCK_TYPES)
    assert network.block("rep/in2/d") is network.block("rep/0/in2/0/d")
    assert network.block("rep/1/in2/d") is network.block("rep/1/in2/0/d")
    assert network.root.get_submodule("stack.2.inner.1.hidden").out_features == 9
    assert network.source_of("rep/in2/d") == "in/row"


def test_like_copies_are_analysed_once(analysed_ids: list[str]) -> None:
    analyser = Analyser(BLOCK_TYPES)
    analysis = analyser.analyse(stack(body(dense()), 500))
    assert analysis.total.parameters == 500 * 72
    assert analysed_ids.count("d") == 1
    analysed_ids.clear()
    analyser.analyse(stack(body(dense(Formula("8 + 0 * i"))), 5))
    assert analysed_ids.count("d") == 5


def test_what_is_remembered_never_changes_an_answer() -> None:
    remembering = Analyser(BLOCK_TYPES)
    graphs = [stack(body(dense(units)), count) for units in (8, Formula("8 - i"), 5) for count in (3, 4, 2)]
    for graph in graphs + graphs[::-1]:
        assert remembering.analyse(graph) == Analyser(BLOCK_TYPES).analyse(graph)


def test_a_fault_in_a_later_copy_is_told_once_and_where() -> None:
    inner = body(Block("c", "conv2d", "Conv", {"out_channels": 3}), Block("p", "max_pool2d", "Pool"))
    graph = stack(inner, 9, field="image: 3×8×8")
    problems = Analyser(BLOCK_TYPES).analyse(graph).problems
    assert [problem.path for problem in problems] == [("rep", 3, "p")]
    with pytest.raises(Refused):
        compile_graph(graph, BLOCK_TYPES)


def test_a_formula_that_fails_in_a_later_copy_is_told() -> None:
    problems = Analyser(BLOCK_TYPES).analyse(stack(body(dense(Formula("8 - 4 * i"))), 3)).problems
    assert [(problem.path, problem.code) for problem in problems] == [(("rep", 2, "d"), "parameter-range")]


def test_a_faulty_body_is_told_though_nothing_is_wired() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("rep", "repeat", body=body(dense(0)))
    problems = Analyser(BLOCK_TYPES).analyse(drawn.graph).problems
    assert {problem.code for problem in problems} == {"input-open", "parameter-range"}


def test_what_has_no_exit_of_its_own_reaches_every_copy() -> None:
    """A decoder's memory: the second Entry brings the same tensor to each copy."""
    inner = Graph(
        blocks={
            "a": Block("a", "entry", "State"),
            "b": Block("b", "entry", "Memory"),
            "sum": Block("sum", "add", "Add"),
            "x": Block("x", "exit", "Exit"),
        },
        wires=sorted_wires(
            [
                Wire(PortRef("a", "output"), PortRef("sum", "a")),
                Wire(PortRef("b", "output"), PortRef("sum", "b")),
                Wire(PortRef("sum", "output"), PortRef("x", "input")),
            ]
        ),
    )
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("state: 4", "memory: 4"))
    drawn.add("rep", "repeat", body=inner, count=5)
    drawn.wire("in.state", "rep.a")
    drawn.wire("in.memory", "rep.b")
    network = compile_graph(drawn.graph, BLOCK_TYPES)
    state, memory = torch.rand(2, 4), torch.rand(2, 4)
    assert torch.allclose(network.slice(("rep/x",)).module(state, memory)[0], state + 5 * memory)


def test_edits_inside_a_repeat_know_its_index() -> None:
    graph = stack(body(dense()), 3)
    edited = within(graph, ("rep",), edits.set_parameter, SCOPE, "d", "out_features", Formula("8 * 2**i"))
    assert Analyser(BLOCK_TYPES).analyse(edited).total.parameters == 72 + 9 * 16 + 17 * 32
    with pytest.raises(Refused):
        edits.set_parameter(graph, SCOPE, "rep", "count", Formula("i + 1"))


def test_a_bypassed_repeat_hands_its_input_on() -> None:
    graph = edits.set_bypassed(stack(body(dense(3)), 3), SCOPE, ("rep",), True)
    assert shapes(Analyser(BLOCK_TYPES).analyse(graph))["rep/ex"] == "N×8"


def test_copies_may_all_use_the_weights_of_a_block_outside() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("row: 8",))
    drawn.add("own", "dense", out_features=8)
    twin = msgspec.structs.replace(dense(), weights=Weights("own"))
    drawn.add("rep", "repeat", body=body(twin), count=3)
    drawn.chain("in", "own", "rep")
    assert Analyser(BLOCK_TYPES).analyse(drawn.graph).total.parameters == 72
    network = compile_graph(drawn.graph, BLOCK_TYPES)
    assert {call.target for call in network.program.calls} == {"dense"}


def test_a_dense_block_sees_all_before() -> None:
    layer = body(Block("c", "conv2d", "Convolution", {"out_channels": 12}))
    graph = stack(layer, 4, "dense_block", "image: 3×8×8")
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert not analysis.problems
    found = shapes(analysis)
    assert [found[f"rep/{copy}/c/input"] for copy in range(4)] == [f"N×{3 + 12 * copy}×8×8" for copy in range(4)]
    assert found["rep/ex"] == "N×51×8×8"
    network = compile_graph(graph, BLOCK_TYPES)
    picture = torch.randn(2, 3, 8, 8)
    layers = network.slice(("rep/ex", "rep/0/c/output", "rep/3/c/output")).module(picture)
    assert torch.equal(layers[0], torch.cat([layers[0][:, :39], layers[2]], 1))
    assert torch.equal(layers[0][:, :15], torch.cat([picture, layers[1]], 1))


def test_thousands_of_copies_are_known_at_once() -> None:
    graph = stack(body(dense()), 1_000)
    assert len(Analyser(BLOCK_TYPES).analyse(graph).costs) == 3 * 1_000 + 3 + 2


def test_weights_that_do_not_fit_in_a_later_copy_are_told_once_and_where() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 3×8×8",))
    drawn.add("own", "conv2d", out_channels=3)
    twin = Block("c", "conv2d", "Convolution", {"out_channels": 3}, weights=Weights("own"))
    drawn.add("rep", "dense_block", body=body(twin), count=3)
    drawn.chain("in", "own", "rep")
    (problem,) = Analyser(BLOCK_TYPES).analyse(drawn.graph).problems
    assert (problem.code, problem.path) == ("weights-owner", ("rep", 1, "c"))
    assert problem.advice == "It needs 3×6×3×3 weights, and they are 3×3×3×3."
    (fix,) = problem.fixes
    mended = within(drawn.graph, fix.body, getattr(edits, fix.edit), SCOPE, *fix.arguments)
    assert not Analyser(BLOCK_TYPES).analyse(mended).problems


def test_a_drawing_whose_container_of_that_id_is_no_repeat_is_analysed_anew() -> None:
    analyser = Analyser(BLOCK_TYPES)
    for type in ("repeat", "group", "repeat"):
        drawn = Drawing(BLOCK_TYPES)
        drawn.add("in", "input", fields=("row: 8",))
        drawn.add("rep", type, body=body(dense()))
        drawn.chain("in", "rep")
        assert analyser.analyse(drawn.graph) == Analyser(BLOCK_TYPES).analyse(drawn.graph)
