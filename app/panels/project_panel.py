"""What the inspector shows while nothing is selected: the project, three things to try, data and training."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.panels.block_header import PanelHeader
from app.panels.data_section import DataSection
from app.panels.dataset_edits import dataset_of, inputs_of, reference
from app.panels.inspector_context import InspectorContext
from app.panels.plan_section import PlanSection, plan_key
from app.panels.problem_row import ProblemRow
from app.panels.section import Line, Section, Sentence, clear_layout
from app.panels.variables_section import VariablesSection
from engine.graph.problem import Problem, tell_of_blank
from graph_editor.theme import SEMIBOLD, SIZE_SMALL, SPACE_8, SPACE_12, SPACE_16, Theme

NUMBER_SIDE = 22
PLAN_CODES = frozenset({"no-loss-energy"})


class Try(QWidget):
    """A thing to try: its number in a circle, then the sentence."""

    def __init__(self, number: int, words: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._theme = theme
        self.sentence = Sentence(words, theme)
        self.sentence.setContentsMargins(SPACE_16 + NUMBER_SIDE + SPACE_12, 2, SPACE_16, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sentence)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(QPointF(SPACE_16, 0), QPointF(SPACE_16 + NUMBER_SIDE, NUMBER_SIDE))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.brush("hover"))
        painter.drawEllipse(place)
        painter.setFont(self._theme.font(SIZE_SMALL, SEMIBOLD))
        painter.setPen(self._theme.color("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(self._number))
        painter.end()


class ProjectPanel(QWidget):
    """Title, about, Try, Data and Training; `problems` without a block stand on top with their fixes."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        theme = context.theme
        settings = context.document.settings
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, SPACE_16)
        layout.setSpacing(0)
        self.header = PanelHeader(theme, self)
        self.header.set_ruled(False)
        layout.addWidget(self.header)
        self._problems = QVBoxLayout()
        self._problems.setSpacing(0)
        layout.addLayout(self._problems)
        about = str(getattr(settings, "about", "") or "")
        # In the layout first: a label without a parent would be shown as a window, which takes the keyboard away.
        self.about = Sentence(about, theme)
        layout.addWidget(self.about)
        self.about.setContentsMargins(SPACE_16, SPACE_8, SPACE_16, SPACE_12)
        self.about.setVisible(bool(about))
        layout.addWidget(Line(theme))
        self.sections: list[Section] = []
        tries = tuple(getattr(settings, "tries", ()) or ())
        if tries:
            section = Section("Try", theme)
            section.rows.setSpacing(SPACE_8)
            for number, words in enumerate(tries, 1):
                section.add(Try(number, words, theme))
            self.sections.append(section)
            layout.addWidget(section)
        self.data = DataSection(context, self)
        self.data.standardised.connect(self._standardise)
        self.sections.append(self.data)
        layout.addWidget(self.data)
        self.plan: PlanSection | None = None
        if hasattr(settings, "plan"):
            self.plan = PlanSection(context, self)
            self.sections.append(self.plan)
            layout.addWidget(self.plan)
        self.variables = VariablesSection(context, self)
        self.sections.append(self.variables)
        layout.addWidget(self.variables)
        layout.addStretch()

    def begin(self) -> None:
        """Show the project as a page does that was just made."""
        self.data.begin()
        if self.plan is not None:
            self.plan.begin()
        self.variables.begin()
        self._show_dataset()

    @staticmethod
    def form(context: InspectorContext) -> object:
        """What the panel's rows depend on: another form, another panel."""
        settings = context.document.settings
        words = tuple(getattr(settings, "tries", ()) or ())
        plan = plan_key(context) if hasattr(settings, "plan") else ()
        return "project", words, getattr(settings, "about", ""), plan, VariablesSection.key(context)

    def refresh(self) -> None:
        """Show values as they are now."""
        self._show_dataset()
        if self.plan is not None:
            self.plan.refresh()
        self.variables.refresh()

    def _show_dataset(self) -> None:
        name = self.dataset_name()
        self.data.show_dataset(name, reference(self._context.document, name))

    def dataset_name(self) -> str:
        """The dataset of the first Input, else of the settings, "" without one."""
        for block in inputs_of(self._context.document):
            return dataset_of(self._context.document, block)
        known = getattr(self._context.document.settings, "datasets", ())
        return str(known[0].name) if known else ""

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show the problems that belong to no block, and those that the plan can mend."""
        clear_layout(self._problems)
        for problem in problems:
            if problem.code in PLAN_CODES or (not problem.path and not tell_of_blank((problem,))):
                row = ProblemRow(problem, self._context.theme, jumps=False)
                row.fix.connect(self._context.fix)
                self._problems.addWidget(row)

    def _standardise(self, standardise: bool) -> None:
        name = self.dataset_name()

        def change(settings: Any) -> Any:
            replace = msgspec.structs.replace
            datasets = tuple(
                replace(ref, standardise=standardise) if ref.name == name else ref for ref in settings.datasets
            )
            return replace(settings, datasets=datasets)

        self._context.edit_settings("Standardise the data", change)
