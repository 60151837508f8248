"""The plan: stages with their settings, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from app.panels.buttons import Button, IconButton, LinkButton, baseline
from app.panels.fields import BooleanField, ChoiceField, Field, FieldRow, FloatField, IntegerField
from app.panels.inspector_context import InspectorContext
from app.panels.section import Folded, Section
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.paths import bodies
from graph_editor.letter_search import find_by_letter
from graph_editor.style_sheet import escaped, round_menu
from graph_editor.theme import ICON_IN_FIELD, RADIUS_FIELD, SEMIBOLD, SIZE_SMALL, SPACE_8, SPACE_16, Theme

KINDS = {"supervised": "Supervised", "contrastive-divergence": "Contrastive divergence"}

IN_RUN_BAR = "in the run bar"
PERSISTENT = (
    "The model speaks through chains that go on from step to step, not from the data. "
    "All layers of a deep Boltzmann machine then learn together, else one after the other."
)


def stage_kind(stage: Any) -> str:
    """`supervised` or `contrastive-divergence`."""
    return str(type(stage).__struct_config__.tag)


def energy_blocks(context: InspectorContext) -> dict[str, str]:
    """Blocks that contrastive divergence can train: the id path joined by "/", and the name."""
    return context.remembered(_energy_blocks, context.document.graph, context.types)


def _energy_blocks(graph: Graph, types: Mapping[str, BlockType]) -> dict[str, str]:
    return {
        "/".join((*path, block.id)): block.name
        for path, body in bodies(graph)
        for block in body.blocks.values()
        if block.type in types and "energy" in types[block.type].traits
    }


def plan_key(context: InspectorContext) -> object:
    """What the rows of the plan depend on: another key, other rows."""
    plan = context.document.settings.plan
    stages = tuple((stage_kind(stage), getattr(stage, "optimiser", "")) for stage in plan.stages)
    return stages, tuple(energy_blocks(context).items())


class StageHeading(Button):
    """The name of a stage in semibold, and the button that removes it; a click has the run bar edit the stage.

    One that is not `choosable` is alone.
    """

    removed = Signal()
    weight = SEMIBOLD
    radius = RADIUS_FIELD
    ring_gap = -2
    height_px = 24

    def __init__(self, words: str, theme: Theme, choosable: bool, parent: QWidget | None = None) -> None:
        super().__init__(words, theme, parent=parent)
        self._is_chosen = False
        self.setAccessibleName(words)
        if choosable:
            self.setToolTip(
                f"{words}\nA click has the run bar edit this stage; during a run it edits the one that runs."
            )
        else:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.remove = IconButton("ph.x", f"Remove {words}", theme, ICON_IN_FIELD, side=24, parent=self)
        self.remove.clicked.connect(self.removed)
        self.remove.setVisible(choosable)

    def set_chosen(self, chosen: bool) -> None:
        """Say whether the run bar edits this stage."""
        if chosen != self._is_chosen:
            self._is_chosen = chosen
            self.setAccessibleDescription(IN_RUN_BAR if chosen else "")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.remove.setGeometry(self.width() - 28, 0, 24, 24)

    def _ink(self) -> str:
        return "text" if self._is_chosen or self.underMouse() else "secondary"

    def _paint_ground(self, painter: QPainter) -> None:
        if self._is_chosen:
            small = self._theme.font(SIZE_SMALL)
            painter.setFont(small)
            painter.setPen(self._theme.color("secondary"))
            left = self.remove.x() - SPACE_8 - QFontMetricsF(small).horizontalAdvance(IN_RUN_BAR)
            painter.drawText(QPointF(left, baseline(self.text_font(), self.height() / 2)), IN_RUN_BAR)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        super()._paint_content(painter, SPACE_16)


class PlanSection(Section):
    """Every setting of the plan; each edit is one undo step of the document's settings."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Training", context.theme, parent=parent)
        self._context = context
        self._readers: list[tuple[FieldRow, Callable[[], object]]] = []
        self.stage_rows: list[dict[str, FieldRow]] = []
        self.headings: list[StageHeading] = []
        plan = context.document.settings.plan
        hidden: list[FieldRow] = []
        names: list[str] = []
        for index, stage in enumerate(plan.stages):
            self._add_stage_rows(index, stage, len(plan.stages) > 1, hidden, names)
        edits = context.edits
        self.add_link = LinkButton("Add a stage", context.theme, size=12)
        self.add_link.clicked.connect(self.open_add_menu)
        if edits is not None:
            holder = QWidget()
            row = QHBoxLayout(holder)
            row.setContentsMargins(SPACE_16, 0, SPACE_16, 2)
            row.addWidget(self.add_link)
            row.addStretch()
            self.add(holder)
        theme = context.theme
        self.batch_size = self._shared_row("batch_size", "Batch size", IntegerField(theme, 1, 1_048_576), 64)
        self.seed = self._shared_row("seed", "Seed", IntegerField(theme, 0, 2**31 - 1), 0)
        self.add(self.batch_size)
        self.add(self.seed)
        threads = IntegerField(theme, 1, 1024, optional=True)
        if edits is not None:
            threads.set_placeholder(str(edits.default_threads))
        self.threads = self._shared_row("threads", "Threads", threads, None)
        self._devices = ChoiceField(theme, ())
        self.device = self._shared_row("device", "Device", self._devices, "auto")
        rows = [*hidden, self.threads, self.device]
        self.more = Folded([*names, "threads", "device"], lambda _: rows, theme)
        self.more.make()
        self.add(self.more)
        context.stage_marked.connect(self._mark_stage)
        self._mark_stage()

    def begin(self) -> None:
        """Show the settings as rows do that were just made: folded ones only where one is changed."""
        edits = self._context.edits
        chosen = self._context.document.settings.plan.device
        devices = dict.fromkeys(("auto", *(edits.devices if edits is not None else ()), chosen))
        titles = dict(edits.titles) if edits is not None else {}
        labels = {name: titles.get(name, name if name == "auto" else name.upper()) for name in devices}
        self._devices.set_choices(tuple(devices), labels)
        for row, _ in self._readers:
            row.forget()
        self.refresh()
        self.more.set_open(any(row.is_changed() for row in (self.threads, self.device)))

    def refresh(self) -> None:
        """Show the settings as they are now."""
        for row, read in self._readers:
            row.set_value(read())

    def _mark_stage(self) -> None:
        for index, heading in enumerate(self.headings):
            heading.set_chosen(index == self._context.stage and len(self.headings) > 1)

    def open_add_menu(self) -> QMenu:
        """Offer the kinds of stages that this drawing can have."""
        menu = find_by_letter(round_menu(QMenu(self)))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setFont(self._context.theme.font())
        edits = self._context.edits
        assert edits is not None, "without makers of stages there is no link"
        menu.addAction("Supervised").triggered.connect(lambda: self._add_stage(edits.new_supervised()))
        for path, name in energy_blocks(self._context).items():
            action = menu.addAction(escaped(f"Contrastive divergence on {name}"))
            action.triggered.connect(
                lambda _checked=False, path=path: self._add_stage(edits.new_contrastive_divergence(block=path))
            )
        menu.popup(self.add_link.mapToGlobal(QPoint(0, self.add_link.height() + 2)))
        return menu

    def _add_stage_rows(self, index: int, stage: Any, several: bool, hidden: list[FieldRow], names: list[str]) -> None:
        theme = self._context.theme
        kind = stage_kind(stage)
        rows: dict[str, FieldRow] = {}
        self.stage_rows.append(rows)
        if several or kind != "supervised":
            heading = StageHeading(f"{index + 1}  {KINDS.get(kind, kind)}" if several else KINDS[kind], theme, several)
            heading.removed.connect(lambda: self._remove_stage(index))
            heading.clicked.connect(lambda: self._context.stage_chosen.emit(index))
            self.headings.append(heading)
            self.add(heading)

        def add(id: str, label: str, field: Field, shown: bool = True, purpose: str = "") -> None:
            default = getattr(type(stage)(**_required(stage)), id)
            row = FieldRow(label, field, theme, default=default, resettable=id != "block", purpose=purpose)
            row.edited.connect(lambda value: self._set_stage(index, label, id, value))
            self._readers.append((row, lambda: self._stage_value(index, id)))
            rows[id] = row
            if shown:
                self.add(row)
            else:
                hidden.append(row)
                names.append(label)

        if kind == "contrastive-divergence":
            blocks = energy_blocks(self._context)
            add("block", "Block", ChoiceField(theme, tuple(blocks), labels=blocks))
        else:
            edits = self._context.edits
            optimisers = edits.optimisers if edits is not None else ("adam", "sgd")
            labels = dict(edits.titles) if edits is not None else {"adam": "Adam", "sgd": "SGD"}
            add("optimiser", "Optimiser", ChoiceField(theme, optimisers, labels=labels))
        add("epochs", "Epochs", IntegerField(theme, 1, 1_000_000))
        rate = FloatField(theme, 1e-8, 100.0, logarithmic=True, bar=(1e-5, 1.0))
        add("learning_rate", "Learning rate", rate)
        if kind == "contrastive-divergence":
            add("k", "Gibbs steps k", IntegerField(theme, 1, 1000))
            add("persistent", "Persistent", BooleanField(theme), purpose=PERSISTENT)
        if hasattr(stage, "momentum") and getattr(stage, "optimiser", "sgd") == "sgd":
            add("momentum", "Momentum", FloatField(theme, 0.0, 0.999))
        decay = FloatField(theme, 0.0, 1.0, logarithmic=True, bar=(1e-6, 1.0))
        add("weight_decay", "Weight decay", decay, shown=several)

    def _shared_row(self, id: str, label: str, field: Field, default: object) -> FieldRow:
        row = FieldRow(label, field, self._context.theme, default=default)
        row.edited.connect(lambda value: self._context.edit_settings(label, _with_plan, id, value))
        self._readers.append((row, lambda: getattr(self._context.document.settings.plan, id)))
        return row

    def _stage_value(self, index: int, id: str) -> object:
        stages = self._context.document.settings.plan.stages
        return getattr(stages[index], id, None) if index < len(stages) else None

    def _set_stage(self, index: int, label: str, id: str, value: object) -> None:
        self._context.edit_settings(label, _with_stage_value, index, id, value)

    def _add_stage(self, stage: Any) -> None:
        stages = self._context.document.settings.plan.stages
        self._context.edit_settings("Add a stage", _with_plan, "stages", (*stages, stage))

    def _remove_stage(self, index: int) -> None:
        stages = self._context.document.settings.plan.stages
        self._context.edit_settings("Remove a stage", _with_plan, "stages", (*stages[:index], *stages[index + 1 :]))


def _required(stage: Any) -> dict[str, object]:
    return {"block": stage.block} if hasattr(stage, "block") else {}


def _with_plan(settings: Any, id: str, value: object) -> Any:
    replace = msgspec.structs.replace
    return replace(settings, plan=replace(settings.plan, **{id: value}))


def _with_stage_value(settings: Any, index: int, id: str, value: object) -> Any:
    stages = list(settings.plan.stages)
    stages[index] = msgspec.structs.replace(stages[index], **{id: value})
    return _with_plan(settings, "stages", tuple(stages))
