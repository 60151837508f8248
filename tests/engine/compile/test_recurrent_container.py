"""Recurrent containers: what they compute, against nn.RNN, against loops by hand, and against the unfolded drawing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.network import Network
from engine.compile.onnx_export import export_onnx
from engine.graph.edits import set_bypassed, set_parameter
from engine.graph.graph import Graph, Weights
from engine.graph.paths import within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.unfolding import unfold
from engine.project.drawing import Drawing
from tests.engine.compile.loops import canonical, elman, over_time

SCOPE = Scope(types=BLOCK_TYPES)


def run(network: Network, port: str, *inputs: torch.Tensor) -> torch.Tensor:
    made: torch.Tensor = network.slice((port,)).module(*inputs)[0]
    return made


def codes(graph: Graph) -> set[str]:
    return {problem.code for problem in Analyser(BLOCK_TYPES).analyse(graph).problems if problem.severity == "error"}


def test_an_elman_body_is_torch_rnn() -> None:
    network = compile_graph(over_time(elman()), BLOCK_TYPES, seed=4)
    state = network.state()
    assert set(state) == {"loop/w.weight", "loop/w.bias", "loop/u.weight"}
    reference = nn.RNN(6, 5, batch_first=True)
    with torch.no_grad():
        reference.weight_ih_l0.copy_(state["loop/w.weight"])
        reference.bias_ih_l0.copy_(state["loop/w.bias"])
        reference.weight_hh_l0.copy_(state["loop/u.weight"])
        reference.bias_hh_l0.zero_()
    sequences = torch.randn(4, 11, 6)
    made, expected = run(network, "loop/y", sequences), reference(sequences)[0]
    assert made.shape == (4, 11, 5)
    assert torch.allclose(made, expected, atol=1e-6)
    expected.square().sum().backward()
    made.square().sum().backward()
    weights = dict(network.root.named_parameters())
    for name, theirs in (("input_weights.weight", "weight_ih_l0"), ("state_weights.weight", "weight_hh_l0")):
        gradient = weights[f"recurrent.{name}"].grad
        assert gradient is not None
        assert torch.allclose(gradient, getattr(reference, theirs).grad, atol=1e-4)
    last = compile_graph(over_time(elman(), output="last step"), BLOCK_TYPES, seed=4)
    assert torch.equal(run(last, "loop/y", sequences), made[:, -1])


def test_the_canonical_form_with_several_delays_is_the_loop_by_hand() -> None:
    network = compile_graph(over_time(canonical()), BLOCK_TYPES, seed=2)
    w = {key.removeprefix("loop/"): value for key, value in network.state().items()}
    x = torch.randn(3, 9, 6)
    s1, s2, outputs = [torch.zeros(3, 4)], [torch.zeros(3, 3)] * 3, []
    for now in range(9):
        before = x[:, now - 2] if now >= 2 else torch.zeros(3, 6)
        gate = torch.sigmoid(before @ w["g.weight"].T + w["g.bias"])
        new2 = (s1[-1] @ w["v.weight"].T) * gate
        new1 = torch.tanh(torch.cat([x[:, now], s1[-1], s2[-3]], 1) @ w["w.weight"].T + w["w.bias"])
        s1.append(new1)
        s2.append(new2)
        outputs.append(torch.cat([new1, new2], 1) @ w["c.weight"].T + w["c.bias"])
    assert torch.allclose(run(network, "loop/y", x), torch.stack(outputs, 1), atol=1e-6)


@pytest.mark.parametrize("output", ["all steps", "last step"])
@pytest.mark.parametrize("make", [elman, canonical])
def test_the_unfolded_drawing_has_the_same_outputs_and_gradients(make: object, output: str) -> None:
    graph = over_time(make(), output=output)  # type: ignore[operator]
    steps = 10
    plain = unfold(graph, ("loop",), steps, SCOPE, Analyser(BLOCK_TYPES).analyse(graph).specs)
    assert not {block.type for block in plain.blocks["loop"].body.blocks.values()} & {"delay", "recurrent"}  # type: ignore[union-attr]
    assert not codes(plain)
    one, other = (compile_graph(drawing, BLOCK_TYPES, seed=6) for drawing in (graph, plain))
    assert {key: value.shape for key, value in one.state().items()} == {k: v.shape for k, v in other.state().items()}
    other.load_state(one.state())
    x = torch.randn(4, steps, 6)
    made, unfolded = run(one, "loop/y", x), run(other, "loop/y", x)
    assert made.shape == unfolded.shape
    assert torch.allclose(made, unfolded, atol=1e-6)
    pull = torch.randn_like(made)
    (made * pull).sum().backward()
    (unfolded * pull).sum().backward()
    gradients = [
        {
            f"{call.key}.{name}": weight.grad
            for call in network.program.all_calls
            if call.owner
            for name, weight in network.own_parameters(call)
        }
        for network in (one, other)
    ]
    for key, gradient in gradients[0].items():
        found = gradients[1][key]
        assert gradient is not None
        assert found is not None
        assert torch.allclose(gradient, found, atol=1e-5), key


def test_specs_inside_are_those_of_a_step_and_costs_those_of_all() -> None:
    analyser = Analyser(BLOCK_TYPES)
    graph = over_time(elman())
    analysis = analyser.analyse(graph, 20)
    assert not analysis.problems
    assert str(analysis.specs["loop/z/output"]) == str(analysis.specs["loop/z/input"]) == "N×5"
    assert str(analysis.specs["loop/x"]) == "N×T×6"
    assert str(analysis.specs["loop/x/output"]) == "N×6"
    assert str(analysis.specs["loop/y"]) == "N×T×5"
    assert analysis.costs["loop/w"].multiply_adds == 20 * 6 * 5
    assert analysis.costs["loop"].multiply_adds == 20 * (6 * 5 + 5 * 5)
    assert analysis.total.parameters == 6 * 5 + 5 + 5 * 5
    assert analyser.analyse(graph, 20) == analysis
    wider = within(graph, ("loop",), set_parameter, SCOPE, "w", "out_features", 8)
    wider = within(wider, ("loop",), set_parameter, SCOPE, "u", "out_features", 8)
    assert analyser.analyse(wider, 20) == Analyser(BLOCK_TYPES).analyse(wider, 20)
    assert str(analyser.analyse(wider).specs["loop/z/output"]) == "N×8"
    assert str(Analyser(BLOCK_TYPES).analyse(over_time(elman(), "x: 8×6 float32")).specs["loop/y"]) == "N×8×5"


def test_a_state_port_and_a_sum_tell_what_a_delay_holds() -> None:
    body = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("x", "entry"), ("cell", "gru_cell"), ("z", "delay"), ("total", "add"), ("zt", "delay")):
        body.add(id, type, name=id)
    body.add("y", "exit")
    body.chain("x", "cell", "z", "cell.state")
    body.chain("cell", "total.a")
    body.chain("zt", "total.b")
    body.chain("total", "zt")
    body.chain("total", "y")
    network = compile_graph(over_time(body.graph), BLOCK_TYPES, seed=1)
    cell = network.block("loop/cell")
    x = torch.randn(2, 6, 6)
    state, total = None, 0
    for now in range(6):
        state = cell(x[:, now], state=state)
        total = total + state
    assert torch.allclose(run(network, "loop/y", x)[:, -1], total, atol=1e-6)


def test_delays_may_stand_in_groups_and_copies_inside() -> None:
    held = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("i", "entry"), ("a", "add"), ("d", "delay"), ("o", "exit")):
        held.add(id, type)
    held.chain("i", "a.a")
    held.chain("d", "a.b")
    held.chain("a", "d")
    held.chain("a", "o")
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("twice", "repeat", body=held.graph, count=2)
    body.add("y", "exit")
    body.chain("x", "twice", "y")
    x = torch.randn(2, 5, 6)
    made = run(compile_graph(over_time(body.graph), BLOCK_TYPES), "loop/y", x)
    assert torch.allclose(made, x.cumsum(1).cumsum(1), atol=1e-6)
    outer = Drawing(BLOCK_TYPES, inside=True)
    outer.add("ox", "entry")
    outer.add("inner", "recurrent", body=body.graph, output="last step")
    outer.add("oy", "exit")
    outer.chain("ox", "inner", "oy")
    nested = compile_graph(over_time(outer.graph, "x: 4×5×6 float32"), BLOCK_TYPES)
    pictures = torch.randn(2, 4, 5, 6)
    assert torch.allclose(run(nested, "loop/oy", pictures), pictures.cumsum(2).cumsum(2)[:, :, -1], atol=1e-6)


def test_weights_are_shared_drawn_saved_and_grouped_as_in_any_container() -> None:
    body = elman(6)
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: T×6 float32",))
    drawing.add("first", "dense", name="First", out_features=6)
    blocks = dict(body.blocks)
    blocks["w"] = type(blocks["w"])("w", "dense", "Input weights", {"out_features": 6}, weights=Weights("first"))
    drawing.add("loop", "recurrent", body=type(body)(blocks, body.wires))
    drawing.chain("in", "first", "loop")
    network = compile_graph(drawing.graph, BLOCK_TYPES, seed=9)
    assert list(network.readable_state()) == ["first.weight", "first.bias", "recurrent.state_weights.weight"]
    assert set(network.root.state_dict()) == set(network.readable_state())
    assert sum(len(group["params"]) for group in network.parameter_groups(0.1, 0.0)) == 3
    twin = compile_graph(drawing.graph, BLOCK_TYPES, seed=1)
    twin.load_state(network.state())
    x = torch.randn(2, 4, 6)
    assert torch.equal(run(twin, "loop/y", x), run(network, "loop/y", x))
    twin.initialise(9)
    assert torch.equal(run(twin, "loop/y", x), run(network, "loop/y", x))
    assert network.block("loop/u") is network.root.get_submodule("recurrent.state_weights")


def test_what_stands_inside_cannot_be_sliced_and_says_so() -> None:
    network = compile_graph(over_time(elman()), BLOCK_TYPES)
    with pytest.raises(Refused, match="runs once for each time step inside “Recurrent”"):
        network.slice(("loop/h/output",))
    with pytest.raises(Refused, match="Wire it to an Exit"):
        network.source_of("loop/u")


def test_refusals() -> None:
    assert codes(over_time(elman(), "x: 6")) == {"rank"}
    body = elman()
    assert codes(over_time(within(body, (), set_bypassed, SCOPE, ("z",), True))) == {"delay-bypass"}
    alone = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("x", "entry"), ("r", "relu"), ("d", "delay"), ("y", "exit")):
        alone.add(id, type)
    alone.chain("d", "r", "d")
    alone.chain("x", "y")
    assert codes(over_time(alone.graph)) == {"delay-shape"}
    growing = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("x", "entry"), ("c", "concat"), ("d", "delay"), ("y", "exit")):
        growing.add(id, type)
    growing.chain("x", "c.a")
    growing.chain("d", "c.b")
    growing.chain("c", "d")
    growing.chain("c", "y")
    assert codes(over_time(growing.graph)) == {"delay-differs"}
    narrow = within(body, (), set_parameter, SCOPE, "u", "out_features", 3)
    assert codes(over_time(narrow)) == {"shapes-differ"}
    group = Drawing(BLOCK_TYPES)
    group.add("in", "input", fields=("x: T×6 float32",))
    group.add("g", "group", body=elman())
    group.chain("in", "g")
    assert codes(group.graph) == {"delay-outside"}
    with pytest.raises(Refused, match="Put it into the body of a Recurrent"):
        Drawing(BLOCK_TYPES).add("d", "delay")
    with pytest.raises(Refused, match="1 to 64 steps"):
        unfold(over_time(elman()), ("loop",), 1000, SCOPE, {})


def test_two_entries_need_one_length() -> None:
    body = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("x", "entry"), ("x2", "entry"), ("c", "concat"), ("y", "exit")):
        body.add(id, type)
    body.chain("x", "c.a")
    body.chain("x2", "c.b")
    body.chain("c", "y")
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("a: 5×6 float32", "b: 4×6 float32"))
    drawing.add("loop", "recurrent", body=body.graph)
    drawing.wire("in.a", "loop.x")
    drawing.wire("in.b", "loop.x2")
    (problem,) = Analyser(BLOCK_TYPES).analyse(drawing.graph).problems
    assert problem.sentence == (
        "Recurrent cannot work so: its sequences have 5 and 4 steps. Give all its inputs the same length."
    )


def test_a_cell_in_a_group_is_entered_before_its_state_is_known() -> None:
    plain = elman()
    cell = Drawing(BLOCK_TYPES, inside=True)
    for id, type, parameters in (
        ("gx", "entry", {}),
        ("gh", "entry", {}),
        ("w", "dense", {"out_features": 5}),
        ("u", "dense", {"out_features": 5, "bias": False}),
        ("sum", "add", {}),
        ("h", "tanh", {}),
        ("gy", "exit", {}),
    ):
        cell.add(id, type, **parameters)
    cell.chain("gx", "w", "sum.a")
    cell.chain("gh", "u", "sum.b")
    cell.chain("sum", "h", "gy")
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("cell", "group", body=cell.graph)
    body.add("z", "delay")
    body.add("y", "exit")
    body.chain("x", "cell.gx")
    body.chain("z", "cell.gh")
    body.chain("cell", "z")
    body.chain("cell", "y")
    grouped, flat = (compile_graph(over_time(made), BLOCK_TYPES) for made in (body.graph, plain))
    grouped.load_state({key.replace("loop/", "loop/cell/"): value for key, value in flat.state().items()})
    x = torch.randn(2, 6, 6)
    assert torch.equal(run(grouped, "loop/y", x), run(flat, "loop/y", x))


def test_it_can_be_exported_for_one_length() -> None:
    part = compile_graph(over_time(canonical()), BLOCK_TYPES).slice(("loop/y",))
    x = torch.randn(3, 5, 6)
    program = torch.export.export(part.module, (x,), dynamic_shapes=({0: torch.export.Dim("N")},))
    other = torch.randn(7, 5, 6)
    assert torch.allclose(program.module()(other)[0], part.module(other)[0], atol=1e-6)


def test_its_onnx_file_keeps_the_length_of_its_sequences(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    network = compile_graph(over_time(canonical()), BLOCK_TYPES, seed=2)
    report = export_onnx(network, BLOCK_TYPES, tmp_path / "loop.onnx", 9)
    assert report.time_length == 9
    assert report.difference < 1e-5
