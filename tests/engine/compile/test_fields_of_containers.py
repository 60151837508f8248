"""Through containers each number sees what its gradient reaches: copies of a Repeat, and steps of a Recurrent."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.graph.values import Formula
from engine.project.drawing import Drawing
from tests.engine.compile.gradients import ANALYSER, disagreements

CONV = {"padding": "same", "out_channels": 2}


def looped(kernel: int, k: int = 1) -> Graph:
    """h(t) = conv(x(t)) + conv(h(t − k))."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("z", "delay", k=k)
    body.add("w", "conv2d", kernel_size=(3, 1), **CONV)
    body.add("u", "conv2d", kernel_size=(kernel, 1), **CONV)
    body.add("h", "add")
    body.add("y", "exit")
    body.chain("x", "w", "h.a")
    body.chain("z", "u", "h.b")
    body.chain("h", "y")
    body.chain("h", "z")
    return body.graph


def each_by_itself() -> Graph:
    """y(t) = pool(conv(x(t)))."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("w", "conv2d", **CONV)
    body.add("p", "avg_pool2d")
    body.add("y", "exit")
    body.chain("x", "w", "p", "y")
    return body.graph


def tapped(k: int) -> Graph:
    """y(t) = x(t) + conv(x(t − k))."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("z", "delay", k=k)
    body.add("w", "conv2d", **CONV)
    body.add("h", "add")
    body.add("y", "exit")
    body.chain("x", "h.a")
    body.chain("x", "z", "w", "h.b")
    body.chain("h", "y")
    return body.graph


def in_a_loop(body: Graph, field: str, output: str = "all steps") -> Graph:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=(field,))
    drawing.add("loop", "recurrent", body=body, output=output)
    drawing.chain("input", "loop")
    return drawing.graph


@pytest.mark.parametrize("steps", ["9", "T"])
@pytest.mark.parametrize("output", ["all steps", "last step"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (each_by_itself(), (1, 4, 4)),
        (tapped(3), (4, 3, 3)),
        (looped(1), (None, 3, 1)),
        (looped(3), (None, None, 1)),
    ],
    ids=["each by itself", "tapped", "same place", "spreading"],
)
def test_what_comes_out_of_a_recurrent(body: Graph, field: tuple[int | None, ...], steps: str, output: str) -> None:
    graph = in_a_loop(body, f"video: {steps}×2×6×7", output)
    # Without T the first axis counts as channels, the second as depth.
    assert ANALYSER.analyse(graph).receptive_fields["loop"] == (field if steps == "T" else (None, *field[1:]))
    assert not list(disagreements(graph, "loop", "y", double=False))


def test_inside_a_recurrent_a_step_sees_of_itself() -> None:
    fields = ANALYSER.analyse(in_a_loop(looped(3), "video: T×2×6×7")).receptive_fields
    assert {key: fields[f"loop/{key}"] for key in "xwh"} == {"x": (1, 1), "w": (3, 1), "h": (3, 1)}
    assert "loop/z" not in fields, "what it holds is of other steps"
    rows = Drawing(BLOCK_TYPES, inside=True)
    rows.add("x", "entry")
    rows.add("d", "dense")
    rows.add("y", "exit")
    rows.chain("x", "d", "y")
    fields = ANALYSER.analyse(in_a_loop(rows.graph, "x: T×6")).receptive_fields
    assert fields == {"input": (1,), "loop": (1,)}, "a row of features has no places"


def test_a_recurrent_within_a_recurrent_says_no_more_than_it_knows() -> None:
    inner = Drawing(BLOCK_TYPES, inside=True)
    inner.add("x", "entry")
    inner.add("inner", "recurrent", body=elman_rows())
    inner.add("y", "exit")
    inner.chain("x", "inner", "y")
    analysis = ANALYSER.analyse(in_a_loop(inner.graph, "x: T×5×6"))
    assert not [problem for problem in analysis.problems if problem.severity == "error"]
    assert "loop" not in analysis.receptive_fields
    assert analysis.fields_untold["loop"] == "loop-in-loop"


def elman_rows() -> Graph:
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("z", "delay")
    body.add("u", "dense", out_features=6)
    body.add("h", "add")
    body.add("y", "exit")
    body.chain("x", "h.a")
    body.chain("z", "u", "h.b")
    body.chain("h", "y")
    body.chain("h", "z")
    return body.graph


@pytest.mark.parametrize("kind", ["group", "residual", "repeat"])
def test_what_comes_out_of_copies(kind: str) -> None:
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("w", "conv2d", **CONV)
    wide = Formula("1 + i") if kind == "repeat" else 2
    body.add("v", "conv2d", dilation=(wide, wide), **CONV)
    body.add("y", "exit")
    body.chain("x", "w", "v", "y")
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("image: 2×17×18",))
    drawing.add("box", kind, body=body.graph, **({"count": 3} if kind == "repeat" else {}))
    drawing.add("shuffled", "pixel_unshuffle")
    drawing.add("cut", "crop", size=(16, 18))
    drawing.chain("input", "box", "cut", "shuffled")
    graph = drawing.graph
    assert not list(disagreements(graph, "box", "y"))
    assert not list(disagreements(graph, "shuffled"))
    told = ANALYSER.analyse(graph).receptive_fields
    assert told["box"] == ((19, 19) if kind == "repeat" else (7, 7))
    assert told["shuffled"] == told["box"], "each number sees one of those before"
    assert told["box/v"] == ((5, 5) if kind == "repeat" else (7, 7)), "of a Repeat the first copy"
