"""Small lines by numpy: they run where Qt's own would, lose no peak, and cover what their width says."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from app.charts.small_lines import line_shades, line_spans

COLUMNS, ROWS = 88, 28


def alphas(curve: np.ndarray) -> np.ndarray:
    """How much of each pixel is covered by values in px from the upper edge, 0 to 1."""
    low, high = line_spans(curve[np.newaxis, :, np.newaxis].astype(np.float32), COLUMNS)
    return (line_shades(low[:, 0], high[:, 0], ROWS, 1.5, QColor("white")) >> 24) / 255


def by_qt(curve: np.ndarray) -> np.ndarray:
    """The same as Qt strokes it."""
    image = QImage(COLUMNS, ROWS, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("white"), 1.5))
    x = np.linspace(0, COLUMNS, len(curve))
    painter.drawPolyline(QPolygonF([QPointF(*point) for point in zip(x.tolist(), curve.tolist(), strict=True)]))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(ROWS, COLUMNS)
    return (pixels >> 24) / 255


@pytest.mark.parametrize("steps", [2, 5, 30, 88, 300])
def test_a_gentle_line_is_as_qt_strokes_it(qapp, steps: int) -> None:
    curve = 14 + 8 * np.sin(np.linspace(0, 5, steps))
    assert np.abs(alphas(curve) - by_qt(curve))[:, 2:-2].mean() < 0.02
    assert alphas(curve).sum() == pytest.approx(by_qt(curve).sum(), rel=0.1)


def test_no_peak_is_lost_in_a_long_sequence() -> None:
    curve = np.full((1, 10_000, 1), 5.0, dtype=np.float32)
    curve[0, 4321, 0], curve[0, 9999, 0] = 9.0, -3.0
    low, high = line_spans(curve, COLUMNS)
    assert low.shape == high.shape == (1, 1, COLUMNS)
    assert high.max() == 9.0
    assert int(high[0, 0].argmax()) == 4321 * COLUMNS // 9999
    assert low[0, 0, -1] == -3.0
    assert (low[0, 0, :-1] == 5.0).all()


def test_each_line_and_channel_runs_by_itself() -> None:
    curves = np.arange(2 * 3, dtype=np.float32).reshape(2, 1, 3).repeat(4, axis=1)
    low, high = line_spans(curves, 10)
    for sample in range(2):
        for channel in range(3):
            assert (low[sample, channel] == 3 * sample + channel).all()
            assert (high[sample, channel] == 3 * sample + channel).all()


def test_one_point_is_a_level_line_and_what_is_outside_is_cut() -> None:
    covered = alphas(np.array([14.0]))
    np.testing.assert_allclose(covered.sum(axis=0), 1.5, atol=0.02)
    assert alphas(np.array([-500.0, -500.0])).sum() == 0
    assert alphas(np.array([500.0, 500.0])).sum() == 0


def test_a_colour_is_premultiplied() -> None:
    level = np.full((1, COLUMNS), 14.0, dtype=np.float32)
    shades = line_shades(level, level, ROWS, 1.0, QColor(200, 100, 50))
    half = int(shades[13, 0])
    assert half >> 24 in (127, 128)
    assert (half >> 16 & 255, half >> 8 & 255, half & 255) == (100, 50, 25)
