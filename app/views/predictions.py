"""Samples with what the network says of them: the wrong ones first, the surest of them before all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QStackedWidget

from app.charts.against_chart import AgainstChart
from app.charts.look import Theme
from app.charts.pair_grid import PairGrid, Sample
from app.charts.ticks import short_number
from app.views.view import View

MOST = 100
MOST_ON_CELL, MOST_ON_CARD = 3, 8


def numbers_words(values: list[float], most: int) -> str:
    """The first `most` numbers of a row: `0.30, −1.25`, with an ellipsis where there are more."""
    words = ", ".join(
        f"{round(value, 2) + 0.0:.2f}".replace("-", "−") if abs(value) < 100 else short_number(value)
        for value in values[:most]
    )
    return f"{words}, …" if len(values) > most else words


class PredictionsCharts(QStackedWidget):
    """Pictures with words for classes, pairs for rebuilt pictures, a plane for numbers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.grid = PairGrid(theme)
        self.against = AgainstChart(theme)
        self.addWidget(self.grid)
        self.addWidget(self.against)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self.grid.set_theme(theme)
        self.against.set_theme(theme)

    def reset_zoom(self) -> None:
        """Show the whole again."""
        self.against.reset_zoom()


class PredictionsView(View):
    """What a loss block compares: predicted and true."""

    kind: ClassVar[str] = "predictions"
    title: ClassVar[str] = "Predictions"
    measures: ClassVar[bool] = True

    def make_chart(self) -> PredictionsCharts:
        return PredictionsCharts(self.theme)

    def describe(self) -> str:
        return self._told or self.block_name

    def draw_measured(self, arrays: Mapping[str, NDArray], step: int) -> None:
        if "probability" in arrays:
            self._draw_classes(arrays)
        elif "rebuilt" in arrays:
            self._draw_rebuilt(arrays)
        else:
            self._told = ""
            self.chart.against.show_numbers(arrays["true"], arrays["predicted"])
            self.chart.setCurrentWidget(self.chart.against)
        self.set_subtitle(self.describe())

    def _draw_classes(self, arrays: Mapping[str, NDArray]) -> None:
        samples = []
        rows = arrays.get("rows", np.arange(len(arrays["true"])))
        parts = (part[:MOST].tolist() for part in (arrays["true"], arrays["predicted"], arrays["probability"], rows))
        read = arrays.get("values")
        curves = read[:MOST] if read is not None and read.ndim == 3 and np.isfinite(read[:MOST]).all() else None
        numbers = read[:MOST].tolist() if read is not None and read.ndim == 2 else None
        for index, (true, predicted, probability, row) in enumerate(zip(*parts, strict=True)):
            wrong = true != predicted
            percent = f"{probability * 100:.0f} %"
            headline = f"{true} → {predicted}" if wrong else str(predicted)
            hint = (f"true {true}", f"predicted {predicted}", f"probability {percent}", f"row {row}")
            words = ""
            if numbers is not None:
                words = numbers_words(numbers[index], MOST_ON_CELL)
                hint = (f"values {numbers_words(numbers[index], MOST_ON_CARD)}", *hint)
            samples.append(Sample(headline, percent, wrong, hint, words))
        self.chart.grid.show_samples(samples, arrays.get("pictures"), curves=curves)
        self.chart.setCurrentWidget(self.chart.grid)
        self._told = f"{int(arrays['wrong'])} of {int(arrays['count'])} wrong"

    def _draw_rebuilt(self, arrays: Mapping[str, NDArray]) -> None:
        before, after = arrays["pictures"][:MOST], arrays["rebuilt"][:MOST]
        errors = ((before - after) ** 2).reshape(len(before), -1).sum(axis=1).tolist()
        rows = arrays.get("rows", np.arange(len(before)))[:MOST].tolist()
        samples = [
            Sample("", "", False, (f"squared error {error:.3g}", f"row {row}"))
            for error, row in zip(errors, rows, strict=True)
        ]
        self.chart.grid.show_samples(samples, before, after)
        self.chart.setCurrentWidget(self.chart.grid)
        self._told = "rebuilt below"
