"""The palette: every block by search, by what is often used, and by family; wide, or a rail of icons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.panels.block_browser import BlockBrowser, Heading, family_of
from app.panels.overlay_scroll import OverlayScroll
from app.panels.palette_drag import PaletteDrag
from app.panels.palette_rail import Flyout, Rail
from app.panels.palette_row import ICON_AT_IN_FLYOUT, BlockRow
from engine.graph.block_type import BlockType
from graph_editor.theme import PALETTE_RAIL_WIDTH, PALETTE_WIDTH, ROW_HEIGHT, SPACE_16, Theme

FLYOUT_SEARCH_HEIGHT = 360


class Palette(QWidget):
    """Blocks to drag or choose. `drag_*` carry the gesture (points are global), `chosen` a double-click or Enter."""

    drag_started = Signal(str)
    drag_moved = Signal(QPoint)
    drag_dropped = Signal(QPoint)
    drag_cancelled = Signal()
    chosen = Signal(str)
    help_wanted = Signal(str)

    def __init__(
        self,
        types: Mapping[str, BlockType],
        families: Sequence[tuple[str, str]],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        listed = {family_of(type, families) for type in types.values()}
        self._types = types
        self._families = tuple((family, title) for family, title in families if family in listed)
        self._theme = theme
        self._usage: Mapping[str, int] = {}
        self._drag = PaletteDrag(self)
        self._drag.started.connect(self._drag_began)
        self._drag.moved.connect(self.drag_moved)
        self._drag.dropped.connect(self.drag_dropped)
        self._drag.cancelled.connect(self.drag_cancelled)
        self.browser = BlockBrowser(types, self._families, theme, self._drag, parent=self)
        self.browser.chosen.connect(self.chosen)
        self.browser.help_wanted.connect(self.help_wanted)
        self.rail = Rail(self._families, theme, self)
        self.rail.wanted.connect(self._fly_out)
        self._flyout: Flyout | None = None
        self._flown: str | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 1, 0)
        layout.setSpacing(0)
        layout.addWidget(self.browser)
        layout.addWidget(self.rail)
        self.setAccessibleName("Blocks")
        self._is_rail = True
        self.set_rail(False)

    def set_rail(self, rail: bool) -> None:
        """Narrow to a rail of 48 px whose families fly out, or wide again."""
        if rail == self._is_rail:
            return
        self._is_rail = rail
        self.close_flyout()
        self.browser.setVisible(not rail)
        self.rail.setVisible(rail)
        self.setFixedWidth(PALETTE_RAIL_WIDTH if rail else PALETTE_WIDTH)
        self.rail.setFixedWidth(PALETTE_RAIL_WIDTH - 1)

    def is_rail(self) -> bool:
        """Whether it is the narrow one."""
        return self._is_rail

    def focus_search(self) -> None:
        """Put the keyboard into the search field, as the action with the key / does; on the rail it flies out."""
        if self._is_rail:
            self._fly_out("", again=True)
        else:
            self.browser.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.browser.search.line().selectAll()

    def set_usage(self, usage: Mapping[str, int]) -> None:
        """How often each type was chosen: fills Often used and ranks what is found."""
        self._usage = dict(usage)
        if not self._drag.is_running():
            self.browser.set_usage(usage)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.close_flyout()
        self.browser.set_theme(theme)
        self.rail.set_theme(theme)
        self.update()

    def flyout(self) -> Flyout | None:
        """What flies out of the rail, while it does."""
        return self._flyout

    def close_flyout(self) -> None:
        """Take back what flies out."""
        if self._flyout is not None:
            self._flyout.close_now()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), self._theme.color("line"))
        painter.end()

    def _drag_began(self, type_id: str) -> None:
        self.close_flyout()
        self.drag_started.emit(type_id)

    def _fly_out(self, family: str, again: bool = False) -> None:
        was = self._flown
        self.close_flyout()
        if was == family and not again:
            return
        flyout = Flyout(self._theme, self)
        flyout.closed.connect(self._flew_back)
        self._flyout, self._flown = flyout, family
        content = self._family_list(family) if family else self._search_list()
        flyout.open_with(content, self.rail.button(family))
        self.rail.set_open(family)
        first = content.search if isinstance(content, BlockBrowser) else content.findChild(BlockRow)
        if isinstance(first, QWidget):
            first.setFocus(Qt.FocusReason.PopupFocusReason)

    def _flew_back(self) -> None:
        if self._flyout is not None:
            self._flyout.deleteLater()
        self._flyout = self._flown = None
        self.rail.set_open(None)

    def _search_list(self) -> BlockBrowser:
        browser = BlockBrowser(self._types, self._families, self._theme, self._drag, folded_away=True)
        browser.set_usage(self._usage)
        browser.setFixedHeight(FLYOUT_SEARCH_HEIGHT)
        browser.chosen.connect(self._choose)
        browser.help_wanted.connect(self.help_wanted)
        browser.escaped.connect(self.close_flyout)
        return browser

    def _family_list(self, family: str) -> QWidget:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(Heading(dict(self._families)[family], self._theme))
        rows: list[BlockRow] = []
        for type in self._types.values():
            if family_of(type, self._families) == family:
                rows.append(BlockRow(type, self._theme, self._drag, ICON_AT_IN_FLYOUT))
        column = QVBoxLayout(inside := QWidget())
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for place, row in enumerate(rows):
            row.activated.connect(lambda id=row.type_id: self._choose(id))
            row.help_wanted.connect(lambda id=row.type_id: self.help_wanted.emit(id))
            row.stepped.connect(lambda step, place=place: self._step(scroll, rows, place + step))
            column.addWidget(row)
        scroll = OverlayScroll()
        scroll.setWidget(inside)
        inside.setAutoFillBackground(False)
        room = self.window().height() - ROW_HEIGHT - 2 * SPACE_16
        scroll.setFixedHeight(min(len(rows) * ROW_HEIGHT, room // ROW_HEIGHT * ROW_HEIGHT))
        layout.addWidget(scroll)
        return content

    def _step(self, scroll: OverlayScroll, rows: list[BlockRow], place: int) -> None:
        if 0 <= place < len(rows):
            rows[place].setFocus(Qt.FocusReason.OtherFocusReason)
            scroll.ensureWidgetVisible(rows[place], 0, 0)

    def _choose(self, type_id: str) -> None:
        self.close_flyout()
        self.chosen.emit(type_id)
