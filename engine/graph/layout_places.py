"""Heights of nodes in ordered layers: chains run straight through their ports, and nothing lies on anything else.

After Brandes and Köpf, Fast and simple horizontal coordinate assignment, 2001: nodes are aligned into chains that do
not cross; here the chains are then drawn to the median of what they are wired to, as far as there is room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from engine.graph.block_size import SNAP
from engine.graph.layout_layers import Edge
from engine.graph.layout_order import Layers

_ROUNDS = 6


def heights_of(
    layers: Layers,
    order: Sequence[int],
    edges: Sequence[Edge],
    height: Sequence[int],
    real: Sequence[bool],
    gap: int,
    pause: Callable[[], None],
) -> list[int]:
    """The y of each node's top. `order` is a topological one; nodes that are not `real` only keep a way free.

    `pause` is called before each walk over all chains.
    """
    count = len(height)
    layer, position = [0] * count, [0] * count
    for number, nodes in enumerate(layers):
        for at, node in enumerate(nodes):
            layer[node], position[node] = number, at
    next_node = _links(order, edges, layer, position, real)
    chain, offset, chains = _chains(next_node, order)
    below, above = _constraints(layers, chain, offset, height, gap, chains)
    sequence = _sequence(chains, below, above)
    wishes = _wishes(edges, chain, offset, layer, chains)
    y = [0] * chains
    for one in sequence:
        y[one] = max((y[other] + room for other, room in above[one]), default=0)
    for _ in range(_ROUNDS):
        for walk in (reversed(sequence), sequence):
            pause()
            for one in walk:
                wished = wishes[one]
                if wished:
                    y[one] = _moved(y, wished, above[one], below[one])
    return [y[chain[node]] + offset[node] for node in range(count)]


def _links(
    order: Sequence[int], edges: Sequence[Edge], layer: list[int], position: list[int], real: Sequence[bool]
) -> dict[int, Edge]:
    """The edge along which each node's chain goes on: the longest ways first, none across another."""
    count = len(layer)
    before, after = [0] * count, [0] * count
    outward: list[list[int]] = [[] for _ in range(count)]
    inward: list[list[int]] = [[] for _ in range(count)]
    for edge in edges:
        outward[edge.source].append(edge.target)
        inward[edge.target].append(edge.source)
    for node in order:
        before[node] = real[node] + max((before[other] for other in inward[node]), default=0)
    for node in reversed(order):
        after[node] = real[node] + max((after[other] for other in outward[node]), default=0)
    near = [edge for edge in edges if layer[edge.target] == layer[edge.source] + 1]
    near.sort(key=lambda edge: (-before[edge.source] - after[edge.target], edge.out_row, edge.in_row, edge))
    linked: dict[int, Edge] = {}
    ended: set[int] = set()
    gaps: dict[int, list[tuple[int, int]]] = {}
    for edge in near:
        if edge.source in linked or edge.target in ended:
            continue
        ways = gaps.setdefault(layer[edge.source], [])
        way = (position[edge.source], position[edge.target])
        at = bisect_left(ways, way)
        if (at and ways[at - 1][1] > way[1]) or (at < len(ways) and ways[at][1] < way[1]):
            continue
        ways.insert(at, way)
        linked[edge.source] = edge
        ended.add(edge.target)
    return linked


def _chains(next_node: dict[int, Edge], order: Sequence[int]) -> tuple[list[int], list[int], int]:
    """The chain of each node, its top below that of the chain's first node, and how many chains there are."""
    chain, offset = [-1] * len(order), [0] * len(order)
    chains = 0
    for start in order:
        if chain[start] >= 0:
            continue
        node = start
        chain[node] = chains
        while node in next_node:
            edge = next_node[node]
            offset[edge.target] = offset[node] + edge.out_row - edge.in_row
            node = edge.target
            chain[node] = chains
        chains += 1
    return chain, offset, chains


_Rooms = list[list[tuple[int, int]]]


def _constraints(
    layers: Layers, chain: list[int], offset: list[int], height: Sequence[int], gap: int, chains: int
) -> tuple[_Rooms, _Rooms]:
    """For each chain those below and above it, each with the least difference between their heights."""
    room: dict[tuple[int, int], int] = {}
    for nodes in layers:
        for upper, lower in zip(nodes, nodes[1:], strict=False):
            pair = (chain[upper], chain[lower])
            least = offset[upper] + height[upper] + gap - offset[lower]
            room[pair] = max(room.get(pair, least), least)
    below: _Rooms = [[] for _ in range(chains)]
    above: _Rooms = [[] for _ in range(chains)]
    for (upper, lower), least in room.items():
        below[upper].append((lower, least))
        above[lower].append((upper, least))
    return below, above


def _sequence(chains: int, below: _Rooms, above: _Rooms) -> list[int]:
    """The chains from top to bottom: as their links never cross, none is both above and below another."""
    waiting = [len(others) for others in above]
    ready = [one for one in range(chains) if waiting[one] == 0]
    for one in ready:
        for other, _ in below[one]:
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    assert len(ready) == chains, "chains that do not cross have an order"
    return ready


def _wishes(
    edges: Sequence[Edge], chain: list[int], offset: list[int], layer: list[int], chains: int
) -> list[list[tuple[int, int]]]:
    """For each chain the others it is wired to, and how far below them it would have to be for a straight wire."""
    near: list[list[tuple[int, int]]] = [[] for _ in range(chains)]
    far: list[list[tuple[int, int]]] = [[] for _ in range(chains)]
    for edge in edges:
        source, target = chain[edge.source], chain[edge.target]
        if source == target:
            continue
        wishes = near if layer[edge.target] == layer[edge.source] + 1 else far
        drop = offset[edge.source] + edge.out_row - offset[edge.target] - edge.in_row
        wishes[target].append((source, drop))
        wishes[source].append((target, -drop))
    return [near[one] or far[one] for one in range(chains)]


def _moved(
    y: list[int],
    wished: list[tuple[int, int]],
    above: list[tuple[int, int]],
    below: list[tuple[int, int]],
) -> int:
    """Where the chain comes to stand: at the median of its wishes, in the room between its neighbours."""
    places = sorted(y[other] + drop for other, drop in wished)
    half = len(places) // 2
    middle = places[half] if len(places) % 2 else (places[half - 1] + places[half]) // 2
    middle = middle // SNAP * SNAP
    for other, room in below:
        middle = min(middle, y[other] - room)
    for other, room in above:
        middle = max(middle, y[other] + room)
    return middle
