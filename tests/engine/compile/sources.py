"""Drawings to write as Python source, and what ruff says of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.project.drawing import Drawing
from tests.every_block.exporting import ruff_complaints

FIELDS = ("image: 1×8×8", "label: 10 classes")


def clean(text: str, folder: Path) -> str:
    path = folder / "written.py"
    path.write_text(text, encoding="utf-8")
    return ruff_complaints(path)


def replaced(graph: Graph, id: str, **changes: object) -> Graph:
    block = msgspec.structs.replace(graph.blocks[id], **changes)
    return msgspec.structs.replace(graph, blocks={**graph.blocks, id: block})


def chain(*blocks: tuple[str, str, dict]) -> Drawing:
    """Input, the blocks, a cross-entropy."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    for id, type, parameters in blocks:
        drawn.add(id, type, **parameters)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", *(id for id, _, _ in blocks), "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


def residual(body: Graph) -> Drawing:
    """Input, flatten, dense to 6, a Residual around `body`, dense to 10."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=FIELDS)
    drawn.add("flat", "flatten")
    drawn.add("owner", "dense", name="Owner", out_features=6)
    drawn.add("box", "residual", name="Box", body=body)
    drawn.add("twin", "residual", name="Twin", body=body)
    drawn.add("last", "dense", name="Last", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "flat", "owner", "box", "twin", "last", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


def body_of(*blocks: Block, entry: str = "enter", exit: str = "leave") -> Graph:
    ids = [entry, *(block.id for block in blocks), exit]
    found = (Block(entry, "entry", "Entry"), *blocks, Block(exit, "exit", "Exit", look=Look(9, 0)))
    wires = [Wire(PortRef(a, "output"), PortRef(b, "input")) for a, b in zip(ids, ids[1:], strict=False)]
    return Graph({block.id: block for block in found}, sorted_wires(wires))
