"""A window on the screen: what is seen of it, and waiting until something is so."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.launch import open_window
from app.main_window import MainWindow
from app.workspace import Workspace
from engine.graph.graph import Graph
from engine.graph.paths import body_at
from engine.graph.problem import Problem
from engine.project.recovery import RecoveryFolder

WINDOW = Qt.WindowType.Window
PATIENCE_S = float(os.environ.get("TENSORLOOM_TEST_PATIENCE_S", 60))
End = tuple[str, str]
"""A block's id and a port's."""


class TooLate(AssertionError):
    """What was waited for did not come."""


class StrayWindows(QObject):
    """Notes every part that is shown as a window of its own: it flashes on the screen and takes the keyboard."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        shown = event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.windowType() == WINDOW
        if shown and not isinstance(watched, MainWindow):
            self.found.append(f"{type(watched).__name__} is shown as a window of its own")
        return False


class WatchedWindow:
    """One window and what is seen of it. `reports` collects what its error report was raised for, and stray windows."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.reports: list[str] = []
        self._closed = False
        self._strays = StrayWindows(window)
        QApplication.instance().installEventFilter(self._strays)

    @classmethod
    def open(cls, state: Path, file: Path | None = None, size: tuple[int, int] = (1440, 900)) -> Self:
        """A window on a state folder of its own."""
        window = open_window(file, RecoveryFolder(state))
        hands = cls(window)
        report = hands._error_report()
        report.raised.connect(hands.reports.append)
        window.resize(*size)
        hands.wait(window.isVisible, "the window")
        hands.activate()
        return hands

    def close(self) -> None:
        """Press the close button, and forget the window."""
        if self._closed:
            return
        self._closed = True
        QApplication.instance().removeEventFilter(self._strays)
        self.reports += self._strays.found
        self.window.close()
        self._error_report().uninstall()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.rest()

    def activate(self) -> None:
        """Give the window the keyboard, as a click on it does; an off-screen menu leaves it to nobody."""
        if not self.window.isActiveWindow():
            self.window.activateWindow()
            self.wait(self.window.isActiveWindow, "the keyboard")

    # --- looking --------------------------------------------------------------------------------------
    @property
    def workspace(self) -> Workspace:
        """What the window shows."""
        return self.window.workspace

    @property
    def graph(self) -> Graph:
        """The whole drawing."""
        return self.workspace.document.graph

    @property
    def body(self) -> Graph:
        """The drawing that the canvas shows."""
        return body_at(self.graph, self.window.editor.body_path())

    def block(self, type: str) -> str:
        """The id of the one block of a type on the canvas."""
        (found,) = [id for id, block in self.body.blocks.items() if block.type == type]
        return found

    def wires(self) -> set[tuple[End, End]]:
        """The wires on the canvas."""
        return {
            ((wire.source.block, wire.source.port), (wire.target.block, wire.target.port)) for wire in self.body.wires
        }

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the problem list says."""
        return self.workspace.analysis.problems

    def sentences(self) -> list[str]:
        """All that the problem list says."""
        return [problem.sentence for problem in self.problems]

    @property
    def run_words(self) -> str:
        """What the run bar says."""
        return self.window.run_bar.message.text()

    @property
    def refusal(self) -> Problem | None:
        """What is said at the pointer."""
        return self.window.editor.refusal.problem

    @property
    def notice(self) -> str:
        """What is said over the canvas, "" without anything."""
        return self.window.notice.text() if self.window.notice.isVisible() else ""

    @property
    def losses(self) -> int:
        """How many loss points have arrived."""
        history = self.workspace.history
        return len(history.losses) if history is not None else 0

    # --- waiting --------------------------------------------------------------------------------------
    def rest(self, ms: int = 20) -> None:
        """Let the window work for a moment."""
        QTest.qWait(ms)

    def wait(self, until: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Let the window work until something is so."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                words = f"{what} did not come within {seconds:.0f} s"
                raise TooLate(f"{words}; the run bar says {self.run_words!r}, the notice {self.notice!r}")
            QTest.qWait(10)

    def wait_ready(self) -> None:
        """Until the worker is warm and has analysed what is drawn."""
        self.wait(lambda: self.workspace.link.devices, "the worker")
        self.wait_analysed()

    def wait_analysed(self) -> None:
        """Until the analysis is of what is drawn now."""
        self.wait(lambda: self.workspace.analysis.is_current, "the analysis")
        self.rest()

    def wait_phase(self, *phases: str, seconds: float = PATIENCE_S) -> None:
        """Until the run stands so."""
        runs = self.workspace.runs

        def reached() -> bool:
            phase = runs.state.phase
            over = phase in ("failed", "dead", "finished", "stopped") and phase not in phases
            assert not over, f"{phase}, not {' or '.join(phases)}: {self.run_words}"
            return phase in phases

        self.wait(reached, " or ".join(phases), seconds)

    def panels(self) -> tuple[QWidget, ...]:
        """The large parts of the window."""
        window = self.window
        return (window.editor, window.palette_panel, window.inspector, window.live_views, window.run_bar, window.status)

    def brightness(self, widget: QWidget) -> float:
        """How bright most of a part is: the median lightness of its pixels, 0 to 1."""
        picture = widget.grab().toImage()
        spots = [
            picture.pixelColor(x, y).lightnessF()
            for x in range(2, picture.width(), 11)
            for y in range(2, picture.height(), 7)
        ]
        return sorted(spots)[len(spots) // 2]

    def _error_report(self) -> object:
        from app.error_report import ErrorReport

        return self.window.findChild(ErrorReport)
