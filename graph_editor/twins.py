"""Blocks that share weights, and the colour that shows which belong together."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from engine.graph.graph import Block, Graph
from graph_editor.block_item import BlockItem

COLOURS = 10
"""As many as the theme has for classes."""


def mark_twins(body: Graph, items: Mapping[str, BlockItem], before: Mapping[str, int]) -> dict[str, int]:
    """Have the items of a body, which show the colours `before`, show which share weights; the colour of each."""
    twins = twins_of(body, COLOURS)
    for id in items.keys() & (before.keys() | twins.keys()):
        if items[id].twin != twins.get(id):
            items[id].twin = twins.get(id)
            items[id].update()
    return twins


def twins_of(body: Graph, colours: int) -> dict[str, int]:
    """By id, the number of the colour of each block of `body` that shares weights: owners, users, and containers in
    which they are used have one colour for each owner.

    The colour comes from the owner's id, so that it stays when others come and go; two take the same only when there
    are more owners than colours.
    """
    users: dict[str, list[str]] = {}
    for id, block in body.blocks.items():
        if block.weights is None and block.body is None:
            continue
        for owner in _owners_in(block):
            users.setdefault(owner, []).append(id)
    found: dict[str, int] = {}
    taken: set[int] = set()
    for owner in sorted(users):
        if len(taken) == colours:
            taken = set()
        number = zlib.crc32(owner.encode()) % colours
        while number in taken:
            number = (number + 1) % colours
        taken.add(number)
        # A block inside a container that is shared only there belongs to that body.
        outside = owner in body.blocks or any(body.blocks[id].weights is not None for id in users[owner])
        if outside:
            found.update(dict.fromkeys((owner, *users[owner]), number))
    return {id: number for id, number in found.items() if id in body.blocks}


def _owners_in(block: Block) -> Iterable[str]:
    stack = [block]
    while stack:
        one = stack.pop()
        if one.weights is not None:
            yield one.weights.of
        if one.body is not None:
            stack.extend(one.body.blocks.values())
