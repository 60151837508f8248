"""What gestures, keys and menus do to the drawing: each one call of the document, refused in words, never raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from engine.graph import edits
from engine.graph.block_type import BlockType, Ports, Repair, lenient_parameters
from engine.graph.graph import Block, Graph, Look, PortRef
from engine.graph.problem import Fix, Problem, Refused
from engine.graph.scope import Scope
from engine.graph.values import Value
from graph_editor import clipboard
from graph_editor.block_content import content_of
from graph_editor.block_geometry import BlockGeometry, snapped
from graph_editor.deleting import delete_and_tell
from graph_editor.document import Document
from graph_editor.scene import GraphScene
from graph_editor.theme import BLOCK_HEIGHT, GAP_MIN, PORT_FIRST

PASTE_STEP = 32
_WITH_PICTURE = frozenset(("input", "convolution", "energy"))
Edit = Callable[[Graph, Scope], Graph]


class CanvasCommands(QObject):
    """The edits of the body that a scene shows. `refused(Problem)` tells what could not be done, `message` what was."""

    refused = Signal(object)
    message = Signal(str)

    def __init__(self, document: Document, scene: GraphScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.scene = scene

    def edit(self, label: str, function: Callable[..., Graph], *arguments: object) -> bool:
        """One edit of this body as one undo step; False where it was refused."""
        try:
            self.document.edit(label, function, *arguments, path=self.scene.path)
        except Refused as fault:
            self.refused.emit(fault.problem)
            return False
        return True

    def new_block(self, type_id: str, parameters: Mapping[str, Value], x: float, y: float) -> Block:
        """A block not yet in the drawing, the middle of its header at a place of the scene."""
        type = self.document.types[type_id]
        ids = iter(self.document.new_ids(64 if type.body is not None else 1))
        id = next(ids)
        body = type.body(lambda: next(ids)) if type.body is not None else None
        block = Block(id=id, type=type_id, name=type.title, parameters=dict(parameters), body=body)
        width = self._width(block, type)
        return replace_look(block, x - width / 2, y - BLOCK_HEIGHT / 2)

    def size_of_new(self, type_id: str, parameters: Mapping[str, Value]) -> tuple[int, int]:
        """The width and height of a block not yet in the drawing, with room for the picture it may come to show."""
        type = self.document.types[type_id]
        geometry = self._geometry(self.new_block(type_id, parameters, 0, 0), type, type.family in _WITH_PICTURE)
        return geometry.width, geometry.height

    def _geometry(self, block: Block, type: BlockType, preview: bool) -> BlockGeometry:
        content = content_of(block, type, self.document.graph.variables, {}, Ports(), preview)
        return self.scene.look.geometry(content)

    def _width(self, block: Block, type: BlockType) -> int:
        return self._geometry(block, type, False).width

    def takes_wire(self, type_id: str, x: float, y: float) -> PortRef | None:
        """The target of the wire that a block of this type, let go at a place of the scene, is put into."""
        wire = self.scene.wire_at(x, y, 12)
        if wire is None:
            return None
        ports = self.document.types[type_id].ports_of(self.new_block(type_id, {}, x, y), self.document.graph.variables)
        return wire.target if ports.inputs and ports.outputs else None

    def add(
        self, type_id: str, parameters: Mapping[str, Value], x: float, y: float, *, on_wire: bool = True
    ) -> str | None:
        """Add a block with the middle of its header at x, y; on a wire, with `on_wire`, it is put into that.

        Its id, or None where refused.
        """
        block = self.new_block(type_id, parameters, x, y)
        type = self.document.types[type_id]
        target = self.takes_wire(type_id, x, y) if on_wire else None
        if target is not None:
            done = self.edit(f"Insert {type.title}", self.insertion(block, target))
        else:
            done = self.edit(f"Add {type.title}", edits.add_block, block)
        if not done:
            return None
        self.scene.pick([block.id])
        return block.id

    def insertion(self, block: Block, target: PortRef) -> Edit:
        """The edit that puts a new block on the wire into `target` and moves what follows aside."""

        def insert(graph: Graph, scope: Scope) -> Graph:
            return self._with_room(edits.insert_block(graph, scope, block, target), scope, block.id, target)

        return insert

    def put_on_wire(self, places: Mapping[str, tuple[int, int]], id: str, target: PortRef) -> bool:
        """Move blocks and put the block `id` on the wire into `target`, as one step."""

        def insert(graph: Graph, scope: Scope) -> Graph:
            moved = edits.put_on_wire(edits.move(graph, scope, places), scope, id, target)
            return self._with_room(moved, scope, id, target)

        return self.edit("Insert on wire", insert)

    def _with_room(self, graph: Graph, scope: Scope, id: str, target: PortRef) -> Graph:
        """With a block just put on the wire into `target` clear of the one before it, on its level where the wire
        ran straight, and what follows in the row moved aside."""
        block, taker = graph.blocks[id], graph.blocks[target.block]
        width, giver = self._width_of(block), self._giver_of(graph, id)
        x, y = block.look.x, block.look.y
        if giver is not None:
            (source, height), (_, target_height) = giver, self._end_of(graph, target, is_input=True)
            right = source.look.x + self._width_of(source)
            if taker.look.x > right:
                x = max(x, snapped(right + GAP_MIN + 4))
                y = snapped(height - PORT_FIRST) if height == target_height else y
                graph = edits.move(graph, scope, {id: (x, y)})
        lacking = x + width + GAP_MIN - taker.look.x
        if taker.look.x < block.look.x - width or lacking <= 0:
            return graph
        shift = snapped(lacking + 4)
        places = {other.id: (other.look.x + shift, other.look.y) for other in _row_from(graph, target.block, id)}
        return edits.move(graph, scope, places)

    def _giver_of(self, graph: Graph, id: str) -> tuple[Block, float] | None:
        """The block before `id` and how far down the scene its port stands; None without one."""
        wire = next((wire for wire in graph.wires if wire.target.block == id), None)
        return self._end_of(graph, wire.source, is_input=False) if wire is not None else None

    def _end_of(self, graph: Graph, port: PortRef, *, is_input: bool) -> tuple[Block, float]:
        block = graph.blocks[port.block]
        item = self.scene.blocks.get(port.block)
        place = item.geometry.port(port.port, is_input) if item is not None else None
        return block, block.look.y + (place.y if place is not None else PORT_FIRST)

    def _width_of(self, block: Block) -> int:
        item = self.scene.blocks.get(block.id)
        type = self.document.types.get(block.type)
        return item.geometry.width if item is not None else self._width(block, type) if type is not None else 0

    def add_wired(
        self,
        type_id: str,
        parameters: Mapping[str, Value],
        x: float,
        y: float,
        end: PortRef,
        is_input: bool,
        before: Repair | None = None,
    ) -> str | None:
        """Add a block and wire it to `end`, an output (or an input) that a wire was pulled from, as one step.

        With `before` that is done by way of another block, which stands where this one would.
        """
        block = self.new_block(type_id, parameters, x, y)
        type = self.document.types[type_id]
        ports = type.ports_of(block, self.document.graph.variables)
        width = self._width(block, type)
        left = x - width if is_input else x
        block = replace_look(block, left + (self.room_before(before) if before is not None else 0), y - 24)
        first = replace_look(self._new_repair(before), left, y - 24) if before is not None else None

        def wired(graph: Graph, scope: Scope) -> Graph:
            graph = edits.add_block(graph, scope, block)
            if is_input:
                if not ports.outputs:
                    return graph
                source, target = PortRef(block=block.id, port=ports.outputs[0].id), end
            else:
                if not ports.inputs:
                    return graph
                source, target = end, PortRef(block=block.id, port=self._port_for(end, block, type, ports, before))
            graph = edits.connect(graph, scope, source, target)
            return graph if first is None else edits.insert_block(graph, scope, first, target)

        if not self.edit(f"Add {type.title}", wired):
            return None
        self.scene.pick([block.id])
        return block.id

    def room_before(self, repair: Repair) -> int:
        """How much further to the right a block stands for a repair's block before it."""
        block = self._new_repair(repair)
        return snapped(self._width(block, self.document.types[repair.type]) + GAP_MIN + 4)

    def _new_repair(self, repair: Repair) -> Block:
        return self.new_block(repair.type, dict(repair.parameters), 0, 0)

    def _port_for(
        self, source: PortRef, block: Block, type: BlockType, ports: Ports, before: Repair | None = None
    ) -> str:
        """The input that takes what `source` gives, or will after `before`.

        Of a loss a network's output goes to the prediction before the target, and what an Input gives to the target.
        """
        inputs = [port.id for port in ports.inputs]
        origin = self.scene.body.blocks.get(source.block)
        given = self.document.types.get(origin.type) if origin is not None else None
        if type.prediction is not None:
            prediction, from_input = type.prediction.port, given is not None and given.role == "input"
            inputs.sort(key=lambda id: (id == prediction) == from_input)
        spec = self.scene.known.spec(source)
        if spec is None:
            return inputs[0]
        parameters = lenient_parameters(type, block, self.document.graph.variables)
        faults = {id: type.expect(parameters, {id: spec}) for id in inputs}
        return next((id for id, fault in faults.items() if fault is None or before in fault.repairs), inputs[0])

    def connect_ports(self, source: PortRef, target: PortRef, moved_from: PortRef | None = None) -> bool:
        """Draw a wire, or move the end of the one into `moved_from`."""
        if moved_from is not None:
            return self.edit("Move wire", edits.move_wire, moved_from, source, target)
        return self.edit("Connect", edits.connect, source, target)

    def disconnect_ports(self, targets: tuple[PortRef, ...]) -> bool:
        """Remove wires."""
        return self.edit("Delete wire" if len(targets) == 1 else "Delete wires", edits.disconnect, targets)

    def move(self, places: Mapping[str, tuple[int, int]]) -> bool:
        """Move blocks."""
        return self.edit("Move", edits.move, dict(places))

    def delete_picked(self) -> None:
        """Delete the selected blocks and wires; an Entry or Exit takes the wires at its container's port along."""
        # To sort 6,000 wires takes 20 ms.
        blocks, wires = tuple(sorted(self.scene.picked_blocks)), tuple(self.scene.picked_wires)
        if not blocks and not wires:
            return
        path, refused, told = self.scene.path, self.refused.emit, self.message.emit
        delete_and_tell(self.document, path, blocks, wires, refused=refused, told=told)

    def copy(self) -> bool:
        """Put the selected blocks on the clipboard as text; False without any."""
        ids = tuple(sorted(self.scene.picked_blocks))
        if not ids:
            return False
        QApplication.clipboard().setText(clipboard.text_of(edits.fragment_of(self.scene.body, ids)))
        self.message.emit("Copied 1 block" if len(ids) == 1 else f"Copied {len(ids)} blocks")
        return True

    def cut(self) -> None:
        """Copy, then delete."""
        if self.copy():
            self.delete_picked()

    def unfold(self, id: str, steps: int) -> None:
        """Draw a Recurrent of this body as a Group with one copy of its body for each step; undo folds it again."""
        from engine.graph.unfolding import unfold

        document, specs = self.document, self.scene.analysis.specs
        try:
            graph = unfold(document.graph, (*self.scene.path, id), steps, document.scope, specs)
            document.commit("Unfold over time", graph)
        except Refused as fault:
            self.refused.emit(fault.problem)

    def paste(self, at: tuple[float, float] | None = None) -> bool:
        """Add what the clipboard holds, clear of other blocks: its corner at a place of the scene, or beside the
        originals. False where refused."""
        from graph_editor.pasting import area_of, clear_offset

        try:
            fragment = clipboard.fragment_from(QApplication.clipboard().text(), self.document.types)
        except Refused as fault:
            self.refused.emit(fault.problem)
            return False
        area, offset = area_of(self.scene, fragment.blocks.values()), (PASTE_STEP, PASTE_STEP)
        if at is not None:
            offset = (snapped(at[0] - area.left()), snapped(at[1] - area.top()))
        return self.add_fragment("Paste", fragment, clear_offset(self.scene, area, offset))

    def duplicate(self, offset: tuple[int, int] | None = None) -> bool:
        """Add the selected blocks once more, so far from the originals or in the room below; False without any."""
        from graph_editor.pasting import area_of, below, clear_offset

        ids = tuple(sorted(self.scene.picked_blocks))
        if not ids:
            return False
        fragment = edits.fragment_of(self.scene.body, ids)
        if offset is None:
            area = area_of(self.scene, fragment.blocks.values())
            offset = clear_offset(self.scene, area, below(area))
        return self.add_fragment("Duplicate", fragment, offset)

    def add_fragment(self, label: str, fragment: Graph, offset: tuple[int, int]) -> bool:
        """Add the blocks of a fragment under new ids, and select them; False where refused."""
        from engine.graph.paths import all_ids

        old = sorted(all_ids(fragment))
        ids = dict(zip(old, self.document.new_ids(len(old)), strict=True))
        if not self.edit(label, edits.paste, fragment, ids, offset):
            return False
        self.scene.pick([ids[id] for id in fragment.blocks])
        return True

    def toggle_bypass(self) -> None:
        """Switch the selected blocks off, or on where all are off; refused where output and input differ."""
        ids = tuple(sorted(self.scene.picked_blocks))
        if not ids:
            return
        off = not all(self.scene.body.blocks[id].bypassed for id in ids)
        if off:
            for id in ids:
                problem = self._bypass_problem(id)
                if problem is not None:
                    self.refused.emit(problem)
                    return
        self.edit("Bypass" if off else "Use again", edits.set_bypassed, ids, off)

    def _bypass_problem(self, id: str) -> Problem | None:
        block = self.scene.body.blocks[id]
        type = self.document.types.get(block.type)
        if type is None:
            return Problem(
                code="unknown-type", path=(id,), facts={"title": block.type, "name": block.name, "type": block.type}
            )
        ports = type.ports_of(block, self.document.graph.variables)
        reason = ""
        if len(ports.inputs) < 1 or len(ports.outputs) != 1:
            reason = "it has not one input and one output"
        else:
            specs = self.scene.analysis.specs
            after = specs.get(f"{self.scene.key(id)}/{ports.outputs[0].id}")
            wire = self.scene.wires.get(PortRef(block=id, port=ports.inputs[0].id))
            before = wire.spec if wire is not None else None
            if before is not None and after is not None and before != after:
                reason = f"it receives {before} and gives {after}"
        if not reason:
            return None
        return Problem(
            code="bypass",
            path=(*self.scene.path, id),
            facts={"title": type.title, "name": block.name, "reason": reason},
        )

    def rename(self, id: str, name: str) -> None:
        """Give a block another name."""
        self.edit("Rename", edits.rename, id, name)

    def apply_fix(self, fix: Fix) -> None:
        """Make the repair that a Problem offers."""
        function: Callable[..., Graph] = vars(edits)[fix.edit]
        ids = self.document.new_ids(fix.new_blocks) if fix.new_blocks else ()
        arguments: tuple[object, ...] = (ids, *fix.arguments) if ids else tuple(fix.arguments)

        def repaired(graph: Graph, scope: Scope) -> Graph:
            graph = function(graph, scope, *arguments)
            target = fix.arguments[2] if fix.edit == "insert_between" and len(fix.arguments) > 2 else None
            if ids and isinstance(target, PortRef):
                graph = self._between(graph, scope, ids[0], target)
            return graph

        try:
            self.document.edit(fix.label, repaired, path=fix.body)
        except Refused as fault:
            self.refused.emit(fault.problem)

    def _between(self, graph: Graph, scope: Scope, id: str, target: PortRef) -> Graph:
        """With a repair's block halfway to what it feeds, level with what comes before it, and room around it."""
        giver = self._giver_of(graph, id)
        if giver is not None:
            source, height = giver
            block, taker = graph.blocks[id], graph.blocks[target.block]
            right = source.look.x + self._width_of(source)
            if taker.look.x > right:
                middle = (right + taker.look.x - self._width_of(block)) / 2
                graph = edits.move(graph, scope, {id: (snapped(middle), snapped(height - PORT_FIRST))})
        return self._with_room(graph, scope, id, target)


def _row_from(graph: Graph, first: str, but: str) -> list[Block]:
    """The blocks that follow `first` to the right, itself too: a wire that runs back to the left ends the row."""
    row, waiting = {first: graph.blocks[first]}, [first]
    following: dict[str, list[str]] = {}
    for wire in graph.wires:
        following.setdefault(wire.source.block, []).append(wire.target.block)
    while waiting:
        left = graph.blocks[waiting[-1]].look.x
        for id in following.get(waiting.pop(), ()):
            if id not in row and id != but and graph.blocks[id].look.x > left:
                row[id] = graph.blocks[id]
                waiting.append(id)
    return list(row.values())


def replace_look(block: Block, x: float, y: float) -> Block:
    """The block with its corner at the nearest grid point."""
    return msgspec.structs.replace(block, look=Look(x=snapped(x), y=snapped(y)))
