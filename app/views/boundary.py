"""Which class each point of the plane gets, while the network learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from numpy.typing import NDArray

from app.charts.field_chart import FieldChart
from app.views.view import View


class BoundaryView(View):
    """The decision boundary of a network with two numbers as its input."""

    kind: ClassVar[str] = "boundary"
    title: ClassVar[str] = "Decision boundary"
    measures: ClassVar[bool] = True

    def make_chart(self) -> FieldChart:
        return FieldChart(self.theme)

    def draw_measured(self, arrays: Mapping[str, NDArray], step: int) -> None:
        self.chart.show_field(arrays["grid"], arrays["extent"], arrays["points"], arrays["labels"])
