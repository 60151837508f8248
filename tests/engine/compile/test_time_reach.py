"""Sequences so long that windows and strides have room: as far as analysis tries, and what it then tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.probing import construct
from engine.compile.time_lengths import TimeLengths
from engine.graph.connection_rules import why_not
from engine.graph.graph import Graph, PortRef, Wire, sorted_wires
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.modules.own_loading import load, permit
from engine.project.drawing import Drawing
from engine.project.own_code import hash_of

replace = msgspec.structs.replace


def line(*kernels: int, **parameters: object) -> Graph:
    """Convolutions behind one another that pad nothing."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    for number, size in enumerate(kernels):
        drawing.add(f"c{number}", "conv1d", kernel_size=(size,), padding="none", **parameters)  # type: ignore[arg-type]
    drawing.chain("in", *(f"c{number}" for number in range(len(kernels))))
    return drawing.graph


def hourglass(levels: int) -> Graph:
    """Pools by 2, as many steps enlarged by 2, and what came in added."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    down = [drawing.add(f"down{level}", "max_pool1d") for level in range(levels)]
    up = [
        drawing.add(f"up{level}", "conv_transpose1d", out_channels=3, kernel_size=(2,), stride=(2,))
        for level in range(levels)
    ]
    drawing.add("join", "add")
    drawing.chain("in", *down, *up, "join.a")
    drawing.wire("in.x", "join.b")
    return drawing.graph


@pytest.mark.parametrize("levels", [3, 4, 5, 6])
def test_pools_and_steps_back_to_the_length_before_fit_as_the_run_does(levels: int) -> None:
    graph = hourglass(levels)
    assert not Analyser(BLOCK_TYPES).analyse(graph).problems
    for steps in (2**levels, 3 * 2**levels, 2**levels + 2, 100):
        try:
            compile_graph(graph, BLOCK_TYPES, seed=0).slice(("join/output",)).module(torch.rand(5, 3, steps))
        except RuntimeError:
            runs = False
        else:
            runs = True
        problems = Analyser(BLOCK_TYPES).analyse(graph, steps).problems
        assert [problem.code for problem in problems] == ([] if runs else ["time-differs"]), steps
        assert runs is (steps % 2**levels == 0)


def test_the_last_wire_of_an_hourglass_is_taken_while_it_is_in_the_hand() -> None:
    whole = hourglass(6)
    graph = replace(whole, wires=tuple(wire for wire in whole.wires if wire.target != PortRef("join", "a")))
    specs = Analyser(BLOCK_TYPES).analyse(graph).specs
    scope = Scope(types=BLOCK_TYPES)
    assert why_not(graph, scope, specs, PortRef("up5", "output"), PortRef("join", "a")) is None
    refused = why_not(graph, scope, specs, PortRef("up4", "output"), PortRef("join", "a"))
    assert refused is not None
    assert refused.code == "time-differs"


def test_a_length_that_does_not_fit_is_told_at_the_length_of_the_dataset() -> None:
    (problem,) = Analyser(BLOCK_TYPES).analyse(hourglass(5), 100).problems
    assert problem.headline == (
        "Add joins sequences of one length but receives N×3×T′ (96 steps where T is 100) and N×3×T"
    )


def test_what_was_tried_further_is_forgotten_once_it_is_mended() -> None:
    analyser = Analyser(BLOCK_TYPES)
    near, far = line(3, 5, out_channels=4), line(3, 5, 9000, out_channels=4)
    fresh = Analyser(BLOCK_TYPES).analyse(near)
    assert analyser.analyse(near) == fresh
    assert analyser.analyse(far) == Analyser(BLOCK_TYPES).analyse(far)
    assert not analyser.analyse(far).problems
    assert analyser.analyse(near) == fresh


@pytest.mark.parametrize(
    ("time", "size", "length"),
    [(None, 50_000, "T"), (32, 5000, "32"), (32, 9000, "T"), (500, 1000, "500"), (5000, 4000, "")],
)
def test_a_window_larger_than_the_sequence_is_told_with_its_length(time: int | None, size: int, length: str) -> None:
    """Never with one that only the analysis tried."""
    problems = Analyser(BLOCK_TYPES).analyse(line(size), time).problems
    assert len(problems) == bool(length)
    for problem in problems:
        assert f"size per channel: ({length}). Kernel size: ({size})." in problem.sentence


def test_a_window_of_a_thousand_steps_is_not_refused_where_nobody_said_how_many_there_are() -> None:
    assert not Analyser(BLOCK_TYPES).analyse(line(1000)).problems


def test_numbers_that_stand_for_no_length_stay_numbers() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×2000 float32",))
    drawing.add("pool", "max_pool1d", return_indices=True)
    drawing.add("short", "slice", dim=2, stop=1680)
    drawing.add("back", "max_unpool1d")
    drawing.chain("in", "pool", "back.input")
    drawing.wire("pool.indices", "back.indices")
    drawing.chain("in", "short", "back.like")
    (problem,) = Analyser(BLOCK_TYPES).analyse(drawing.graph).problems
    assert 'invalid output_size "[1680]"' in problem.sentence


def test_long_sequences_may_lose_thousands_of_steps() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    ids = [
        drawing.add(f"c{power}", "conv1d", out_channels=4, kernel_size=(2,), dilation=(2**power,), padding="none")
        for power in range(11)
    ]
    drawing.chain("in", *ids)
    analyser = Analyser(BLOCK_TYPES)
    analysis = analyser.analyse(drawing.graph)
    assert not analysis.problems
    (_, _, length) = analysis.specs["c10/output"].shape
    assert isinstance(length, Dim)
    assert [time - steps for time, steps in length.steps] == [2047, 2047]
    assert not analyser.analyse(drawing.graph, 5000).problems
    refused = analyser.analyse(drawing.graph, 2000).problems
    assert [problem.path for problem in refused] == [("c10",)]
    assert "Kernel size" in refused[0].sentence


def test_long_sequences_may_lose_thousands_of_steps_inside_containers() -> None:
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    for power in range(11):
        body.add(f"c{power}", "conv1d", out_channels=3, kernel_size=(2,), dilation=(2**power,), padding="none")
    body.add("y", "exit")
    body.chain("x", *(f"c{power}" for power in range(11)), "y")
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("box", "group", body=body.graph)
    drawing.add("two", "repeat", body=renamed(body.graph), count=2)
    drawing.chain("in", "box", "two")
    analysis = Analyser(BLOCK_TYPES).analyse(drawing.graph)
    assert not analysis.problems
    (_, _, length) = analysis.specs["two/y2"].shape
    assert isinstance(length, Dim)
    assert {time - steps for time, steps in length.steps} == {3 * 2047}


def renamed(body: Graph) -> Graph:
    """The same body with other ids."""
    copies = (replace(block, id=f"{block.id}2") for block in body.blocks.values())
    ends = (
        (PortRef(f"{wire.source.block}2", wire.source.port), PortRef(f"{wire.target.block}2", wire.target.port))
        for wire in body.wires
    )
    return Graph({block.id: block for block in copies}, sorted_wires(Wire(*end) for end in ends))


@pytest.mark.parametrize(("time", "fits"), [(None, True), (16, True), (32, False)])
def test_more_steps_than_learned_positions_are_refused_where_the_length_is_known(time: int | None, fits: bool) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: T×4 float32",))
    drawing.add("join", "learned_encoding", max_length=16)
    drawing.chain("in", "join")
    found = Analyser(BLOCK_TYPES).analyse(drawing.graph, time).problems
    assert [problem.headline for problem in found] == (
        []
        if fits
        else ["Learned encoding refuses its input N×T×4: sequences of 32 steps are longer than the 16 that it takes"]
    )
    module = construct(BLOCK_TYPES["learned_encoding"], {"max_length": 16, "dropout": 0.0}, encoded())
    if fits:
        assert module(torch.rand(2, 16, 4)).shape == (2, 16, 4)
    else:
        with pytest.raises(ValueError, match="longer than the 16 learned positions"):
            module(torch.rand(2, 32, 4))


def test_what_bounds_a_sequence_is_a_whole_number_among_the_parameters() -> None:
    bounded = {type.id: type.parameter(type.longest) for type in BLOCK_TYPES.values() if type.longest}
    assert "learned_encoding" in bounded
    assert {parameter.kind for parameter in bounded.values() if parameter is not None} == {"integer"}
    assert None not in bounded.values()


def encoded() -> dict[str, TensorSpec]:
    return {"input": TensorSpec((Dim("N"), Dim("T"), 4), "float32")}


COUNTED = """
STEPS = []

def forward(x):
    STEPS.append(x.shape[2])
    assert len(STEPS) < 100 and x.shape[2] < 3000, "too long for a loop over the steps"
    return x[:, :, 2:]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file of one's own that may run."""
    (tmp_path / "mine.py").write_text(COUNTED)
    permit(tmp_path, [hash_of(COUNTED.encode())])
    yield tmp_path
    permit(None, ())


@pytest.mark.parametrize("time", [None, 31])
@pytest.mark.parametrize(("kernel", "fits"), [(3, True), (4, False)])
def test_own_code_is_tried_on_shorter_sequences_and_joins_what_is_as_long(
    folder: Path, time: int | None, kernel: int, fits: bool
) -> None:
    """Loops over many steps would take seconds."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("before", "conv1d", out_channels=3, kernel_size=(3,), padding="none")
    drawing.add("own", "custom", file="mine.py")
    drawing.add("wide", "conv1d", out_channels=3, kernel_size=(kernel,), padding="none")
    drawing.add("join", "add")
    drawing.chain("in", "before", "own", "join.a")
    drawing.chain("before", "wide", "join.b")
    problems = Analyser(BLOCK_TYPES).analyse(drawing.graph, time).problems
    assert [problem.code for problem in problems] == ([] if fits else ["time-differs"])


LOOPING = """
LENGTHS = []

def forward(x):
    LENGTHS.append(x.shape[2])
    return x[:, :, 2:]
"""


@pytest.mark.parametrize(("taken", "most"), [(3, 1680), (1001, 2 * 840), (8001, 2 * 840)])
@pytest.mark.parametrize("fits", [True, False])
def test_own_code_runs_once_however_far_others_are_tried(tmp_path: Path, taken: int, most: int, fits: bool) -> None:
    """A second walk that others need repeats none of it, and what is taken away in front of it makes it no longer."""
    text = f"{LOOPING}# {taken}, {fits}\n"
    (tmp_path / "mine.py").write_text(text)
    permit(tmp_path, [hash_of(text.encode())])
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("before", "conv1d", out_channels=3, kernel_size=(taken,), padding="none")
    drawing.add("own", "custom", file="mine.py")
    drawing.add("wide", "conv1d", out_channels=3, kernel_size=(3 if fits else 4,), padding="none")
    drawing.add("join", "add")
    drawing.chain("in", "before", "own", "join.a")
    drawing.chain("before", "wide", "join.b")
    try:
        assert bool(Analyser(BLOCK_TYPES).analyse(drawing.graph).problems) is not fits
        lengths = load("mine.py").module.LENGTHS
    finally:
        permit(None, ())
    assert max(lengths) <= most
    # Twice each: what training keeps is told by a run of its own.
    assert max(lengths.count(length) for length in lengths) <= 2


def test_nobody_is_tried_further_for_own_code_that_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would run at the same lengths again."""
    text = "def forward(x, y):\n    return x + y\n"
    (folder / "mine.py").write_text(text)
    permit(folder, [hash_of(text.encode())])
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("before", "conv1d", out_channels=3, kernel_size=(3,), padding="none")
    drawing.add("own", "custom", file="mine.py", inputs=("x", "y"))
    drawing.chain("in", "before", "own.x")
    drawing.wire("in.x", "own.y")
    reaches: list[int] = []
    walked = Analyser._walked

    def noted(self: Analyser, graph: Graph, lengths: TimeLengths) -> object:
        reaches.append(lengths.reach)
        return walked(self, graph, lengths)

    monkeypatch.setattr(Analyser, "_walked", noted)
    (problem,) = Analyser(BLOCK_TYPES).analyse(drawing.graph).problems
    assert problem.code == "code-failed"
    assert reaches == [1]


def test_what_is_too_short_at_a_hundred_steps_decides_nothing_for_others_of_its_kind() -> None:
    """What a kind keeps for training is remembered in the process."""

    def pooled(size: int) -> int:
        drawing = Drawing(BLOCK_TYPES)
        drawing.add("in", "input", fields=("x: 3×T float32",))
        drawing.add("seen", "conv1d", out_channels=3, kernel_size=(size,), padding="none")
        drawing.add("pool", "max_pool1d", kernel_size=(5,), stride=(3,))
        drawing.chain("in", "seen", "pool")
        return Analyser(BLOCK_TYPES).analyse(drawing.graph).costs["pool"].training_bytes

    pooled(700)
    assert pooled(3) == 98 * 3 * 4 + 32 * 3 * 8, "what it reads, and where the largest were"
