"""The search that opens at the cursor or at a dropped wire: type a name and values, Enter puts the block there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from engine.graph.block_type import BlockType, Repair
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value
from graph_editor.block_search import Found, Match, changed_values, default_values, find_blocks, parse_query
from graph_editor.popup_look import paint_popup, paint_type_icon, paint_words_and_shape
from graph_editor.theme import (
    ICON,
    MEDIUM,
    RADIUS_BLOCK,
    SEARCH_ROW_HEIGHT,
    SEARCH_WIDTH,
    SHADOW_POPUP,
    SIZE_HEADING,
    SIZE_NORMAL,
    SIZE_SMALL,
    Theme,
)

FIELD_HEIGHT, HEADING, FOOTER = 40, 28, 32
ROWS_SHOWN = 8
GAP = 4


class SearchPopup(QWidget):
    """A child of the editor, `SEARCH_WIDTH` px wide, shown by `open_at`.

    `chosen(type id, parameters)` ends it with a block, `cancelled()` without one; `values_typed(parameters by type)`
    when other values than the defaults are set; `set_shapes` fills in what each block would make of the tensor.
    """

    chosen = Signal(str, object)
    cancelled = Signal()
    values_typed = Signal(object)

    def __init__(self, types: Mapping[str, BlockType], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._types = types
        self._theme = theme
        self._usage: Mapping[str, int] = {}
        self._spec: TensorSpec | None = None
        self._find = partial(find_blocks, types=types)
        self._shapes: Mapping[str, TensorSpec] = {}
        self._shapes_with: Mapping[str, Mapping[str, Value]] = {}
        self._typed: Mapping[str, Mapping[str, Value]] = {}
        self._found = Found()
        self._current = 0
        self._first = 0
        self._anchor = QPoint()
        self.setMouseTracking(True)
        self.setAccessibleName("Search blocks")
        self._line = QLineEdit(self)
        self._line.setFrame(False)
        self._line.setProperty("bare", True)
        self._line.setAccessibleName("Search blocks")
        self._line.setPlaceholderText("Search blocks")
        self._line.textEdited.connect(self._search)
        self._line.installEventFilter(self)
        self.set_theme(theme)
        self.hide()

    def open_at(
        self,
        position: QPoint,
        spec: TensorSpec | None = None,
        candidates: tuple[str, ...] = (),
        repairs: Mapping[str, Repair | None] = {},  # noqa: B006 -- never changed
    ) -> None:
        """Open with its field at the global `position`, for blocks that accept `spec`; no candidates: all types.

        The types of `repairs` do not accept it; by name those are found that do after the block of their repair.
        """
        self._spec = spec
        self._find = partial(
            find_blocks, types=self._types, spec=spec, candidates=candidates or None, repairs=dict(repairs)
        )
        self._shapes, self._shapes_with, self._typed = {}, {}, {}
        self._line.clear()
        parent = self.parentWidget()
        self._anchor = parent.mapFromGlobal(position) if parent is not None else position
        self._search("")
        self.show()
        self.raise_()
        self._line.setFocus(Qt.FocusReason.PopupFocusReason)
        application = QApplication.instance()
        assert application is not None, "a popup needs an application"
        application.installEventFilter(self)

    def set_shapes(
        self,
        shapes: Mapping[str, TensorSpec],
        parameters: Mapping[str, Mapping[str, Value]] = {},  # noqa: B006 -- never changed
    ) -> None:
        """Show what each type makes of the tensor, with `parameters` in place of its defaults."""
        self._shapes, self._shapes_with = dict(shapes), dict(parameters)
        self.update()

    def set_usage(self, usage: Mapping[str, int]) -> None:
        """How often each type was chosen: equal fits are ranked by it."""
        self._usage = dict(usage)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self._line.setFont(theme.font(SIZE_HEADING))
        self._line.setStyleSheet(
            f"QLineEdit {{ background: transparent; border: none; padding: 0; color: {theme.hex('text')};"
            f" placeholder-text-color: {theme.hex('secondary')}; selection-background-color: {theme.hex('accent')};"
            f" selection-color: {theme.hex('panel')}; }}"
        )
        self.update()

    def line(self) -> QLineEdit:
        """The field that is typed into."""
        return self._line

    def matches(self) -> tuple[Match, ...]:
        """The rows, best first."""
        return self._found.matches

    def current(self) -> Match | None:
        """The row that Enter inserts, or None."""
        matches = self._found.matches
        return matches[self._current] if self._current < len(matches) else None

    def row_rect(self, index: int) -> QRect:
        """Where row `index` stands; rows scrolled away lie outside of the list."""
        top = SHADOW_POPUP + FIELD_HEIGHT + self._heading() + GAP + (index - self._first) * SEARCH_ROW_HEIGHT
        return QRect(SHADOW_POPUP, top, SEARCH_WIDTH, SEARCH_ROW_HEIGHT)

    def message(self) -> str:
        """What stands in place of rows: "" while there are any."""
        if self._found.matches:
            return ""
        if self._found.refusing and self._spec is not None:
            return self._refusal(self._found.refusing[0]) + self._spec.per_sample
        query = parse_query(self._line.text())
        return "Write a block before its values: dense 64" if query.values and not query.name else "No such block"

    def heading(self) -> tuple[str, str]:
        """What is searched for, or that the block meant most does not take it; and the shape."""
        words = self._refusal(self._found.missed) if self._found.missed else "Accepts "
        return words, self._spec.per_sample if self._spec is not None else ""

    def _refusal(self, type_id: str) -> str:
        return f"{self._types[type_id].title} does not accept "

    def shape_words(self, match: Match) -> str:
        """The resulting shape `→ 32×8×8`, "" while that of the typed values is unknown; or what has to stand before."""
        if match.before:
            return f"after {self._types[match.before].title}"
        spec = self._shapes.get(match.type_id)
        known = changed_values(match, self._types) == dict(self._shapes_with.get(match.type_id, {}))
        return f"→ {spec.per_sample}" if spec is not None and known else ""

    def sizeHint(self) -> QSize:
        rows = max(1, min(len(self._found.matches), ROWS_SHOWN))
        if not self._found.matches and self._found.nearest is not None:
            rows = 2
        inner = FIELD_HEIGHT + self._heading() + 2 * GAP + rows * SEARCH_ROW_HEIGHT + FOOTER
        return QSize(SEARCH_WIDTH + 2 * SHADOW_POPUP, inner + 2 * SHADOW_POPUP)

    # --- behaviour -------------------------------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._line and isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress:
            return self._key(event)
        if watched is self._line and kind == QEvent.Type.ShortcutOverride:
            event.accept()  # while the popup is open its keys are its own
            return True
        if (
            kind == QEvent.Type.MouseButtonPress
            and isinstance(event, QMouseEvent)
            and isinstance(watched, QWidget)
            and self.isVisible()
            and watched is not self
            and not self.isAncestorOf(watched)
        ):
            self._cancel()
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._panel().contains(event.position().toPoint()):
            self._cancel()
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        index = self._row_at(event.position().toPoint())
        if index is not None:
            self._current = index
            self._take()
        elif self._nearest_rect().contains(event.position().toPoint()):
            self._take()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._row_at(event.position().toPoint())
        pointing = index is not None or self._nearest_rect().contains(event.position().toPoint())
        self.setCursor(Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.ArrowCursor)
        if index is not None and index != self._current:
            self._current = index
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._scroll_to(self._first - (1 if event.angleDelta().y() > 0 else -1))
        event.accept()

    def hideEvent(self, event: QEvent) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        count = len(self._found.matches)
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: ROWS_SHOWN,
            Qt.Key.Key_PageUp: -ROWS_SHOWN,
        }
        if key in steps:
            if count:
                moved = self._current + steps[Qt.Key(key)]
                wraps = abs(steps[Qt.Key(key)]) == 1
                self._current = moved % count if wraps else min(max(moved, 0), count - 1)
                self._show_current()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif key == Qt.Key.Key_Escape:
            self._cancel()
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._complete()
        else:
            return False
        return True

    def _search(self, text: str) -> None:
        self._found = self._find(text, usage=self._usage)
        self._current = self._first = 0
        self._place()
        self.update()
        fitting = (match for match in self._found.matches if not match.before)
        typed = {match.type_id: changed for match in fitting if (changed := changed_values(match, self._types))}
        if typed != self._typed:
            self.values_typed.emit(typed)
        self._typed = typed

    def _take(self) -> None:
        match = self.current()
        if match is None and self._found.nearest is not None and not self._found.refusing:
            match = Match(type_id=self._found.nearest)
        if match is not None:
            self.hide()
            self.chosen.emit(match.type_id, dict(match.parameters))

    def _cancel(self) -> None:
        if self.isVisible():
            self.hide()
            self.cancelled.emit()

    def _complete(self) -> None:
        """Write out the name of the current row, and its values to type over."""
        match = self.current()
        if match is None:
            return
        type = self._types[match.type_id]
        name = f"{type.title} "
        given = parse_query(self._line.text()).values
        values = " ".join(given) or " ".join(default_values(type))
        self._line.setText(name + values)
        self._line.setSelection(len(name), len(values))
        self._search(self._line.text())
        index = next((i for i, found in enumerate(self._found.matches) if found.type_id == match.type_id), 0)
        self._current = index
        self._show_current()

    def _show_current(self) -> None:
        if self._current < self._first:
            self._first = self._current
        elif self._current >= self._first + ROWS_SHOWN:
            self._first = self._current - ROWS_SHOWN + 1
        self.update()

    def _scroll_to(self, first: int) -> None:
        self._first = min(max(first, 0), max(len(self._found.matches) - ROWS_SHOWN, 0))
        self._current = min(max(self._current, self._first), self._first + ROWS_SHOWN - 1)
        self.update()

    # --- places ----------------------------------------------------------------------------------
    def _heading(self) -> int:
        return HEADING if self._spec is not None else 0

    def _panel(self) -> QRect:
        return self.rect().adjusted(SHADOW_POPUP, SHADOW_POPUP, -SHADOW_POPUP, -SHADOW_POPUP)

    def _row_at(self, point: QPoint) -> int | None:
        for index in range(self._first, min(self._first + ROWS_SHOWN, len(self._found.matches))):
            if self.row_rect(index).contains(point):
                return index
        return None

    def _nearest_rect(self) -> QRect:
        if self._found.matches or self._found.refusing or self._found.nearest is None:
            return QRect()
        return self.row_rect(1)

    def _place(self) -> None:
        size = self.sizeHint()
        corner = QPoint(self._anchor.x() - SHADOW_POPUP - 8, self._anchor.y() - SHADOW_POPUP - FIELD_HEIGHT // 2)
        parent = self.parentWidget()
        if parent is not None:
            # Its tallest form fits below the field, or all of it moves up: the field stays put while rows change.
            tallest = FIELD_HEIGHT + self._heading() + 2 * GAP + ROWS_SHOWN * SEARCH_ROW_HEIGHT + FOOTER
            corner.setX(max(min(corner.x(), parent.width() - size.width()), -SHADOW_POPUP))
            corner.setY(max(min(corner.y(), parent.height() - tallest - 2 * SHADOW_POPUP), -SHADOW_POPUP))
        self.setGeometry(QRect(corner, size))
        panel = self._panel()
        left = panel.left() + 38  # Qt keeps 2 px before the text
        self._line.setGeometry(left, panel.top() + 4, panel.right() - left - 12, FIELD_HEIGHT - 8)

    # --- painting --------------------------------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, panel = self._theme, self._panel()
        paint_popup(painter, theme, QRectF(panel))
        icon = theme.icon_pixmap("ph.magnifying-glass", "secondary", ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(panel.left() + 12, panel.top() + (FIELD_HEIGHT - ICON) // 2), icon)
        self._rule(painter, panel.top() + FIELD_HEIGHT)
        if self._spec is not None:
            place = QRectF(panel.left() + 12, panel.top() + FIELD_HEIGHT, panel.width() - 24, HEADING)
            paint_words_and_shape(painter, theme, place, *self.heading())
        if self._found.matches:
            for index in range(self._first, min(self._first + ROWS_SHOWN, len(self._found.matches))):
                self._paint_row(painter, index)
        else:
            self._paint_nothing(painter)
        self._rule(painter, panel.bottom() + 1 - FOOTER)
        painter.setFont(theme.font(SIZE_SMALL))
        painter.setPen(theme.color("secondary"))
        place = QRectF(panel.left() + 12, panel.bottom() + 1 - FOOTER, panel.width() - 24, FOOTER)
        painter.drawText(place, _MIDDLE, "Enter inserts  ·  Tab sets values  ·  Esc")
        painter.end()

    def _rule(self, painter: QPainter, y: int) -> None:
        panel = self._panel()
        painter.fillRect(QRect(panel.left() + 1, y, panel.width() - 2, 1), self._theme.color("line"))

    def _paint_row(self, painter: QPainter, index: int) -> None:
        theme, match = self._theme, self._found.matches[index]
        type = self._types[match.type_id]
        place = QRectF(self.row_rect(index))
        if index == self._current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.brush("select"))
            painter.drawRoundedRect(place.adjusted(6, 0, -6, 0), RADIUS_BLOCK, RADIUS_BLOCK)
        paint_type_icon(painter, theme, type, place.left() + 14, place.top() + (SEARCH_ROW_HEIGHT - ICON) / 2)
        shape = self.shape_words(match)
        mono = theme.font(SIZE_SMALL, mono=True)
        right = place.right() - 14
        painter.setPen(theme.color("secondary"))
        painter.setFont(theme.font(SIZE_SMALL) if match.before else mono)
        if shape:
            painter.drawText(QRectF(place.left(), place.top(), right - place.left(), place.height()), _END, shape)
            right -= QFontMetricsF(painter.font()).horizontalAdvance(shape) + 12
            painter.setFont(mono)
        left = place.left() + 40
        font = theme.font(SIZE_NORMAL, MEDIUM)
        name = QFontMetricsF(font).elidedText(type.title, Qt.TextElideMode.ElideRight, right - left)
        if match.words:
            after = left + QFontMetricsF(font).horizontalAdvance(name) + 8
            words = QFontMetricsF(mono).elidedText(match.words, Qt.TextElideMode.ElideRight, right - after)
            painter.drawText(QRectF(after, place.top(), right - after, place.height()), _MIDDLE, words)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(left, place.top(), right - left, place.height()), _MIDDLE, name)

    def _paint_nothing(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setFont(theme.font(SIZE_NORMAL))
        painter.setPen(theme.color("secondary"))
        painter.drawText(QRectF(self.row_rect(0)).adjusted(14, 0, -14, 0), _MIDDLE, self.message())
        if not self._nearest_rect().isEmpty() and self._found.nearest is not None:
            words = f"Did you mean {self._types[self._found.nearest].title}?"
            painter.setPen(theme.color("accent"))
            painter.drawText(QRectF(self._nearest_rect()).adjusted(14, 0, -14, 0), _MIDDLE, words)


_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
