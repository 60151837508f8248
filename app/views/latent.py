"""What a block says of each sample, on the plane of its two principal axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from numpy.typing import NDArray

from app.charts.scatter_chart import ScatterChart
from app.views.view import View


class LatentView(View):
    """PCA of a block's output over the validation part, coloured by class."""

    kind: ClassVar[str] = "latent"
    title: ClassVar[str] = "Latent space"
    measures: ClassVar[bool] = True

    def make_chart(self) -> ScatterChart:
        return ScatterChart(self.theme)

    def describe(self) -> str:
        return " · ".join(part for part in (self.block_name, f"PCA{self._told}") if part)

    def draw_measured(self, arrays: Mapping[str, NDArray], step: int) -> None:
        self.chart.show_points(arrays["points"], arrays["labels"], arrays.get("pictures"), arrays.get("rows"))
        explained = arrays.get("explained")
        self._told = "" if explained is None else f" {float(explained.sum()) * 100:.0f} %"
        self.set_subtitle(self.describe())
