"""What the palette shows: a search field above often used blocks and folding families, or above what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.panels.buttons import LinkButton
from app.panels.overlay_scroll import OverlayScroll
from app.panels.palette_drag import PaletteDrag
from app.panels.palette_row import ICON_AT, ICON_AT_IN_FAMILY, ICON_AT_IN_FLYOUT, BlockRow, FamilyRow, PaletteRow
from app.panels.palette_search import PaletteSearch
from engine.graph.block_type import BlockType
from graph_editor.block_search import find_blocks
from graph_editor.theme import SEMIBOLD, SIZE_SMALL, SPACE_4, SPACE_8, SPACE_12, SPACE_16, Theme

OFTEN = ("input", "dense", "conv2d", "relu", "max_pool2d", "flatten", "cross_entropy")
OFTEN_COUNT = 7
ROWS_AT_ONCE, ROWS_A_TURN = 30, 12
"""What is found: as many rows as are in sight with the key, the others turn by turn."""


def family_of(type: BlockType, families: Sequence[tuple[str, str]]) -> str:
    """The family under which the palette lists a type: losses stand with the inputs."""
    listed = {family for family, _ in families}
    return "input" if type.family == "loss" and "loss" not in listed else type.family


def often_used(types: Mapping[str, BlockType], usage: Mapping[str, int]) -> tuple[str, ...]:
    """The seven types used most, filled up by what a first network needs; their order does not change with use.

    An Input and the loss used most stay: a drawing has one of each and many of the others.
    """
    order = {id: place for place, id in enumerate((*OFTEN, *(id for id in types if id not in OFTEN)))}
    used = sorted((id for id in usage if id in types and usage[id] > 0), key=lambda id: (-usage[id], order[id]))
    ranked = [*used, *(id for id in OFTEN if id in types and id not in used)]
    needed = [next((id for id in ranked if types[id].role == role), None) for role in ("input", "loss")]
    kept = [id for id in needed if id is not None]
    wanted = [*kept, *(id for id in ranked if id not in kept)][:OFTEN_COUNT]
    return tuple(sorted(wanted, key=order.__getitem__))


class Heading(QLabel):
    """A line of 11 px in semibold secondary above rows."""

    def __init__(self, text: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setContentsMargins(SPACE_16, 0, SPACE_16, 0)
        self.setFixedHeight(28)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.setFont(theme.font(SIZE_SMALL, SEMIBOLD))
        self.setStyleSheet(f"color: {theme.hex('secondary')}; background: transparent;")


class Rule(QFrame):
    """A line of 1 px between groups, 12 px in at both ends, with 8 px around it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_12, SPACE_8)
        self._line = QFrame(self)
        self._line.setFixedHeight(1)
        layout.addWidget(self._line)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._line.setStyleSheet(f"background: {theme.hex('line')};")


class BlockBrowser(QWidget):
    """All blocks, browsed or searched. `chosen` carries a type id; `escaped` is Esc in the empty search field."""

    chosen = Signal(str)
    help_wanted = Signal(str)
    escaped = Signal()

    def __init__(
        self,
        types: Mapping[str, BlockType],
        families: Sequence[tuple[str, str]],
        theme: Theme,
        drag: PaletteDrag,
        *,
        folded_away: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._types = types
        self._families = tuple(families)
        self._theme = theme
        self._drag = drag
        self._usage: Mapping[str, int] = {}
        self._open: set[str] = set()
        self._to_come: list[str] = []
        self._coming = QTimer(self)
        self._coming.setInterval(0)
        self._coming.timeout.connect(self._show_more)
        self._only_search = folded_away
        self.search = PaletteSearch(theme, "" if folded_away else "/", self)
        self.search.typed.connect(self._searched)
        self.search.entered.connect(self._take_current)
        self.search.stepped.connect(self._step_into)
        self.search.escaped.connect(self.escaped)
        self._scroll = OverlayScroll(self)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        frame = QWidget()
        frame.setContentsMargins(SPACE_12, 0, SPACE_12, 0)
        row = QVBoxLayout(frame)
        row.setContentsMargins(SPACE_12, 0, SPACE_12, 0)
        row.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_12, 0, 0)
        layout.setSpacing(SPACE_8)
        frame.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)
        layout.addWidget(self._scroll, 1)
        self._show_rows()

    def rows(self) -> list[PaletteRow]:
        """The rows that show, from above."""
        body = self._scroll.widget()
        assert body is not None, "the palette always shows something"
        return [row for row in body.findChildren(PaletteRow) if not row.isHidden()]

    def row(self, type_id: str) -> BlockRow:
        """The first row of a type that shows. Raises KeyError."""
        for row in self.rows():
            if isinstance(row, BlockRow) and row.type_id == type_id:
                return row
        raise KeyError(type_id)

    def family_row(self, family: str) -> FamilyRow:
        """The row of a family. Raises KeyError."""
        for row in self.rows():
            if isinstance(row, FamilyRow) and row.family == family:
                return row
        raise KeyError(family)

    def set_usage(self, usage: Mapping[str, int]) -> None:
        """How often each type was chosen."""
        if often_used(self._types, usage) != often_used(self._types, self._usage) and not self.search.text():
            self._usage = dict(usage)
            self._show_rows()
        self._usage = dict(usage)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.search.set_theme(theme)
        self._searched(self.search.text())

    def _searched(self, text: str) -> None:
        if text.strip():
            self._show_found(text)
        else:
            self._show_rows()

    def _new_body(self) -> tuple[QWidget, QVBoxLayout]:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, SPACE_12)
        layout.setSpacing(0)
        return body, layout

    def _show_body(self, body: QWidget, layout: QVBoxLayout, to_come: Sequence[str] = ()) -> None:
        self._to_come = list(to_come)
        if to_come:
            self._coming.start()
        else:
            self._coming.stop()
        layout.addStretch()
        old = self._scroll.takeWidget()
        self._scroll.setWidget(body)
        body.setAutoFillBackground(False)
        if old is not None:
            old.deleteLater()

    def _show_rows(self) -> None:
        body, layout = self._new_body()
        layout.addWidget(Heading("Often used", self._theme))
        for id in often_used(self._types, self._usage):
            layout.addWidget(self._block_row(id, ICON_AT))
        if not self._only_search:
            layout.addWidget(Rule(self._theme))
            for family, title in self._families:
                self._add_family(layout, family, title)
        self._show_body(body, layout)

    def _add_family(self, layout: QVBoxLayout, family: str, title: str) -> None:
        ids = [type.id for type in self._types.values() if family_of(type, self._families) == family]
        if not ids:
            return
        header = FamilyRow(family, title, len(ids), self._theme)
        self._listen(header)
        layout.addWidget(header)
        inside = QWidget()
        inside_layout = QVBoxLayout(inside)
        inside_layout.setContentsMargins(0, 0, 0, 0)
        inside_layout.setSpacing(0)
        layout.addWidget(inside)
        rows: list[BlockRow] = []

        def fold(open: bool) -> None:
            if open and not rows:  # made when first seen: two hundred rows would take a tenth of the start
                rows.extend(self._block_row(id, ICON_AT_IN_FAMILY) for id in ids)
                for row in rows:
                    inside_layout.addWidget(row)
            inside.setVisible(open)
            for row in rows:
                row.setVisible(open)
            (self._open.add if open else self._open.discard)(family)

        header.toggled.connect(fold)
        header.set_open(family in self._open)
        fold(header.is_open())

    def _show_found(self, text: str) -> None:
        found = find_blocks(text, self._types, usage=self._usage)
        body, layout = self._new_body()
        ids = [match.type_id for match in found.matches]
        for id in ids[:ROWS_AT_ONCE]:
            layout.addWidget(self._block_row(id, ICON_AT_IN_FLYOUT))
        if not ids:
            layout.addWidget(Heading("No such block", self._theme))
            if found.nearest is not None:
                nearest = self._types[found.nearest]
                link = LinkButton(f"Did you mean {nearest.title}?", self._theme)
                link.clicked.connect(lambda: self.search.line().setText(nearest.title))
                holder = QVBoxLayout()
                holder.setContentsMargins(SPACE_16, SPACE_4, SPACE_16, 0)
                holder.addWidget(link)
                layout.addLayout(holder)
        self._show_body(body, layout, ids[ROWS_AT_ONCE:])
        self._mark(0)

    def _show_more(self) -> None:
        body = self._scroll.widget()
        layout = body.layout() if body is not None else None
        assert isinstance(layout, QVBoxLayout), "only what was found is shown turn by turn"
        for id in self._to_come[:ROWS_A_TURN]:
            layout.insertWidget(layout.count() - 1, self._block_row(id, ICON_AT_IN_FLYOUT))
        del self._to_come[:ROWS_A_TURN]
        if not self._to_come:
            self._coming.stop()

    def _block_row(self, id: str, icon_at: int) -> BlockRow:
        row = BlockRow(self._types[id], self._theme, self._drag, icon_at)
        row.activated.connect(lambda: self.chosen.emit(id))
        row.help_wanted.connect(lambda: self.help_wanted.emit(id))
        self._listen(row)
        return row

    def _listen(self, row: PaletteRow) -> None:
        row.stepped.connect(lambda step: self._step(row, step))

    def _step(self, row: PaletteRow, step: int) -> None:
        rows = self.rows()
        place = rows.index(row) + step
        if place < 0:
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        elif place < len(rows):
            rows[place].setFocus(Qt.FocusReason.OtherFocusReason)
            self._scroll.ensureWidgetVisible(rows[place], 0, 8)

    def _mark(self, index: int) -> None:
        for place, row in enumerate(self.rows()):
            row.set_current(place == index)

    def _step_into(self, step: int) -> None:
        rows = self.rows()
        if not rows:
            return
        if not self.search.text():
            if step > 0:
                rows[0].setFocus(Qt.FocusReason.OtherFocusReason)
            return
        marked = next((place for place, row in enumerate(rows) if row.is_current()), 0)
        place = min(max(marked + step, 0), len(rows) - 1)
        self._mark(place)
        self._scroll.ensureWidgetVisible(rows[place], 0, 8)

    def _take_current(self) -> None:
        for row in self.rows():
            if row.is_current() and isinstance(row, BlockRow):
                self.chosen.emit(row.type_id)
                return
