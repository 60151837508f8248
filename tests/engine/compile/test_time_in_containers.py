"""Changed lengths inside containers and copies, and those of two datasets."""

from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.data.datasets import load_dataset
from engine.graph.graph import Graph
from engine.project.drawing import Drawing
from engine.training.plan import DatasetRef
from tests.engine.compile.lengthened import SETS, branches, problems_at, really_runs, two_datasets


def group_of(join: str) -> Graph:
    """Two Entries that are joined inside."""
    body = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("x", "entry"), ("x2", "entry"), ("join", join), ("y", "exit")):
        body.add(id, type)
    body.chain("x", "join.a")
    body.chain("x2", "join.b")
    body.chain("join", "y")
    return body.graph


@pytest.mark.parametrize(("container", "path"), [("group", ("box", "join")), ("recurrent", ("box",))])
@pytest.mark.parametrize(("first", "second", "fits"), [("valid", "pooled", False), ("valid", "valid twice", True)])
def test_lengths_are_told_apart_inside_containers(
    container: str, path: tuple[str, ...], first: str, second: str, fits: bool
) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    ends = branches(drawing, first, second, steps_first=True)
    drawing.add("box", container, body=group_of("add"))
    drawing.wire(ends[0], "box.x")
    drawing.wire(ends[1], "box.x2")
    problems = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32).problems
    assert [problem.path for problem in problems] == ([] if fits else [path])
    if not fits:
        assert "(30 steps where T is 32) and N×T′×4 (16 steps where T is 32)" in problems[0].sentence
    network = compile_graph(without(drawing.graph, "box"), BLOCK_TYPES, seed=0)
    one, other = (network.slice((f"{end}/output",)).module(torch.rand(5, 3, 32))[0] for end in ends)
    assert (one.shape == other.shape) is fits
    if fits:
        whole = compile_graph(drawing.graph, BLOCK_TYPES, seed=0).slice(("box/y",)).module
        assert whole(torch.rand(5, 3, 32))[0].shape == one.shape


def without(graph: Graph, id: str) -> Graph:
    blocks = {key: block for key, block in graph.blocks.items() if key != id}
    return Graph(blocks=blocks, wires=tuple(wire for wire in graph.wires if wire.target.block != id))


@pytest.mark.parametrize(("count", "fits"), [(2, False), (3, True)])
def test_each_copy_of_a_repeat_takes_its_steps_away(count: int, fits: bool) -> None:
    """Three windows of 3 behind one another take as many steps away as one of 7."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("c", "conv1d", out_channels=3, kernel_size=(3,), padding="none")
    body.add("y", "exit")
    body.chain("x", "c", "y")
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("many", "repeat", body=body.graph, count=count)
    drawing.add("wide", "conv1d", out_channels=3, kernel_size=(7,), padding="none")
    drawing.add("join", "add")
    drawing.chain("in", "many", "join.a")
    drawing.chain("in", "wide", "join.b")
    analysis = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32)
    assert bool(problems_at(analysis)) is not fits
    assert really_runs(drawing.graph, 32, 32) is fits
    assert [analysis.specs[f"many/{copy}/c/output"].shape[2].at(32) for copy in range(count)] == (  # type: ignore[union-attr]
        [32 - 2 * copy for copy in range(1, count + 1)]
    )


def test_a_layer_that_steps_over_time_keeps_the_changed_length() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    one, other = branches(drawing, "valid", "pooled", steps_first=True)
    for side, end, type in (("a", one, "lstm"), ("b", other, "gru")):
        drawing.add(f"{side}_steps", type, hidden_size=4, output="all steps")
        drawing.chain(end, f"{side}_steps")
    drawing.add("join", "add")
    drawing.wire("a_steps", "join.a")
    drawing.wire("b_steps", "join.b")
    analysis = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32)
    assert [problem.code for problem in problems_at(analysis)] == ["time-differs"]
    assert analysis.costs["a_steps"].multiply_adds == 30 * 4 * 4 * (4 + 4)
    assert not really_runs(drawing.graph, 32, 32)


@pytest.mark.parametrize(("stop", "fits"), [(None, False), (30, True), (31, False)])
def test_two_datasets_have_lengths_of_their_own(stop: int | None, fits: bool) -> None:
    problems = Analyser(BLOCK_TYPES).analyse(two_datasets(stop)).problems
    arrays = [load_dataset(DatasetRef(name=name)).arrays["sequence"][:, :stop] for name, _ in SETS.values()]
    assert ([array.shape[1] for array in arrays] == [30, 30]) is fits
    assert bool(problems) is not fits
    if stop is None:
        assert [problem.headline for problem in problems] == [
            "Concat joins sequences of one length but receives N×T×1 and N×T′×2 (30 steps where T is 32)"
        ]
    if fits:
        network = compile_graph(two_datasets(stop), BLOCK_TYPES, seed=0)
        made = network.slice(("join/output",)).module(*map(torch.from_numpy, arrays))[0]
        assert made.shape == (2000, 30, 3)


def test_costs_are_those_of_the_datasets_length() -> None:
    analysis = Analyser(BLOCK_TYPES).analyse(two_datasets(None))
    assert analysis.time_length == 32
    assert analysis.costs["first_cut"].activation_bytes == 32 * 4
    assert analysis.costs["second_cut"].activation_bytes == 30 * 2 * 4
