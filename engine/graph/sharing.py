"""Which blocks' weights a block may use: those of its type or of a type it can transpose, here or around this body."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.graph.block_type import BlockType, lenient_parameters
from engine.graph.graph import Block, Graph, Weights
from engine.graph.scope import Scope
from engine.graph.traversal import Edges, downstream, reachable


def weights_fault(graph: Graph, scope: Scope, block: Block, owner: Block | None, transposed: bool) -> str:
    """Why `block` of this body may not use the weights of `owner`, in a sentence, or ""."""
    unfit = kinds_fault(block, owner, scope.types.get(block.type), transposed)
    if unfit or owner is None:
        return unfit
    if not _has_weights(scope, block) or not _has_weights(scope, owner):
        return "It has no weights that could be shared."
    if owner.id in _behind(graph, scope, block.id):
        return "It comes after this block."
    return "Other blocks use its own weights." if users_of(graph, block.id) else ""


def kinds_fault(block: Block, owner: Block | None, type: BlockType | None, transposed: bool) -> str:
    """Why `block`, of `type`, can use the weights of `owner` nowhere, whatever its shapes, in a sentence, or ""."""
    if owner is None:
        return "It is not in this drawing."
    if block.body is not None or (type is not None and type.role == "container"):
        return "A container keeps weights of its own."
    if transposed and (type is None or owner.type not in dict(type.transposes)):
        return f"It cannot use those of the type {owner.type} transposed."
    if not transposed and owner.type != block.type:
        return f"It is of another type, {owner.type}."
    if owner.weights is not None:
        return "It uses another block’s weights itself."
    return ""


def weights_offered(graph: Graph, scope: Scope, id: str) -> tuple[Weights, ...]:
    """All weights that block `id` of this body may use besides its own: those of this body first, the nearest first.

    Those around it count from the container that it stands in. Shapes are not looked at: analysis tells which do not
    match. Linear in blocks and wires, but for the sorting.
    """
    owners = _owners(graph, scope, id, _distance)
    behind = _behind(graph, scope, id) if owners else frozenset()
    return tuple(weights for owner in owners if owner.id not in behind for weights in _of(graph, scope, id, owner))


def is_any_weights_offered(graph: Graph, scope: Scope, id: str, before: Edges) -> bool:
    """Whether `weights_offered` finds any; `before` are the predecessors in this body.

    Mostly the first owner from the left is no successor, and little stands before it: then few blocks are looked at.
    """
    owners = _owners(graph, scope, id, lambda one, owner: owner.look.x)
    here = (owner for owner in owners if owner.id in graph.blocks and _of(graph, scope, id, owner))
    first = next(here, None)
    if first is not None and id not in reachable(before, [first.id]):
        return True
    behind = _behind(graph, scope, id) if owners else frozenset()
    return any(owner.id not in behind and _of(graph, scope, id, owner) for owner in owners)


def _owners(graph: Graph, scope: Scope, id: str, order: Callable[[Block, Block], int]) -> list[Block]:
    """The blocks whose weights are of a kind that block `id` may use, before and behind it, this body's first.

    Those of a body come in the `order` of what it makes of the block, or the container it stands in, and each of them.
    """
    block = graph.blocks[id]
    type = scope.types.get(block.type)
    kinds = {block.type, *(dict(type.transposes) if type is not None else ())}
    owners: list[Block] = []
    for body, inner in _around(graph, scope, id):
        alike = [owner for owner in body.blocks.values() if owner.type in kinds and owner.id != id]
        owners.extend(_sorted(alike, body.blocks.get(inner, block), order))
    return owners if owners and _has_weights(scope, block) and not users_of(graph, id) else []


def _sorted(blocks: list[Block], here: Block, order: Callable[[Block, Block], int]) -> list[Block]:
    return sorted(blocks, key=lambda block: (order(here, block), block.look.x, block.look.y, block.id))


def _distance(one: Block, other: Block) -> int:
    """How far apart two blocks stand, squared."""
    return (one.look.x - other.look.x) ** 2 + (one.look.y - other.look.y) ** 2


def _around(graph: Graph, scope: Scope, id: str) -> Iterator[tuple[Graph, str]]:
    """This body and block `id`, then each body around it and the container in it that holds them, as far as known."""
    yield graph, id
    for body in reversed(scope.ancestors):
        id = next((box.id for box in body.blocks.values() if box.body is not None and id in box.body.blocks), "")
        yield body, id


def _of(graph: Graph, scope: Scope, id: str, owner: Block) -> tuple[Weights, ...]:
    """How block `id` may use the weights of `owner`, as far as their kinds tell."""
    block = graph.blocks[id]
    type = scope.types.get(block.type)
    if not _has_weights(scope, owner):
        return ()
    return tuple(
        Weights(of=owner.id, transposed=transposed)
        for transposed in (False, True)
        if not kinds_fault(block, owner, type, transposed)
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


def _has_weights(scope: Scope, block: Block) -> bool:
    """Whether a block has weights; a type that is unknown here may have some."""
    type = scope.types.get(block.type)
    return type is None or bool(type.weights(lenient_parameters(type, block, scope.variables)))


def _behind(graph: Graph, scope: Scope, id: str) -> frozenset[str]:
    """What depends on block `id`: in its body, and around that on the containers that it stands in."""
    return frozenset().union(*(downstream(body, [inner]) for body, inner in _around(graph, scope, id)))
