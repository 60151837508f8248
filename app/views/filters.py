"""The weights of a block as pictures, in the signed map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from numpy.typing import NDArray

from app.charts.image_grid import ImageGrid
from app.views.view import View
from app.wording import change_words


class FiltersView(View):
    """First-layer weights of a convolution, dense or RBM block."""

    kind: ClassVar[str] = "filters"
    title: ClassVar[str] = "Filters"
    measures: ClassVar[bool] = True

    def make_chart(self) -> ImageGrid:
        return ImageGrid(self.theme)

    def draw_measured(self, arrays: Mapping[str, NDArray], step: int) -> None:
        self.chart.show_pictures(arrays["filters"], "signed", float(arrays["limit"]))
        change = change_words(float(arrays["change"])) if "change" in arrays else ""
        norm = f"Norm {float(arrays['norm']):.3g}" if "norm" in arrays else ""
        self.chart.setAccessibleDescription(" · ".join(part for part in (norm, change) if part))
