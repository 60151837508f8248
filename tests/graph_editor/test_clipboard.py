from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.graph.problem import Refused
from graph_editor.clipboard import fragment_from, text_of
from tests.graph_editor.conftest import digits


def test_blocks_come_back_as_they_went() -> None:
    fragment = edits.fragment_of(digits(), ("cv", "re", "rs"))
    assert fragment_from(text_of(fragment), BLOCK_TYPES) == fragment
    assert json.loads(text_of(fragment))["format"] == "tensorloom-blocks"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        '{"format":"tensorloom-blocks"}',
        '{"format":"tensorloom-blocks","version":9,"graph":{}}',
        text_of(Graph()),
        text_of(digits())[:-20],
        text_of(digits()).replace('"id":"cv"', '"id":"zz"'),
        text_of(Graph(blocks={"cv": digits().blocks["cv"]}, wires=digits().wires)),
        "import os; os.system('x')",
        "[" * 5000,
    ],
)
def test_anything_else_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Refused) as caught:
        fragment_from(text, BLOCK_TYPES)
    assert caught.value.problem.sentence.startswith("The clipboard cannot be pasted: ")


def _looped(loop: tuple[str, ...], type: str = "relu", weights: Weights | None = None) -> Graph:
    """Blocks a and b; wires lead from those of `loop` to the other, and b may use the weights of a."""
    blocks = {"a": Block("a", type, "a"), "b": Block("b", type, "b", weights=weights)}
    wires = [Wire(PortRef(id, "output"), PortRef("b" if id == "a" else "a", "input")) for id in loop]
    return Graph(blocks, sorted_wires(wires))


@pytest.mark.parametrize("fragment", [_looped(("a", "b")), _looped(("b",), "dense", Weights(of="a"))])
def test_a_loop_is_refused_at_every_depth(fragment: Graph) -> None:
    for pasted in (fragment, Graph({"box": Block("box", "group", "Box", body=fragment)})):
        with pytest.raises(Refused) as caught:
            fragment_from(text_of(pasted), BLOCK_TYPES)
        assert str(caught.value) == (
            "The clipboard cannot be pasted: its blocks stand on a loop. Copy blocks of a drawing first."
        )


@pytest.mark.parametrize(("type", "sound"), [("relu", False), ("group", True), ("quantum", True)])
def test_only_containers_have_blocks_inside(type: str, sound: bool) -> None:
    block = Block("a", type, "A", body=Graph({"b": Block("b", "relu", "b")}))
    for pasted in (Graph({"a": block}), Graph({"box": Block("box", "group", "Box", body=Graph({"a": block}))})):
        with nullcontext() if sound else pytest.raises(Refused, match="its blocks are damaged"):
            assert fragment_from(text_of(pasted), BLOCK_TYPES) == pasted


def test_a_loop_through_a_delay_is_pasted() -> None:
    looped = _looped(("a", "b"))
    delayed = Graph({**looped.blocks, "b": Block("b", "delay", "b")}, looped.wires)
    assert fragment_from(text_of(delayed), BLOCK_TYPES) == delayed


def test_wires_that_leave_the_fragment_stay_behind() -> None:
    fragment = edits.fragment_of(digits(), ("cv", "re"))
    assert [wire.target.block for wire in fragment.wires] == ["re"]
