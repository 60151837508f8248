"""The problems of the drawing and its plan: a click jumps to the block, a link repairs."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.panels.buttons import baseline
from app.panels.overlay_scroll import OverlayScroll
from app.panels.problem_row import ProblemRow
from app.panels.section import clear_layout
from app.wording import CHECKING
from engine.graph.problem import Problem, tell_of_blank
from graph_editor.theme import HEADING_HEIGHT, ICON, SEMIBOLD, SIZE_HEADING, SIZE_NORMAL, SPACE_8, SPACE_12, Theme


class _Rows(QWidget):
    """As high as its rows need at its width: Qt would make room for them at their narrowest."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


class ProblemList(QWidget):
    """Heading with the count, then a row a problem; where there is none "No problems", or why there cannot be any."""

    jump = Signal(object)
    fix = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._problems: tuple[Problem, ...] = ()
        self._is_blank, self._unknown = False, CHECKING
        self.setAccessibleName("Problems")
        self._scroll = OverlayScroll(self)
        body = _Rows()
        body.setAutoFillBackground(False)
        self._rows = QVBoxLayout(body)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._scroll.setWidget(body)
        body.setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, HEADING_HEIGHT + 1, 0, 0)
        layout.addWidget(self._scroll)

    def set_problems(self, problems: tuple[Problem, ...] | None, unknown: str = CHECKING) -> None:
        """Show these, in their order; that nothing is drawn is no row, the canvas says how to begin.

        None: nobody knows yet, which is said as `unknown`.
        """
        unknown = unknown if problems is None else ""
        is_blank = tell_of_blank(problems or ())
        shown = () if is_blank else tuple(problems or ())
        if (shown, is_blank, unknown) == (self._problems, self._is_blank, self._unknown):
            return
        self._problems, self._is_blank, self._unknown = shown, is_blank, unknown
        self._show()

    def problems(self) -> tuple[Problem, ...]:
        """What is shown."""
        return self._problems

    def rows(self) -> list[ProblemRow]:
        """The rows, from above."""
        items = [self._rows.itemAt(place) for place in range(self._rows.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, ProblemRow)]

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self._show()

    def empty_words(self) -> str:
        """What stands where no row does."""
        if self._unknown:
            return self._unknown
        return "Nothing is drawn yet" if self._is_blank else "No problems"

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def heightForWidth(self, width: int) -> int:
        layouts = [row.layout() for row in self.rows()]
        wanted = sum(layout.totalHeightForWidth(width) for layout in layouts if layout is not None) or 40
        return wanted + HEADING_HEIGHT + 16

    def _show(self) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            # Else the keyboard, and a ring with it, would go on to the inspector once its row is gone.
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        clear_layout(self._rows)
        for problem in self._problems:
            row = ProblemRow(problem, self._theme)
            row.jump.connect(self.jump)
            row.fix.connect(self.fix)
            self._rows.addWidget(row)
        self._rows.addStretch()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        painter.fillRect(self.rect(), theme.color("panel"))
        painter.fillRect(0, HEADING_HEIGHT, self.width(), 1, theme.color("line"))
        font = theme.font(SIZE_HEADING, SEMIBOLD)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        line = round(baseline(font, HEADING_HEIGHT / 2))
        painter.drawText(SPACE_12, line, "Problems")
        left = SPACE_12 + QFontMetricsF(font).horizontalAdvance("Problems") + SPACE_8
        painter.setFont(theme.font(SIZE_NORMAL))
        painter.setPen(theme.color("secondary"))
        if self._problems:
            count = str(len(self._problems))
            painter.drawText(round(left), line, count)
        else:
            is_good = not self._unknown and not self._is_blank
            name, ink = ("ph.check-circle", "good") if is_good else ("ph.circle-dashed", "secondary")
            icon = theme.icon_pixmap(name, ink, ICON, self.devicePixelRatioF())
            painter.drawPixmap(SPACE_12, HEADING_HEIGHT + SPACE_12, icon)
            place = QRectF(SPACE_12 + ICON + SPACE_8, HEADING_HEIGHT + SPACE_12, self.width(), ICON)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, self.empty_words())
        painter.end()
