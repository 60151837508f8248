"""Uncaught exceptions: written to a log, told in the window, never its end."""

from __future__ import annotations

import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QRectF, QtMsgType, Signal, qInstallMessageHandler, qVersion
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.panels.buttons import IconButton, PlainButton
from app.panels.label_look import style_label
from graph_editor.theme import (
    RADIUS_POPUP,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_NORMAL,
    SIZE_SMALL,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    Theme,
)

LOG_NAME = "tensorloom.log"
LARGEST_LOG = 1 << 20
PANEL_WIDTH = 520


class ErrorReport(QObject):
    """Takes over `sys.excepthook`, that of threads, and Qt's warnings. `raised(str)` carries the whole report."""

    raised = Signal(str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log = folder / LOG_NAME
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None

    def install(self) -> None:
        """Hear of every uncaught exception from now on."""
        if self._before is None:
            self._before = (sys.excepthook, threading.excepthook)
            sys.excepthook = self.take
            threading.excepthook = lambda told: self.take(told.exc_type, told.exc_value, told.exc_traceback)
            qInstallMessageHandler(self._take_message)

    def uninstall(self) -> None:
        """Leave the hooks as they were."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None
            qInstallMessageHandler(None)

    def take(self, kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
        """Write one exception down and tell it."""
        if issubclass(kind, KeyboardInterrupt):
            app = QGuiApplication.instance()
            if app is not None:
                app.quit()
            return
        text = "".join(traceback.format_exception(kind, error, where))
        report = f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{versions()}\n{text}"
        self._write(report)
        self.raised.emit(report)

    def note(self, heading: str, lines: tuple[str, ...]) -> None:
        """Write something into the log that nobody need be told of now."""
        self._write("\n".join((f"{time.strftime('%Y-%m-%d %H:%M:%S')} {heading}", *lines)))

    def _take_message(self, kind: QtMsgType, context: object, text: str) -> None:
        if kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            self._write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} Qt: {text}\n")

    def _write(self, text: str) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.log.exists() and self.log.stat().st_size > LARGEST_LOG
            with self.log.open("w" if fresh else "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text + "\n")
        except OSError:
            pass  # a full disk must not hide the report itself


def versions() -> str:
    """What a report is worth nothing without."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        program = version("tensorloom")
    except PackageNotFoundError:
        program = "unknown"
    return f"Tensorloom {program}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"


class ErrorPanel(QWidget):
    """At the lower right of the window: what went wrong, that the work is safe, Copy and the details."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report = ""
        self._heading = QLabel("Something went wrong", self)
        self._words = QLabel("Your work is saved. You can go on; please send us the report.", self)
        self._words.setWordWrap(True)
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setFixedHeight(160)
        self._details.hide()
        self._cross = IconButton("ph.x", "Close", theme, parent=self)
        self._cross.clicked.connect(self.hide)
        self.copy = PlainButton("Copy report", theme, "ph.copy", parent=self)
        self.copy.clicked.connect(self._copy)
        self.more = PlainButton("Details", theme, parent=self)
        self.more.clicked.connect(self._toggle_details)
        top = QHBoxLayout()
        top.addWidget(self._heading)
        top.addStretch()
        top.addWidget(self._cross)
        row = QHBoxLayout()
        row.setSpacing(SPACE_8)
        for button in (self.copy, self.more):
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            row.addWidget(button)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_16, SPACE_12, SPACE_12, SPACE_16)
        column.setSpacing(SPACE_8)
        column.addLayout(top)
        column.addWidget(self._words)
        column.addWidget(self._details)
        column.addLayout(row)
        self.setFixedWidth(PANEL_WIDTH)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        style_label(self._heading, theme.font(SIZE_HEADING, SEMIBOLD), "text", theme)
        style_label(self._words, theme.font(SIZE_NORMAL), "secondary", theme)
        self._details.setFont(theme.font(SIZE_SMALL, mono=True))
        for button in (self._cross, self.copy, self.more):
            button.set_theme(theme)
        self.update()

    def show_report(self, report: str) -> None:
        """Tell it, over whatever is there."""
        self._report = report
        last = report.strip().splitlines()[-1] if report.strip() else ""
        self._words.setText(f"Your work is saved, and you can go on. {last[:200]}")
        self._details.setPlainText(report)
        self.copy.set_label("Copy report")
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Stand at the lower right of the window."""
        window = self.parentWidget()
        if window is not None:
            self.adjustSize()
            self.move(window.width() - self.width() - SPACE_16, window.height() - self.height() - 40)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
        self.copy.set_label("Copied")

    def _toggle_details(self) -> None:
        self._details.setVisible(self._details.isHidden())
        self.more.set_label("Details" if self._details.isHidden() else "Fewer details")
        self.place()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen("error"))
        painter.setBrush(self._theme.brush("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_POPUP, RADIUS_POPUP)
        painter.end()
