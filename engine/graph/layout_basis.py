"""Whether a layout that is still being computed fits a drawing that was edited since."""

from __future__ import annotations

import msgspec

from engine.graph.graph import Block, Graph, Learning

replace = msgspec.structs.replace


def lays_out_alike(before: Graph, after: Graph) -> bool:
    """Whether what `tidied` said of a body holds for what has become of it.

    What blocks learn, whose weights they use, whether they are bypassed and what is inside containers does not count.
    """
    if (before.wires, before.variables, before.notes, before.frames) != (
        after.wires,
        after.variables,
        after.notes,
        after.frames,
    ):
        return False
    return before.blocks.keys() == after.blocks.keys() and all(
        block is after.blocks[id] or _as_drawn(block) == _as_drawn(after.blocks[id])
        for id, block in before.blocks.items()
    )


def _as_drawn(block: Block) -> Block:
    """Only what its place, its size and its ports come from."""
    body = block.body
    if body is not None:
        borders = {id: inner for id, inner in body.blocks.items() if inner.type in ("entry", "exit")}
        body = Graph(blocks=borders)
    return replace(block, weights=None, learning=Learning(), bypassed=False, body=body)
