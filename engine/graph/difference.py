"""What changed between two drawings."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.graph import Block, Frame, Graph, Note, PortRef, Wire
from engine.graph.paths import BodyPath
from engine.graph.values import Plain, Value


class BodyChange(Plain, frozen=True):
    """What differs in one body; `changed` holds blocks as they are now, their bodies included."""

    added: Mapping[str, Block] = {}
    removed: tuple[str, ...] = ()
    changed: Mapping[str, Block] = {}
    wires_added: tuple[Wire, ...] = ()
    wires_removed: tuple[PortRef, ...] = ()
    notes: tuple[Note, ...] | None = None
    frames: tuple[Frame, ...] | None = None
    variables: Mapping[str, Value] | None = None


class GraphChange(msgspec.Struct, frozen=True):
    """All that differs, by the path of each body; `meaning` is false where only looks, notes and frames changed."""

    bodies: Mapping[BodyPath, BodyChange] = {}
    meaning: bool = False

    def __bool__(self) -> bool:
        return bool(self.bodies)


def difference(before: Graph, after: Graph) -> GraphChange:
    """What turns `before` into `after`. Unchanged parts are found by identity first, so an edit costs little."""
    found: dict[BodyPath, BodyChange] = {}
    meaning = False
    stack: list[tuple[BodyPath, Graph, Graph]] = [((), before, after)]
    while stack:
        path, old, new = stack.pop()
        if old is new:
            continue
        change = _body_difference(old, new)
        if change is None:
            continue
        found[path] = change
        meaning = meaning or _has_meaning(old, change)
        for id, block in change.changed.items():
            old_body = old.blocks[id].body
            if old_body is not None and block.body is not None:
                stack.append(((*path, id), old_body, block.body))
    return GraphChange(bodies=found, meaning=meaning)


def apply_change(before: Graph, change: GraphChange) -> Graph:
    """`before` with `change` made: equal to the `after` that `difference` was asked about."""
    root = change.bodies.get(())
    if root is None:
        return before
    blocks = {id: block for id, block in before.blocks.items() if id not in set(root.removed)}
    blocks.update(root.changed)
    blocks.update(root.added)
    gone = set(root.wires_removed)
    wires = [wire for wire in before.wires if wire.target not in gone]
    wires.extend(root.wires_added)
    return Graph(
        blocks=blocks,
        wires=tuple(sorted(wires, key=lambda wire: wire.target)),
        variables=before.variables if root.variables is None else root.variables,
        notes=before.notes if root.notes is None else root.notes,
        frames=before.frames if root.frames is None else root.frames,
    )


def _body_difference(old: Graph, new: Graph) -> BodyChange | None:
    added: dict[str, Block] = {}
    changed: dict[str, Block] = {}
    removed: tuple[str, ...] = ()
    if old.blocks is not new.blocks:
        for id, block in new.blocks.items():
            was = old.blocks.get(id)
            if was is None:
                added[id] = block
            elif was is not block and was != block:
                changed[id] = block
        removed = tuple(id for id in old.blocks if id not in new.blocks)
    wires_added: tuple[Wire, ...] = ()
    wires_removed: tuple[PortRef, ...] = ()
    if old.wires is not new.wires:
        old_wires = {wire.target: wire for wire in old.wires}
        new_wires = {wire.target: wire for wire in new.wires}
        wires_added = tuple(wire for target, wire in new_wires.items() if old_wires.get(target) != wire)
        wires_removed = tuple(target for target, wire in old_wires.items() if new_wires.get(target) != wire)
    change = BodyChange(
        added=added,
        removed=removed,
        changed=changed,
        wires_added=wires_added,
        wires_removed=wires_removed,
        notes=None if old.notes == new.notes else new.notes,
        frames=None if old.frames == new.frames else new.frames,
        variables=None if old.variables == new.variables else new.variables,
    )
    return None if change == BodyChange() else change


def _has_meaning(old: Graph, change: BodyChange) -> bool:
    if change.added or change.removed or change.variables is not None:
        return True
    old_sources = {wire.target: wire.source for wire in old.wires} if change.wires_added or change.wires_removed else {}
    new_sources = {wire.target: wire.source for wire in change.wires_added}
    if any(new_sources.get(target) != old_sources[target] for target in change.wires_removed):
        return True
    if any(target not in old_sources for target in new_sources):
        return True
    return any(_means_other(old.blocks[id], block) for id, block in change.changed.items())


def _means_other(old: Block, new: Block) -> bool:
    """Whether more than look or body differs; a body is judged by its own BodyChange."""
    same = msgspec.structs.replace(
        new, look=old.look, body=old.body if old.body is not None and new.body is not None else new.body
    )
    return same != old
