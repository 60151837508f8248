"""Which blocks of a body show pictures, from shapes alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from app.measure_desk import MOST_PREVIEWS, preview_paths
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.analysis import Analysis
from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph
from engine.graph.tensor_spec import Dim, TensorSpec

PICTURE = TensorSpec((Dim("N"), 4, 8, 8), "float32")
VECTOR = TensorSpec((Dim("N"), 4), "float32")


def convolutions(count: int) -> Graph:
    blocks = {f"c{n:03d}": Block(f"c{n:03d}", "conv2d", "Convolution") for n in range(count)}
    return Graph(blocks={"in": Block("in", "input", "Input", {"fields": ("image: 4×8×8 float32",)}), **blocks})


def test_inputs_and_convolutions_with_pictures_show_them() -> None:
    specs = {"in/image": PICTURE, "c000/output": PICTURE, "c001/output": VECTOR, "c002/input": PICTURE}
    assert preview_paths(convolutions(4), (), BLOCK_TYPES, Analysis(specs=specs)) == (("in", True), ("c000", False))


def test_of_hundreds_no_more_are_asked_for_their_ports_than_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ports_of = BlockType.ports_of

    def counting(self: BlockType, block: Block, variables: Mapping[str, Any]) -> Any:
        asked.append(block.id)
        return ports_of(self, block, variables)

    monkeypatch.setattr(BlockType, "ports_of", counting)
    graph = convolutions(500)
    specs = {f"{id}/output": PICTURE if number % 2 else VECTOR for number, id in enumerate(graph.blocks)}
    found = preview_paths(graph, (), BLOCK_TYPES, Analysis(specs=specs))
    assert len(found) == len(asked) == MOST_PREVIEWS
