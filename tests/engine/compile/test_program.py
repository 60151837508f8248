from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.program import lay_flat
from engine.graph.edits import set_parameter, set_weights
from engine.graph.graph import Weights
from engine.graph.scope import Scope
from engine.project.drawing import Drawing


def drawing() -> Drawing:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("box", "residual", name="Residual block")
    body = drawn.graph.blocks["box"].body
    entry = next(id for id, block in body.blocks.items() if block.type == "entry")
    exit = next(id for id, block in body.blocks.items() if block.type == "exit")
    drawn.add("after", "conv2d", out_channels=16)
    drawn.wire("in.image", f"box.{entry}")
    drawn.wire(f"box.{exit}", "after")
    return drawn


def test_containers_are_resolved_away() -> None:
    graph = set_parameter(drawing().graph, Scope(types=BLOCK_TYPES), "box", "skip", "projection")
    program = lay_flat(graph, BLOCK_TYPES)
    ids = list(graph.blocks["box"].body.blocks)
    assert [call.target for call in program.calls] == [
        "residual_block.convolution",
        "residual_block.relu",
        "residual_block.convolution_2",
        "residual_block.projection",
        "residual_block.add",
        "convolution",
    ]
    assert program.fields == ("in/image", "in/label")
    assert program.aliases["after/input"] == "box/add/output"
    assert program.aliases[f"box/{ids[1]}/input"] == "in/image"
    by_key = {call.key: call for call in program.calls}
    assert by_key["box/projection"].sources == ("in/image",)
    assert set(by_key["box/add"].sources) == {f"box/{ids[3]}/output", "box/projection/output"}
    assert program.specs["after/output"].per_sample == "16×8×8"


def test_a_loss_gets_its_prediction_first_wherever_its_port_stands() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input")
    drawn.add("flat", "flatten")
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "loss.logits")
    drawn.wire("in.label", "loss.target")
    assert lay_flat(drawn.graph, BLOCK_TYPES).calls[-1].sources == ("flat/output", "in/label")


def test_who_shares_weights_calls_the_owner() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("row: 8",))
    drawn.add("b", "dense", out_features=8)
    drawn.add("a", "dense", out_features=8)
    drawn.chain("in.row", "b", "a")
    graph = set_weights(drawn.graph, Scope(types=BLOCK_TYPES), "a", Weights("b"))
    owner, user = lay_flat(graph, BLOCK_TYPES).calls
    assert (owner.key, owner.owner, user.key, user.owner) == ("b", True, "a", False)
    assert owner.target == user.target
