"""The repairs that problems offer mend them; faults inside containers are told at the right place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph import edits
from engine.graph.graph import Block, Graph
from engine.graph.paths import within
from engine.graph.problem import Fix
from engine.graph.scope import Scope
from engine.project.drawing import Drawing
from tests.engine.compile.analysed import SCOPE, dense_in_a_container, drawing, only, residual_of_another_width, shapes


def apply(graph: Graph, fix: Fix) -> Graph:
    ids = (tuple(f"fix{number}" for number in range(fix.new_blocks)),) if fix.new_blocks else ()
    return within(graph, fix.body, getattr(edits, fix.edit), SCOPE, *ids, *fix.arguments)


def fed(drawn: Drawing, id: str, type: str, source: str = "in.image") -> Graph:
    """The drawing with a block that takes what `source` gives."""
    drawn.add(id, type)
    drawn.chain(source, id)
    return drawn.graph


def flat_dense() -> Graph:
    return fed(drawing(), "dense", "dense")


def flat_rbm() -> Graph:
    return fed(drawing(), "rbm", "rbm")


def rows_into_pictures() -> Graph:
    return fed(drawing("row: 64"), "conv", "conv2d", "in.row")


def pictures_into_rows() -> Graph:
    return fed(drawing(), "norm", "batch_norm1d")


def pictures_into_logits() -> Graph:
    drawn = drawing()
    drawn.add("loss", "cross_entropy")
    drawn.wire("in.image", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn.graph


FAULTY: list[Callable[[], Graph]] = [
    flat_dense,
    flat_rbm,
    rows_into_pictures,
    pictures_into_rows,
    pictures_into_logits,
    residual_of_another_width,
]


@pytest.mark.parametrize("faulty", FAULTY)
def test_every_offered_repair_mends_its_problem(analyser: Analyser, faulty: Callable[[], Graph]) -> None:
    graph = faulty()
    problem = only(analyser.analyse(graph))
    assert problem.fixes
    for fix in problem.fixes:
        assert "?" not in fix.label
        after = analyser.analyse(apply(graph, fix))
        assert not [left for left in after.problems if left.path == problem.path and left.code == problem.code], (
            fix.label
        )
    assert not [left.sentence for left in analyser.analyse(apply(graph, problem.fixes[0])).problems]


def test_a_repair_inside_a_container_edits_its_body(analyser: Analyser) -> None:
    graph = dense_in_a_container()
    problem = next(problem for problem in analyser.analyse(graph).problems if problem.code == "rank")
    assert problem.path[0] == "box"
    assert problem.fixes[0].body == ("box",)
    after = analyser.analyse(apply(graph, problem.fixes[0]))
    assert problem.path not in [left.path for left in after.problems]


def test_a_residual_whose_shapes_differ_offers_its_projection(analyser: Analyser) -> None:
    problem = only(analyser.analyse(residual_of_another_width()))
    assert problem.code == "residual"
    assert problem.path == ("box",)
    assert problem.sentence.startswith("Residual adds its input N×1×8×8 to its body’s result N×16×8×8.")
    assert [fix.label for fix in problem.fixes] == ["Set Skip to projection"]
    after = analyser.analyse(apply(residual_of_another_width(), problem.fixes[0]))
    assert not after.problems
    assert after.costs["box"].parameters == (16 * 9 + 16) + (16 * 16 * 9 + 16) + 16
    assert after.costs["box/projection"].parameters == 16


def test_a_body_block_may_have_the_id_of_an_added_one(analyser: Analyser) -> None:
    body = Drawing(BLOCK_TYPES)
    body._scope = Scope(types=BLOCK_TYPES, ancestors=(Graph(),))
    body.add("entry", "entry")
    body.add("add", "relu")
    body.add("exit", "exit")
    body.chain("entry", "add", "exit")
    drawn = drawing()
    drawn.add("box", "residual", body=body.graph)
    drawn.wire("in.image", "box.entry")
    analysis = analyser.analyse(drawn.graph)
    assert not analysis.problems
    assert shapes(analysis)["box/add/output"] == "N×1×8×8"
    assert shapes(analysis)["box/add-2/b"] == "N×1×8×8"


def test_faults_inside_a_container_are_told_before_it_is_wired(analyser: Analyser) -> None:
    graph = residual_of_another_width()
    body = graph.blocks["box"].body
    first = next(wire for wire in body.wires if body.blocks[wire.target.block].type == "relu")
    graph = within(graph, ("box",), edits.disconnect, SCOPE, (first.target,))
    graph = edits.disconnect(graph, SCOPE, tuple(wire.target for wire in graph.wires))
    assert {(problem.path, problem.code) for problem in analyser.analyse(graph).problems} == {
        (("box",), "input-open"),
        (("box", first.target.block), "input-open"),
    }


def test_a_container_without_a_body_is_no_crash(analyser: Analyser) -> None:
    graph = Graph(blocks={"box": Block("box", "residual", "Box")})
    assert not analyser.analyse(graph).problems
