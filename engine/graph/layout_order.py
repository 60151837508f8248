"""The order of nodes inside their layers: barycentre sweeps, the one with the fewest crossings kept."""

from __future__ import annotations

import time
from bisect import bisect_right, insort
from collections.abc import Callable, Sequence

from engine.graph.layout_layers import Edge

Layers = list[list[int]]


def ordered(
    layer: Sequence[int],
    edges: Sequence[Edge],
    arrange: Callable[[list[int]], list[int]],
    sweeps: int,
    deadline: float,
    pause: Callable[[], None],
) -> Layers:
    """The nodes of each layer from top to bottom. `arrange` puts a layer into an order that must hold.

    `deadline` is a time of `time.perf_counter`: behind it no further sweep begins. `pause` is called before each.
    """
    count = len(layer)
    before: list[list[Edge]] = [[] for _ in range(count)]
    after: list[list[Edge]] = [[] for _ in range(count)]
    for edge in edges:
        before[edge.target].append(edge)
        after[edge.source].append(edge)
    layers = [arrange(nodes) for nodes in _first_order(layer, before, after)]
    if all(len(nodes) < 2 for nodes in layers):
        return layers
    near = [edge for edge in edges if layer[edge.target] == layer[edge.source] + 1]
    place = [0.0] * count
    for nodes in layers:
        _set_places(nodes, place)
    best, fewest = [list(nodes) for nodes in layers], _crossings(layers, layer, near, place)
    for sweep in range(sweeps):
        if fewest == 0 or time.perf_counter() > deadline:
            break
        pause()
        downwards = sweep % 2 == 0
        for number in range(len(layers)) if downwards else range(len(layers) - 1, -1, -1):
            nodes = layers[number]
            if len(nodes) < 2:
                continue
            centres = {node: _centre(node, before[node] if downwards else after[node], place) for node in nodes}
            layers[number] = nodes = arrange(sorted(nodes, key=centres.__getitem__))
            _set_places(nodes, place)
        crossings = _crossings(layers, layer, near, place)
        if crossings < fewest:
            best, fewest = [list(nodes) for nodes in layers], crossings
    return best


def _first_order(layer: Sequence[int], before: list[list[Edge]], after: list[list[Edge]]) -> Layers:
    """As a walk from the first nodes along their ports meets them."""
    layers: Layers = [[] for _ in range(max(layer, default=-1) + 1)]
    seen = [False] * len(layer)
    starts = sorted(range(len(layer)), key=lambda node: (bool(before[node]), layer[node], node))
    for start in starts:
        stack = [start]
        while stack:
            node = stack.pop()
            if seen[node]:
                continue
            seen[node] = True
            layers[layer[node]].append(node)
            onward = sorted(after[node], key=lambda edge: (edge.out_row, edge.target), reverse=True)
            stack.extend(edge.target for edge in onward if not seen[edge.target])
    return layers


def _set_places(nodes: list[int], place: list[float]) -> None:
    middle = (len(nodes) - 1) / 2
    for number, node in enumerate(nodes):
        place[node] = number - middle


def _centre(node: int, edges: list[Edge], place: list[float]) -> float:
    if not edges:
        return place[node]
    total = 0.0
    for edge in edges:
        outward = edge.target == node
        # Ports further down count a little further down, so that wires of one block do not cross.
        total += place[edge.source if outward else edge.target] + (edge.out_row if outward else edge.in_row) / 4096
    return total / len(edges)


def _crossings(layers: Layers, layer: Sequence[int], near: list[Edge], place: list[float]) -> int:
    gaps: list[list[tuple[float, int, float, int]]] = [[] for _ in layers]
    for edge in near:
        gaps[layer[edge.source]].append((place[edge.source], edge.out_row, place[edge.target], edge.in_row))
    crossings = 0
    for gap in gaps:
        ends: list[tuple[float, int]] = []
        for _, _, end, in_row in sorted(gap):
            crossings += len(ends) - bisect_right(ends, (end, in_row))
            insort(ends, (end, in_row))
    return crossings
