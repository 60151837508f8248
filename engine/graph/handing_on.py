"""What becomes of shared weights when the block that owns them goes: the first that uses them becomes the owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from engine.graph.graph import Block, Graph, Weights

replace = msgspec.structs.replace

Handed = tuple[str, str]
"""The name of a block that goes, and of the one that gets its weights."""


def without_owners(graph: Graph, gone: Collection[str]) -> tuple[Graph, tuple[Handed, ...]]:
    """The body without the blocks `gone`, their weights handed on; its wires are left as they are.

    The first user in execution order becomes the owner, the others use its weights. Who uses them transposed becomes no
    owner, and what comes before the owner cannot use its weights: they get weights of their own.
    """
    blocks = {id: block for id, block in graph.blocks.items() if id not in gone}
    owners = _owners(blocks.values()) & frozenset(gone) & graph.blocks.keys()
    if not owners:
        return replace(graph, blocks=blocks), ()
    order = [id for id in _in_order(graph) if id in blocks]
    handed: list[Handed] = []
    for owner in sorted(owners):
        blocks, heir = _handed_on(replace(graph, blocks=blocks), order, owner)
        if heir:
            handed.append((graph.blocks[owner].name, heir))
    return replace(graph, blocks=blocks), tuple(handed)


def _handed_on(graph: Graph, order: Iterable[str], owner: str) -> tuple[dict[str, Block], str]:
    """The blocks with the weights of `owner` handed on, and the name of the one that has them now."""
    from engine.graph.traversal import upstream

    blocks = dict(graph.blocks)
    heir = next((id for id in order if _is_twin(blocks[id], owner)), None)
    name, before = "", frozenset[str]()
    if heir is not None:
        blocks[heir] = replace(blocks[heir], weights=None)
        name, before = blocks[heir].name, upstream(replace(graph, blocks=blocks), [heir])
    for id in order:
        block = blocks[id]
        if not _uses(block, owner):
            continue
        if heir is not None and id not in before:
            blocks[id] = _using(block, owner, heir)
        elif block.body is None:
            blocks[id] = replace(block, weights=None)
        else:
            blocks[id], inner = _handed_on_inside(block, owner)
            name = name or inner
    return blocks, name


def _handed_on_inside(block: Block, owner: str) -> tuple[Block, str]:
    assert block.body is not None
    blocks, name = _handed_on(block.body, _in_order(block.body), owner)
    return replace(block, body=replace(block.body, blocks=blocks)), name


def _in_order(graph: Graph) -> list[str]:
    """All blocks in execution order, those on a cycle last."""
    from engine.graph.traversal import execution_order

    order = execution_order(graph)
    placed = frozenset(order)
    return [*order, *(id for id in graph.blocks if id not in placed)]


def _owners(blocks: Iterable[Block]) -> frozenset[str]:
    """Whose weights these blocks and those inside them use."""
    found: set[str] = set()
    stack = list(blocks)
    while stack:
        block = stack.pop()
        if block.weights is not None:
            found.add(block.weights.of)
        if block.body is not None:
            stack.extend(block.body.blocks.values())
    return frozenset(found)


def _is_twin(block: Block, owner: str) -> bool:
    return block.weights is not None and block.weights.of == owner and not block.weights.transposed


def _uses(block: Block, owner: str) -> bool:
    if block.weights is not None and block.weights.of == owner:
        return True
    return block.body is not None and any(_uses(child, owner) for child in block.body.blocks.values())


def _using(block: Block, owner: str, heir: str) -> Block:
    """The block, and what is in it, with the weights of `heir` in place of those of `owner`."""
    if block.weights is not None and block.weights.of == owner:
        block = replace(block, weights=Weights(of=heir, transposed=block.weights.transposed))
    if block.body is not None and _uses(block, owner):
        inner = {id: _using(child, owner, heir) for id, child in block.body.blocks.items()}
        block = replace(block, body=replace(block.body, blocks=inner))
    return block
