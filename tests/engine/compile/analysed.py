"""Small drawings to analyse, and what is read of an answer."""

from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph
from engine.graph.paths import within
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def drawing(*fields: str) -> Drawing:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", **({"fields": fields} if fields else {}))
    return drawn


def classifier() -> Drawing:
    drawn = drawing()
    drawn.add("conv", "conv2d")
    drawn.add("flat", "flatten")
    drawn.add("dense", "dense", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "conv", "flat", "dense", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


def shapes(analysis: Analysis) -> dict[str, str]:
    return {key: str(spec) for key, spec in analysis.specs.items()}


def only(analysis: Analysis) -> Problem:
    assert len(analysis.problems) == 1, [problem.sentence for problem in analysis.problems]
    assert "?" not in analysis.problems[0].sentence
    return analysis.problems[0]


def residual_of_another_width() -> Graph:
    drawn = drawing()
    drawn.add("box", "residual")
    entry = next(id for id, block in drawn.graph.blocks["box"].body.blocks.items() if block.type == "entry")
    drawn.wire("in.image", f"box.{entry}")
    return drawn.graph


def dense_in_a_container() -> Graph:
    graph = residual_of_another_width()
    body = graph.blocks["box"].body
    conv = next(id for id, block in body.blocks.items() if block.type == "conv2d")
    return within(
        graph,
        ("box",),
        lambda body, scope: edits._with_block(body, Block(conv, "dense", "Inner dense", {"out_features": 8})),
        SCOPE,
    )
