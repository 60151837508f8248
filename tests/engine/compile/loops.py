"""Drawings of loops over time: bodies of Recurrents, and one in its drawing."""

from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.project.drawing import Drawing


def elman(units: int = 5) -> Graph:
    """h(t) = tanh(W x + U h(t − 1) + b)."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("w", "dense", name="Input weights", out_features=units)
    body.add("u", "dense", name="State weights", out_features=units, bias=False)
    body.add("sum", "add")
    body.add("h", "tanh")
    body.add("z", "delay")
    body.add("y", "exit")
    body.chain("x", "w", "sum.a")
    body.chain("z", "u", "sum.b")
    body.chain("sum", "h", "y")
    body.chain("h", "z")
    return body.graph


def canonical() -> Graph:
    """s1(t) = tanh(W [x, s1(t − 1), s2(t − 3)]), s2(t) = V s1(t − 1) · gate(x(t − 2)); y = C [s1, s2]."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    for id, k in (("z1", 1), ("z2", 3), ("zx", 2)):
        body.add(id, "delay", name=id, k=k)
    body.add("all", "concat", inputs=3)
    body.add("w", "dense", name="W", out_features=4)
    body.add("s1", "tanh")
    body.add("v", "dense", name="V", out_features=3, bias=False)
    body.add("g", "dense", name="G", out_features=3)
    body.add("gate", "sigmoid")
    body.add("s2", "multiply")
    body.add("both", "concat")
    body.add("c", "dense", name="C", out_features=2)
    body.add("y", "exit")
    body.chain("x", "all.a")
    body.chain("z1", "all.b")
    body.chain("z2", "all.c")
    body.chain("all", "w", "s1", "z1")
    body.chain("z1", "v", "s2.a")
    body.chain("x", "zx", "g", "gate", "s2.b")
    body.chain("s2", "z2")
    body.chain("s1", "both.a")
    body.chain("s2", "both.b")
    body.chain("both", "c", "y")
    return body.graph


def over_time(body: Graph, field: str = "x: T×6 float32", **parameters: str) -> Graph:
    """An Input and a Recurrent "loop" with `body`, whose Entry is "x"."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=(field,))
    drawing.add("loop", "recurrent", body=body, **parameters)  # type: ignore[arg-type]
    drawing.chain("in", "loop")
    return drawing.graph
