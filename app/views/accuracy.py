"""Accuracy over epochs, in percent: train solid, validation dashed, the run before faint."""

from __future__ import annotations

from typing import ClassVar

from app.charts.line_chart import LineChart
from app.views.history import RunHistory
from app.views.loss import marks_of, run_curves
from app.views.view import View

NONE = "This network has no classes: there is no accuracy"


class AccuracyView(View):
    """The share of samples whose class is predicted; of one loss block where the view names it."""

    kind: ClassVar[str] = "accuracy"
    title: ClassVar[str] = "Accuracy"

    def make_chart(self) -> LineChart:
        return LineChart(self.theme, percent=True)

    def describe(self) -> str:
        return self.block_name[:1].lower() + self.block_name[1:]

    def draw_history(self, history: RunHistory, previous: RunHistory | None) -> bool:
        known = history.metrics()
        own_name = f"accuracy.{self.block_name}"
        name = own_name if own_name in known else "accuracy"
        if name not in known:
            name = next((other for other in known if other.startswith("accuracy.")), name)
        before = run_curves(previous, name, faint=True) if previous is not None else []
        own = run_curves(history, name)
        self.chart.show_lines(
            [*before, *own],
            marks=marks_of(history),
            x_end=history.x_end(),
        )
        self.chart.setAccessibleDescription(", ".join(f"{c.name} {self.chart.value_text(c.y[-1])}" for c in own))
        return bool(own)

    def _draw_new(self) -> None:
        super()._draw_new()
        history = self._history
        if self.message() and history is not None and history.epochs_done and not run_curves(history, "accuracy"):
            self.show_message(NONE)
