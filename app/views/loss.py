"""Loss over epochs: train solid, validation dashed, raw steps behind, the run before faint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.charts.line_chart import Curve, LineChart, Mark
from app.charts.ticks import short_number
from app.views.history import RunHistory
from app.views.view import View

TRAIN, VALIDATION = 0, 1


class LossView(View):
    """The loss that training lowers; of one loss block where the view names it and there are several."""

    kind: ClassVar[str] = "loss"
    title: ClassVar[str] = "Loss"

    def make_chart(self) -> LineChart:
        return LineChart(self.theme)

    def describe(self) -> str:
        return self._told or self.block_name[:1].lower() + self.block_name[1:]

    def draw_history(self, history: RunHistory, previous: RunHistory | None) -> bool:
        name = self._metric(history)
        self._told = "reconstruction error" if name == "reconstruction_error" else ""
        self.set_subtitle(self.describe())
        curves = list(run_curves(previous, name, faint=True)) if previous is not None else []
        if previous is not None and curves and curves[0].name == "train":
            curves[0] = in_the_middle(curves[0], previous, previous.first_step_of(name))
        own = list(run_curves(history, name))
        total = name in ("loss", "reconstruction_error")
        steps = history.losses if total else None
        if own and total and own[0].name == "train":
            own[0] = in_the_middle(own[0], history, history.first_step_of(name))
        self.chart.show_lines(
            [*curves, *own],
            steps,
            history.axis(),
            marks_of(history),
            history.x_end(),
            history.first_step_of(name),
        )
        self.chart.setAccessibleDescription(", ".join(f"{c.name} {self.chart.value_text(c.y[-1])}" for c in own))
        return bool(own) or (steps is not None and len(steps) > 1)

    def _metric(self, history: RunHistory) -> str:
        known = history.metrics()
        if self.block_name and f"loss.{self.block_name}" in known:
            return f"loss.{self.block_name}"
        return "reconstruction_error" if "loss" not in known and "reconstruction_error" in known else "loss"


def run_curves(history: RunHistory, name: str, faint: bool = False) -> list[Curve]:
    """Train and validation curves of one metric; those without a point are left out."""
    curves = []
    for part, color in (("train", TRAIN), ("validation", VALIDATION)):
        x, y = history.curve(part, name)
        if len(x):
            curves.append(Curve(part, x, y, color, dashed=color == VALIDATION, faint=faint))
    return curves


def in_the_middle(curve: Curve, history: RunHistory, begins: int = 0) -> Curve:
    """The train curve where the steps say it belongs: a mean over an epoch's steps stands in the epoch's middle.

    Of the first epoch, in which a loss falls most, it is drawn how.
    """
    losses, axis = history.losses.array(), history.axis()
    first, last = round(axis.step_at(curve.x[-1] - 1)), round(axis.step_at(curve.x[-1]))
    steps = _finite(losses[max(first, 0) : last])
    if not len(steps) or len(losses) < last or not np.isfinite(losses[0]):
        return curve
    is_mean = abs(float(steps.mean()) - curve.y[-1]) <= 0.02 * abs(curve.y[-1]) + 1e-9
    shift = -0.5 if is_mean else 0.0
    if begins:
        return curve._replace(shift=shift)
    fallen = _falling(losses[: round(axis.step_at(curve.x[0]))]) if is_mean else ()
    lead = tuple((float(axis.epochs_at(at)), mean) for at, mean in fallen)
    if len(lead) < 2:
        lead = ((0.0, float(losses[0])), (float(curve.x[0]) + shift, float(curve.y[0])))
    return curve._replace(shift=shift, lead=lead)


def _falling(losses: NDArray) -> Iterator[tuple[float, float]]:
    """The first of the losses at 0, then the means of parts that double, each in its part's middle."""
    yield 0.0, float(losses[0])
    begin, end = 1, 3
    while begin < len(losses):
        if 2 * end > len(losses):
            end = len(losses)
        part = _finite(losses[begin:end])
        if len(part):
            yield (begin + end) / 2, float(part.mean())
        begin, end = end, 2 * end


def _finite(losses: NDArray) -> NDArray:
    return losses[np.isfinite(losses)]


def marks_of(history: RunHistory) -> list[Mark]:
    """Where settings changed and stages began, in epochs."""
    # Of what was set several times before a step was made, the last was in effect.
    effective = {(mark.step, mark.name): mark for mark in history.marks}.values()
    marks = [Mark(history.x_of(mark.step), mark_words(mark.name, mark.value)) for mark in effective]
    stages = [Mark(history.x_of(step), f"stage {index}") for index, step in enumerate(history.stage_starts(), start=2)]
    return sorted([*marks, *stages])


def mark_words(name: str, value: float) -> str:
    """A change of a setting in words: `learning rate 0.0003`."""
    return f"{name.replace('_', ' ')} {value:g}" if abs(value) < 1e4 else f"{name} {short_number(value)}"
