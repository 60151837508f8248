"""The search for a block to add: where it goes, what it is wired to, and which types can take that tensor."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Signal
from PySide6.QtWidgets import QWidget

from engine.graph.analysis import port_key
from engine.graph.block_type import Mismatch, Repair, lenient_parameters
from engine.graph.graph import Block, Graph, PortRef
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value
from graph_editor.commands import CanvasCommands
from graph_editor.free_place import covered_areas, free_corner, reveal, shown_area
from graph_editor.search_popup import SearchPopup
from graph_editor.theme import BLOCK_HEIGHT, SEARCH_WIDTH, SHADOW_POPUP, Theme
from graph_editor.view import GraphView

AROUND = 1200
"""How far from its place a block may stand that the view follows, in scene px."""


class CanvasSearch(QObject):
    """Opens the popup over `parent`; new blocks do not go below `panels` of the view.

    `shapes_wanted(id, spec, candidates, parameters by type)` asks for what each type would make of the tensor.
    """

    shapes_wanted = Signal(int, object, object, object)

    def __init__(
        self,
        view: GraphView,
        commands: CanvasCommands,
        theme: Theme,
        parent: QWidget,
        panels: tuple[QWidget, ...] = (),
    ) -> None:
        super().__init__(parent)
        self._panels = panels
        self._beside: QWidget | None = None
        self._view, self._commands, self._theme, self._parent = view, commands, theme, parent
        self._popup: SearchPopup | None = None
        self._usage: Mapping[str, int] = {}
        self._at = QPointF()
        self._follow = False
        self._end: tuple[PortRef, bool] | None = None
        self._request = 0
        self._spec: TensorSpec | None = None
        self._candidates: tuple[str, ...] = ()
        self._repairs: dict[str, Repair | None] = {}
        self._parameters: Mapping[str, Mapping[str, Value]] = {}

    def keep_clear_of(self, panel: QWidget) -> None:
        """Neither search nor new blocks go below `panel` while it lies over the right side of the canvas."""
        self._beside = panel
        self._panels = (*self._panels, panel)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        if self._popup is not None:
            self._popup.set_theme(theme)

    def set_usage(self, usage: Mapping[str, int]) -> None:
        """How often each type was chosen: equal fits are ranked by it."""
        self._usage = dict(usage)
        if self._popup is not None:
            self._popup.set_usage(usage)

    @property
    def popup(self) -> SearchPopup:
        """The popup, made when first wanted."""
        if self._popup is None:
            self._popup = SearchPopup(self._commands.document.types, self._theme, self._parent)
            self._popup.set_usage(self._usage)
            self._popup.chosen.connect(self._chosen)
            self._popup.cancelled.connect(self._view.setFocus)
            self._popup.values_typed.connect(self._ask)
        return self._popup

    def open(self, at: QPointF, end: PortRef | None = None, is_input: bool = False, *, follow: bool = False) -> None:
        """Search at a place of the scene; with `end` for blocks to wire to that output, or input.

        With `follow` the block stands there even where that is out of sight, and the view follows.
        """
        self._at, self._end, self._follow = at, (end, is_input) if end is not None else None, follow
        spec: TensorSpec | None = None
        candidates: tuple[str, ...] = ()
        self._repairs = {}
        scene = self._commands.scene
        if end is not None and is_input:
            types = self._commands.document.types
            candidates = tuple(id for id, type in types.items() if type.role in ("input", "layer", "container"))
        elif end is not None:
            spec = scene.analysis.specs.get(port_key((*scene.path, end.block), end.port))
            candidates, self._repairs = self._sorted_out(spec)
        self._spec, self._candidates = spec, candidates
        place = self._view.viewport().mapToGlobal(self._view.mapFromScene(at))
        if self._beside is not None and self._beside.isVisible():
            left = self._beside.mapToGlobal(QPoint(SHADOW_POPUP, 0)).x()
            place.setX(min(place.x(), left - SEARCH_WIDTH))
        self.popup.open_at(place, spec, candidates, self._repairs)
        self._ask({})

    def set_shapes(self, request: int, shapes: Mapping[str, TensorSpec]) -> None:
        """The answer to `shapes_wanted`; a stale one is dropped."""
        if request == self._request and self._popup is not None:
            self._popup.set_shapes(shapes, self._parameters)

    def _ask(self, parameters: Mapping[str, Mapping[str, Value]]) -> None:
        self._request += 1
        self._parameters = parameters
        if self._spec is not None:
            self.shapes_wanted.emit(self._request, self._spec, self._candidates, parameters)

    def _sorted_out(self, spec: TensorSpec | None) -> tuple[tuple[str, ...], dict[str, Repair | None]]:
        """The types that take the tensor; and those that do not, with what put before them would make it fit."""
        found: list[str] = []
        repairs: dict[str, Repair | None] = {}
        mends: dict[Repair, bool] = {}
        inside = bool(self._commands.scene.path)
        for id, type in self._commands.document.types.items():
            if type.role == "input" or (type.role == "boundary" and not inside):
                continue
            faults = self._faults(id, {}, spec)
            if None in faults:
                found.append(id)
            elif spec is not None and faults:
                offered = [repair for fault in faults if fault is not None for repair in fault.repairs]
                for repair in offered:
                    if repair not in mends:
                        mends[repair] = None in self._faults(repair.type, dict(repair.parameters), spec)
                repairs[id] = next((repair for repair in offered if mends[repair]), None)
        return tuple(found), repairs

    def _faults(self, type_id: str, parameters: Mapping[str, Value], spec: TensorSpec | None) -> list[Mismatch | None]:
        """What each input of a new block has against the tensor; of a container, what the blocks behind its Entries."""
        type = self._commands.document.types[type_id]
        variables = self._commands.document.graph.variables
        # Not by the commands: they would measure the texts of 200 types, for 20 ms or more.
        ids = map(str, itertools.count())
        body = type.body(lambda: next(ids)) if type.body is not None else None
        block = Block(id="new", type=type_id, name=type.title, parameters=parameters, body=body)
        inputs = type.ports_of(block, variables).inputs
        if spec is None:
            return [None for _ in inputs]
        if body is not None:
            return [self._fault_inside(body, port.id, spec) for port in inputs]
        resolved = lenient_parameters(type, block, variables)
        return [type.expect(resolved, {port.id: spec}) for port in inputs]

    def _fault_inside(self, body: Graph, entry: str, spec: TensorSpec) -> Mismatch | None:
        """What the first block that an Entry feeds, and that does not take the tensor, has against it."""
        types, variables = self._commands.document.types, self._commands.document.graph.variables
        for wire in body.wires:
            reader = body.blocks[wire.target.block]
            if wire.source.block == entry and reader.type in types:
                type = types[reader.type]
                fault = type.expect(lenient_parameters(type, reader, variables), {wire.target.port: spec})
                if fault is not None:
                    return fault
        return None

    def _chosen(self, type_id: str, parameters: Mapping[str, Value]) -> None:
        fits = None in self._faults(type_id, parameters, self._spec)
        before = None if fits else self._repairs.get(type_id)
        self.add(type_id, parameters, self._at, self._end, before, follow=self._follow)
        self._view.setFocus()

    def add(
        self,
        type_id: str,
        parameters: Mapping[str, Value],
        at: QPointF,
        end: tuple[PortRef, bool] | None = None,
        before: Repair | None = None,
        *,
        follow: bool = False,
    ) -> None:
        """Add a block where nothing stands, in sight and as near to a place of the scene as can be; with `end` wired
        to that port, an input or not, with `before` by way of another block. On a wire it is put into that."""
        commands, view = self._commands, self._view
        width, height = commands.size_of_new(type_id, parameters)
        if end is None and commands.takes_wire(type_id, at.x(), at.y()) is not None:
            new = commands.add(type_id, parameters, at.x(), at.y())
        else:
            if before is not None:
                width += commands.room_before(before)
            left = at.x() - width / 2 if end is None else at.x() - width if end[1] else at.x()
            wanted = QRectF(left, at.y() - BLOCK_HEIGHT / 2, width, height)
            around = wanted.adjusted(-AROUND, -AROUND, AROUND, AROUND)
            near, shown = QRectF(wanted), around if follow else shown_area(view)
            near.moveCenter(
                QPointF(
                    min(max(near.center().x(), shown.left()), shown.right()),
                    min(max(near.center().y(), shown.top()), shown.bottom()),
                )
            )
            commands.scene.moves.make_near(near.adjusted(-AROUND, -AROUND, AROUND, AROUND))
            covered = covered_areas(view, self._panels) if not follow else []
            x, y = free_corner(commands.scene.index, wanted, shown, covered)
            middle = y + BLOCK_HEIGHT / 2
            if end is None:
                new = commands.add(type_id, parameters, x + width / 2, middle, on_wire=False)
            else:
                new = commands.add_wired(type_id, parameters, x + width if end[1] else x, middle, *end, before)
        if new is not None:
            reveal(view, commands.scene.blocks[new].sceneBoundingRect(), self._beside)
