"""Layers of a layout: how far each block stands from where the signal comes in. Linear in blocks and wires."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple


class Edge(NamedTuple):
    """A wire between two numbered nodes, with the rows of its ports below the tops of the nodes."""

    source: int
    target: int
    out_row: int
    in_row: int


def without_loops(count: int, edges: Sequence[Edge]) -> tuple[list[int], list[Edge]]:
    """An order of the nodes, and the edges that follow it; a loop loses the edges that lead back."""
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for edge in edges:
        after[edge.source].append(edge.target)
        waiting[edge.target] += 1
    ready = [node for node in range(count) if waiting[node] == 0]
    entered: list[int] = []
    placed = [-1] * count
    order: list[int] = []
    next_unplaced = 0
    while len(order) < count:
        while not ready:
            # Only loops are left: break one where it is entered, or at its first node.
            while placed[next_unplaced] >= 0:
                next_unplaced += 1
            node = heapq.heappop(entered) if entered else next_unplaced
            if placed[node] < 0:
                ready.append(node)
        node = heapq.heappop(ready)
        if placed[node] >= 0:
            continue
        placed[node] = len(order)
        order.append(node)
        for target in after[node]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, target)
            elif placed[target] < 0:
                heapq.heappush(entered, target)
    return order, [edge for edge in edges if placed[edge.source] < placed[edge.target]]


def layers_of(order: Sequence[int], edges: Sequence[Edge], first: frozenset[int], last: frozenset[int]) -> list[int]:
    """The layer of each node: the longest way to it, then as near as can be to what it feeds.

    `first` stay in layer 0 and `last` in the last one. A node is pulled to the right where that shortens wires: it has
    more wires out than in, or all that comes in feeds nothing else and follows.
    """
    count = len(order)
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for edge in edges:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    layer = [0] * count
    private = [False] * count
    for node in order:
        layer[node] = max((layer[source] + 1 for source in before[node]), default=0)
        private[node] = node not in first and all(
            private[source] and len(after[source]) == 1 for source in before[node]
        )
    deepest = max(layer, default=0)
    for node in last:
        if not after[node]:
            layer[node] = deepest
    for node in reversed(order):
        if after[node] and node not in first and (private[node] or len(after[node]) > len(before[node])):
            layer[node] = min(layer[target] for target in after[node]) - 1
    least = min(layer, default=0)
    return [number - least for number in layer]
