"""Drawing a wire from port to port, or moving the end of one; why a port does not fit is said at the pointer."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QStaticText

from engine.graph.analysis import port_key
from engine.graph.connection_rules import why_not
from engine.graph.difference import GraphChange
from engine.graph.graph import Graph, PortRef, Wire
from engine.graph.problem import Problem
from engine.graph.traversal import DELAY, downstream, upstream
from graph_editor.interactions.gesture import Gesture
from graph_editor.scene import PortHit
from graph_editor.theme import PORT_REACH
from graph_editor.view import GraphView
from graph_editor.wire_geometry import curve
from graph_editor.wire_item import WireItem, wire_width

replace = msgspec.structs.replace


class Connect(Gesture):
    """The wire in the hand. `end` is the port it hangs on; with `moved` the end of that wire was taken."""

    def __init__(self, view: GraphView, at: QPointF, end: PortHit, moved: WireItem | None = None) -> None:
        super().__init__(view, at)
        self._moved = moved
        self.end = end.ref
        self.from_output = not end.place.is_input
        self._hit: PortHit | None = None
        self.problem: Problem | None = None
        body = self.scene.body
        if moved is not None:
            self.end, self.from_output = moved.wire.source, True
            rest = tuple(wire for wire in body.wires if wire.target != moved.target)
            body = Graph(blocks=body.blocks, wires=rest, variables=body.variables)
            moved.setVisible(False)
        self._body = body
        self._scope = self.scene.scope
        reached = upstream if self.from_output else downstream
        # A Delay may be fed by what it feeds.
        free = not self.from_output and body.blocks[self.end.block].type == DELAY
        self._before = reached(body, [self.end.block]) if not free else frozenset()
        self._answers: dict[PortRef, Problem | None] = {}
        self._spec = self.scene.analysis.specs.get(port_key((*self.scene.path, self.end.block), self.end.port))
        siblings = (self.scene.wires.get(wire.target) for wire in body.wires if wire.source == self.end)
        self._is_told = any(wire is not None and wire.tells_shape for wire in siblings)
        self._mark_ports()

    @property
    def spec_words(self) -> str:
        """The shape that the wire carries, without the batch; nothing where a wire from the same port tells it."""
        return self._spec.per_sample if self._spec is not None and self.from_output and not self._is_told else ""

    def why_not(self, hit: PortHit) -> Problem | None:
        """Why the wire does not fit a port, or None."""
        ref = hit.ref
        if ref not in self._answers:
            source, target = (self.end, ref) if self.from_output else (ref, self.end)
            problem = why_not(
                self._near(source, target), self._scope, self.scene.analysis.specs, source, target, self.scene.path
            )
            if problem is not None and self._moved is not None:
                problem = _moving(problem, self._moved.target)
            self._answers[ref] = problem
        return self._answers[ref]

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().move(at, modifiers)
        self._hit = self._port_under(at)
        self.problem = self.why_not(self._hit) if self._hit is not None else None
        self.view.show_reason(self.problem, offer=False)

    def release(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.move(at, modifiers)
        self._end()
        if self._hit is None:
            if not self.far_enough():
                return
            if self._moved is not None:
                self.commands.disconnect_ports((self._moved.target,))
            elif self.scene.block_at(at.x(), at.y()) is None:
                self.view.search_wanted.emit(at, self.end, not self.from_output)
            return
        if self._moved is not None and self._hit.ref == self._moved.target:
            return
        if self.problem is not None:
            self.view.show_reason(self.problem, offer=True)
            self.view.lingering = self
            return
        source, target = (self.end, self._hit.ref) if self.from_output else (self._hit.ref, self.end)
        self.commands.connect_ports(source, target, self._moved.target if self._moved is not None else None)

    def cancel(self) -> None:
        self._end()
        self.view.show_reason(None, offer=False)

    def outlives(self, change: GraphChange) -> bool:
        # What fits was asked of the drawing as it was.
        return not change.meaning

    def area(self) -> QRectF | None:
        anchor = self.scene.blocks.get(self.end.block)
        if anchor is None:
            return None
        start = QPointF(*anchor.port_point(self.end.port, not self.from_output))
        return QRectF(start, self.at).normalized().adjusted(-180, -40, 180, 40)

    def paint(self, painter: QPainter) -> None:
        anchor = self.scene.blocks.get(self.end.block)
        if anchor is None:
            return
        start = anchor.port_point(self.end.port, not self.from_output)
        end = (self.at.x(), self.at.y())
        if self._hit is not None:
            end = self._hit.item.port_point(self._hit.place.id, self._hit.place.is_input)
        look = self.scene.look
        refused = self.problem is not None
        label = self._spec is not None and self._spec.is_label
        token = "error" if refused else "accent" if self._hit is not None else "labels" if label else "wire"
        width = wire_width(self._spec) + (0.5 if refused else 0)
        route = curve(start, end) if self.from_output else curve(end, start)
        painter.setBrush(look.no_brush)
        painter.setPen(look.wire_pen(token, width, dashed=label and not refused, dotted=refused))
        painter.drawPath(route.path)
        painter.setPen(look.nothing)
        painter.setBrush(look.error if refused else look.accent_fill)
        painter.drawEllipse(QPointF(*end), 4, 4)
        if self.spec_words:
            painter.setFont(look.mono_font)
            painter.setPen(look.secondary)
            text = QStaticText(self.spec_words)
            text.setTextFormat(Qt.TextFormat.PlainText)
            painter.drawStaticText(QPointF(start[0] + 16, start[1] - 6 - look.mono_metrics.ascent()), text)

    def _port_under(self, at: QPointF) -> PortHit | None:
        hit = self.scene.port_at(at.x(), at.y(), PORT_REACH)
        if hit is not None and hit.ref != self.end:
            if hit.place.is_input == self.from_output:
                return hit
            if hit.item.id != self.end.block:
                return hit
        block = self.scene.block_at(at.x(), at.y())
        if block is None or block.id == self.end.block:
            return None
        hits = [PortHit(block, place) for place in block.geometry.ports if place.is_input == self.from_output]
        return next((one for one in hits if self.why_not(one) is None), hits[0] if len(hits) == 1 else None)

    def _near(self, source: PortRef, target: PortRef) -> Graph:
        """The part of the drawing that decides; without a loop through the ends the rest does not matter."""
        other = target.block if self.from_output else source.block
        if other in self._before:
            return self._body
        wires = tuple(self._wires_into(target.block))
        ids = {source.block, target.block, *(wire.source.block for wire in wires)}
        return Graph(blocks={id: self._body.blocks[id] for id in ids}, wires=wires, variables=self._body.variables)

    def _wires_into(self, id: str) -> list[Wire]:
        gone = self._moved.target if self._moved is not None else None
        return [wire.wire for wire in self.scene.wires_of(id) if wire.target.block == id and wire.target != gone]

    def _mark_ports(self) -> None:
        area = self.view.visible_area()
        states: dict[tuple[str, str, bool], str] = {}
        for id in self.scene.blocks_in(area):
            item = self.scene.blocks[id]
            before = id in self._before and not (self.from_output and self._body.blocks[id].type == DELAY)
            for place in item.geometry.ports:
                if id == self.end.block and place.id == self.end.port:
                    continue
                wanted = place.is_input == self.from_output
                fits = wanted and not before and self.why_not(PortHit(item, place)) is None
                states[id, place.id, place.is_input] = "accepts" if fits else "impossible"
        self.scene.show_hand(states)

    def _end(self) -> None:
        if self._moved is not None and self._moved.scene() is not None:
            self._moved.setVisible(True)
        self.scene.show_hand({})
        self.view.viewport().update()


def _moving(problem: Problem, old_target: PortRef) -> Problem:
    """The problem of a wire whose end is moved: replacing another wire takes it away from where it was."""
    fixes = tuple(
        replace(fix, arguments=(*fix.arguments, old_target)) if fix.edit == "replace_wire" else fix
        for fix in problem.fixes
    )
    return replace(problem, fixes=fixes)
