"""What becomes of shared weights when the block that owns them goes: the first that uses them becomes the owner."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from engine.graph.graph import Block, Graph, Weights
from engine.graph.traversal import execution_order, upstream

replace = msgspec.structs.replace

Handed = tuple[str, str]
"""The name of a block that goes, and of the one that gets its weights."""


def without_owners(graph: Graph, gone: Collection[str]) -> tuple[Graph, tuple[Handed, ...]]:
    """The body without the blocks `gone`, their weights handed on; its wires are left as they are.

    The first user in execution order becomes the owner, the others use its weights. Who uses them transposed becomes no
    owner, and what comes before the owner cannot use its weights: they get weights of their own.
    """
    gone = frozenset(gone)
    users = _users(graph, gone)
    left = replace(graph, blocks={id: block for id, block in graph.blocks.items() if id not in gone})
    handed: list[Handed] = []
    for owner in sorted(users.keys() & graph.blocks.keys()):
        left, heir = _handed_on(left, users[owner], owner)
        if heir:
            handed.append((graph.blocks[owner].name, heir))
    return left, tuple(handed)


def _handed_on(graph: Graph, users: Sequence[str], owner: str) -> tuple[Graph, str]:
    """The body with the weights of `owner` handed on, and the name of the block that has them now."""
    blocks = dict(graph.blocks)
    heir = next((id for id in users if _is_twin(blocks[id], owner)), None)
    others = [id for id in users if id != heir]
    name, before = "", frozenset[str]()
    if heir is not None:
        blocks[heir] = replace(blocks[heir], weights=None)
        name = blocks[heir].name
        if others:
            before = upstream(replace(graph, blocks=blocks), [heir])
    for id in others:
        block = blocks[id]
        if heir is not None and id not in before:
            blocks[id] = _using(block, owner, heir)
        elif block.body is None:
            blocks[id] = replace(block, weights=None)
        else:
            body, inner = _handed_on(block.body, _users(block.body, frozenset((owner,)))[owner], owner)
            blocks[id] = replace(block, body=body)
            name = name or inner
    return replace(graph, blocks=blocks), name


def _users(graph: Graph, owners: frozenset[str]) -> dict[str, list[str]]:
    """By owner the other blocks that use its weights, or hold one that does; in execution order, cycles last."""
    using = {id: block for id, block in graph.blocks.items() if block.weights is not None or block.body is not None}
    used = {id: _used_by(block) & owners for id, block in using.items() if id not in owners}
    found: dict[str, list[str]] = {}
    if any(used.values()):
        for id in dict.fromkeys((*execution_order(graph), *graph.blocks)):
            for owner in used.get(id, ()):
                found.setdefault(owner, []).append(id)
    return found


def _used_by(block: Block) -> frozenset[str]:
    """Whose weights the block and those inside it use."""
    found: set[str] = set()
    stack = [block]
    while stack:
        block = stack.pop()
        if block.weights is not None:
            found.add(block.weights.of)
        if block.body is not None:
            stack.extend(block.body.blocks.values())
    return frozenset(found)


def _is_twin(block: Block, owner: str) -> bool:
    return block.weights is not None and block.weights.of == owner and not block.weights.transposed


def _using(block: Block, owner: str, heir: str) -> Block:
    """The block, and what is in it, with the weights of `heir` in place of those of `owner`."""
    if block.weights is not None and block.weights.of == owner:
        block = replace(block, weights=Weights(of=heir, transposed=block.weights.transposed))
    if block.body is not None and owner in _used_by(block):
        inner = {id: _using(child, owner, heir) for id, child in block.body.blocks.items()}
        block = replace(block, body=replace(block.body, blocks=inner))
    return block
