"""A menu of the wires that can be drawn from a block, for whoever has no mouse: near ports first, and a new block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QMenu

from engine.graph.connection_rules import port_label, why_not
from engine.graph.graph import Graph, PortRef
from engine.graph.problem import Fix
from engine.graph.scope import Scope
from engine.graph.traversal import DELAY, downstream, upstream
from graph_editor.block_item import BlockItem
from graph_editor.scene import GraphScene
from graph_editor.style_sheet import escaped

LOOKED_AT = 60
"""So many blocks are asked whether they take a wire: the nearest."""
MOST = 12
MANY, AROUND = 400, 1600


class Wiring(NamedTuple):
    """One wire that could be drawn, as people read it; with `fix` another block has to stand in between."""

    words: str
    source: PortRef
    target: PortRef
    fix: Fix | None


def wirings(scene: GraphScene, id: str) -> tuple[Wiring, ...]:
    """The wires from the outputs of a block to free inputs that take what it gives; of one without, those into it."""
    item = scene.blocks[id]
    outputs = [place.id for place in item.geometry.ports if not place.is_input]
    body, scope = scene.body, scene.scope
    looped = upstream(body, [id]) if outputs else downstream(body, [id])
    others = [
        other
        for other in sorted(_around(scene, item), key=lambda other: _distance(item, other, bool(outputs)))
        if other.id != id and (other.id not in looped or body.blocks[other.id].type == DELAY)
    ][:LOOKED_AT]
    found: list[Wiring] = []
    for port in outputs or [place.id for place in item.geometry.ports]:
        pairs = _pairs(id, port, others, is_output=bool(outputs))
        wires = [wiring for source, target in pairs if (wiring := _wiring(scene, scope, source, target)) is not None]
        found += sorted(wires, key=lambda wiring: wiring.fix is not None)[:MOST]
    return tuple(found)


def fill(
    menu: QMenu,
    scene: GraphScene,
    id: str,
    connect: Callable[[Wiring], object],
    search: Callable[[PortRef, bool], object],
) -> None:
    """Add a line for each wiring; after those of each port one that searches for a new block to wire to it."""
    known = wirings(scene, id)
    places = scene.blocks[id].geometry.ports
    outputs = [place for place in places if not place.is_input]
    for place in outputs or places:
        ref = PortRef(block=id, port=place.id)
        for wiring in known:
            if ref in (wiring.source, wiring.target):
                action = menu.addAction(escaped(wiring.words))
                action.triggered.connect(lambda _=False, wiring=wiring: connect(wiring))
        if not outputs and ref in scene.wires:
            continue
        own = _end(scene, scene.scope, ref)
        action = menu.addAction(escaped(f"{own} to a new block …" if outputs else f"A new block to {own} …"))
        action.triggered.connect(lambda _=False, ref=ref: search(ref, not outputs))


def _pairs(id: str, port: str, others: list[BlockItem], *, is_output: bool) -> Iterator[tuple[PortRef, PortRef]]:
    own = PortRef(block=id, port=port)
    for other in others:
        for place in other.geometry.ports:
            if place.is_input == is_output:
                ref = PortRef(block=other.id, port=place.id)
                yield (own, ref) if is_output else (ref, own)


def _wiring(scene: GraphScene, scope: Scope, source: PortRef, target: PortRef) -> Wiring | None:
    if target in scene.wires:
        return None
    into = tuple(wire.wire for wire in scene.wires_of(target.block) if wire.target.block == target.block)
    ids = {source.block, target.block, *(wire.source.block for wire in into)}
    near = Graph(blocks={id: scene.body.blocks[id] for id in ids}, wires=into, variables=scene.body.variables)
    problem = why_not(near, scope, scene.analysis.specs, source, target, scene.path)
    fix = next((fix for fix in problem.fixes if fix.edit == "insert_between"), None) if problem is not None else None
    if problem is not None and fix is None:
        return None
    after = f", after {fix.facts['type']}" if fix is not None else ""
    return Wiring(f"{_end(scene, scope, source)} to {_end(scene, scope, target)}{after}", source, target, fix)


def _end(scene: GraphScene, scope: Scope, ref: PortRef) -> str:
    """The block's name; with the port where it has several on that side."""
    block, places = scene.body.blocks[ref.block], scene.blocks[ref.block].geometry.ports
    side = next((place.is_input for place in places if place.id == ref.port), False)
    several = sum(place.is_input == side for place in places) > 1
    return f"{block.name} {port_label(block, ref.port, scope)}" if several else block.name


def _around(scene: GraphScene, item: BlockItem) -> list[BlockItem]:
    """All blocks; of thousands those near by, if they are enough."""
    if len(scene.blocks) > MANY:
        x, y = item.x(), item.y()
        near = scene.blocks_in(QRectF(x - AROUND, y - AROUND, 2 * AROUND, 2 * AROUND))
        if len(near) > LOOKED_AT:
            return [scene.blocks[id] for id in near]
    return list(scene.blocks.values())


def _distance(item: BlockItem, other: BlockItem, ahead: bool) -> tuple[bool, float, str]:
    """What lies behind comes last."""
    across = (other.x() - item.x()) * (1 if ahead else -1)
    return across < 0, abs(across) + 2 * abs(other.y() - item.y()), other.id
