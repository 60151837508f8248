"""Which blocks' weights a block may use: those of its type or of a type it can transpose, here or around this body."""

from __future__ import annotations

from collections.abc import Collection

from engine.graph.graph import Block, Graph, Weights
from engine.graph.scope import Scope
from engine.graph.traversal import downstream


def weights_fault(graph: Graph, scope: Scope, block: Block, owner: Block | None, transposed: bool) -> str:
    """Why `block` of this body may not use the weights of `owner`, in a sentence, or ""."""
    behind = downstream(graph, [block.id])
    return _fault_of_pair(scope, block, owner, transposed, behind) or _fault_of_user(graph, block)


def weights_offered(graph: Graph, scope: Scope, id: str) -> tuple[Weights, ...]:
    """All weights that block `id` of this body may use besides its own: those of this body first, from left to right.

    Shapes are not looked at: analysis tells which do not match. Linear in blocks and wires.
    """
    block = graph.blocks[id]
    types = _types_used(scope, block)
    owners: list[Block] = []
    for body in (graph, *reversed(scope.ancestors)):
        alike = (owner for owner in body.blocks.values() if owner.type in types and owner.id != id)
        owners.extend(sorted(alike, key=lambda owner: (owner.look.x, owner.look.y, owner.id)))
    if not owners or _fault_of_user(graph, block):
        return ()
    behind = downstream(graph, [id])
    return tuple(
        Weights(of=owner.id, transposed=transposed)
        for owner in owners
        for transposed in (False, True)
        if not _fault_of_pair(scope, block, owner, transposed, behind)
    )


def users_of(graph: Graph, id: str) -> tuple[Block, ...]:
    """The blocks of this body, and of the containers in it, that use the weights of block `id`."""
    found: list[Block] = []
    stack = [graph]
    while stack:
        for block in stack.pop().blocks.values():
            if block.weights is not None and block.weights.of == id:
                found.append(block)
            if block.body is not None:
                stack.append(block.body)
    return tuple(found)


def _types_used(scope: Scope, block: Block) -> frozenset[str]:
    type = scope.types.get(block.type)
    return frozenset((block.type, *(dict(type.transposes) if type is not None else ())))


def _fault_of_user(graph: Graph, block: Block) -> str:
    if block.body is not None:
        return "A container keeps weights of its own."
    return "Other blocks use its own weights." if users_of(graph, block.id) else ""


def _fault_of_pair(scope: Scope, block: Block, owner: Block | None, transposed: bool, behind: Collection[str]) -> str:
    if owner is None:
        return "It is not in this drawing."
    if block.body is not None:
        return "A container keeps weights of its own."
    type = scope.types.get(block.type)
    if transposed and (type is None or owner.type not in dict(type.transposes)):
        return f"It cannot use those of the type {owner.type} transposed."
    if not transposed and owner.type != block.type:
        return f"It is of another type, {owner.type}."
    if owner.weights is not None:
        return "It uses another block’s weights itself."
    if owner.id == block.id or owner.id in behind:
        return "It comes after this block."
    return ""
