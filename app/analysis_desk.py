"""Keeps what is known of the drawing up to date: asks after each change that means something, drops stale answers."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from app.worker_link import WorkerLink
from engine.graph.analysis import Analysis
from engine.graph.difference import GraphChange
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value
from engine.worker.protocol import Analyse, Analysed, AskShapes, Shapes
from graph_editor.document import Document

DELAY_MS = 15
_UNKNOWN = Analysis()


class AnalysisDesk(QObject):
    """The last analysis and all problems, the drawing's and the plan's, errors first.

    `problems_changed(problems)`, with None where nobody has looked at what is here: another project, or one that was
    edited after the worker died. `can_look` says whether an answer is to come.
    """

    analysis_changed = Signal(object)
    problems_changed = Signal(object)
    shapes_known = Signal(int, object)

    def __init__(self, document: Document, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._link = link
        self._wanted = 0
        self._shapes: dict[int, int] = {}
        self.analysis = _UNKNOWN
        self.problems: tuple[Problem, ...] = ()
        self.is_current = False
        self._nobody_looks = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._ask)
        document.changed.connect(self._drawing_changed)
        document.settings_changed.connect(self.ask_again)
        link.on(Analysed, self._take)
        link.on(Shapes, self._take_shapes)
        link.died.connect(lambda words: self._give_up())

    @property
    def is_known(self) -> bool:
        """Whether anything of this project was analysed yet; problems are unknown before."""
        return self.analysis is not _UNKNOWN

    @property
    def can_look(self) -> bool:
        """Whether somebody looks at the drawing, or will: not from the worker's death until it is started again."""
        return self._link.client.problem is None

    @property
    def errors(self) -> int:
        """How many problems stop a run."""
        return sum(problem.severity == "error" for problem in self.problems)

    def ask_again(self) -> None:
        """Ask anew, soon: changes that follow each other closely are asked about once."""
        self.is_current = False
        self._timer.start()
        if self._nobody_looks and self.can_look:
            self._nobody_looks = False
            self.problems_changed.emit(None)

    def start_over(self) -> None:
        """Know nothing, and ask: another project is here. What the worker still says of the last one is dropped."""
        self._wanted = 0
        self.ask_again()
        if self.is_known:
            self.analysis, self.problems = _UNKNOWN, ()
            self.analysis_changed.emit(self.analysis)
            self.problems_changed.emit(None)

    def ask_shapes(
        self, request: int, spec: TensorSpec, candidates: tuple[str, ...], parameters: Mapping[str, Mapping[str, Value]]
    ) -> None:
        """What each candidate, with `parameters` in place of its defaults, would make of the tensor.

        Answered by `shapes_known(request, specs)`.
        """
        id = self._link.next_id()
        self._shapes = {id: request}
        self._link.send(AskShapes(id=id, spec=spec, candidates=candidates, parameters=parameters))

    def _drawing_changed(self, change: GraphChange) -> None:
        if change.meaning:
            self.ask_again()

    def _ask(self) -> None:
        if not self._link.alive:
            self._give_up()  # unless it was not started yet, or the window is closed
            return
        self._wanted = self._link.next_id()
        settings = self._document.settings
        self._link.send(
            Analyse(id=self._wanted, graph=self._document.graph, plan=settings.plan, datasets=settings.datasets)
        )

    def _give_up(self) -> None:
        if not self.is_current and not self.can_look:
            self._nobody_looks = True
            self.problems_changed.emit(None)

    def _take(self, message: Analysed) -> None:
        if message.id != self._wanted:
            return
        self.is_current = not self._timer.isActive()
        problems = (*message.analysis.problems, *message.problems)
        order = {"error": 0, "warning": 1, "advice": 2}
        self.problems = tuple(sorted(problems, key=lambda problem: order[problem.severity]))
        self.analysis = message.analysis
        self.analysis_changed.emit(self.analysis)
        self.problems_changed.emit(self.problems)

    def _take_shapes(self, message: Shapes) -> None:
        request = self._shapes.pop(message.id, None)
        if request is not None:
            self.shapes_known.emit(request, message.specs)
