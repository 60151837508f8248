"""Walks over one body: order, upstream, downstream, cycles. Iterative, linear in blocks and wires, ties by id.

A Delay gives what came in at an earlier time step, so no wire into one counts: a loop through a Delay is no cycle.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from engine.graph.graph import Graph

Edges = Mapping[str, Sequence[str]]

DELAY = "delay"
"""The type of the blocks that a loop may lead through."""


def successors(graph: Graph) -> dict[str, list[str]]:
    """For each block the blocks that depend on it directly within a time step: by wire, and by shared weights."""
    edges: dict[str, list[str]] = {id: [] for id in graph.blocks}
    for wire in graph.wires:
        target = graph.blocks.get(wire.target.block)
        if wire.source.block in edges and target is not None and target.type != DELAY:
            edges[wire.source.block].append(wire.target.block)
    for block in graph.blocks.values():
        if block.weights is not None and block.weights.of in edges:
            edges[block.weights.of].append(block.id)
    return edges


def predecessors(graph: Graph) -> dict[str, list[str]]:
    """For each block the blocks it depends on directly."""
    edges: dict[str, list[str]] = {id: [] for id in graph.blocks}
    for source, targets in successors(graph).items():
        for target in targets:
            edges[target].append(source)
    return edges


def execution_order(graph: Graph) -> tuple[str, ...]:
    """Block ids, each after all it depends on, ties by id. Blocks on a cycle and behind it are left out."""
    after = successors(graph)
    waiting = dict.fromkeys(graph.blocks, 0)
    for targets in after.values():
        for target in targets:
            waiting[target] += 1
    ready = [id for id, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        id = heapq.heappop(ready)
        order.append(id)
        for target in after[id]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, target)
    return tuple(order)


def downstream(graph: Graph, starts: Iterable[str]) -> frozenset[str]:
    """The starts and every block that depends on one of them."""
    return reachable(successors(graph), starts)


def upstream(graph: Graph, starts: Iterable[str]) -> frozenset[str]:
    """The starts and every block that one of them depends on."""
    return reachable(predecessors(graph), starts)


def cyclic_blocks(graph: Graph) -> frozenset[str]:
    """The blocks on a loop; those behind one are not on it."""
    unplaced = graph.blocks.keys() - set(execution_order(graph))
    if not unplaced:
        return frozenset()
    # Imported here: it costs 0.1 s, and next to no drawing has a loop.
    import networkx

    after = {id: targets for id, targets in successors(graph).items() if id in unplaced}
    loops = networkx.strongly_connected_components(networkx.from_dict_of_lists(after, networkx.DiGraph))
    return frozenset(id for loop in loops for id in loop if len(loop) > 1 or id in after[id])


def reachable(edges: Edges, starts: Iterable[str]) -> frozenset[str]:
    """The starts and every block that edges lead to from there."""
    stack = [id for id in starts if id in edges]
    seen = set(stack)
    while stack:
        for next_id in edges[stack.pop()]:
            if next_id not in seen:
                seen.add(next_id)
                stack.append(next_id)
    return frozenset(seen)
