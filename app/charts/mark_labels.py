"""Where the words of marks stand beside their lines: none upon another, as few as can be upon other marks' lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF

from app.charts.look import SPACE_4, SPACE_8

MOST_ROWS = 3
ON_CURVE = 4


def mark_labels(
    lines: Sequence[float],
    widths: Sequence[float],
    plot: QRectF,
    height: float,
    from_top: bool,
    taken: Sequence[QRectF] = (),
    curves: Callable[[QRectF], int] = lambda place: 0,
) -> list[QRectF | None]:
    """A place for the words of each mark, in px; None where there is no room: hovering tells them.

    `lines` are the x of the marks in order, `widths` those of their words; rows of `height` begin at the top of the
    plot or at its foot. The newest stands at the right of its line; an older one goes to the left or to the next row
    where that is taken. `curves` says how many curves run through a place: lines of marks are the lesser evil.
    """
    found: list[QRectF | None] = [None] * len(lines)
    used = list(taken)
    for index in range(len(lines) - 1, -1, -1):
        free = []
        for row in range(MOST_ROWS):
            top = plot.top() + row * height if from_top else plot.bottom() - (row + 1) * height
            for left in (lines[index] + SPACE_4, lines[index] - SPACE_4 - widths[index]):
                place = QRectF(left, top, widths[index], height)
                inside = place.left() >= plot.left() and place.right() <= plot.right()
                apart = place.adjusted(-SPACE_8, 0.5, SPACE_8, -0.5)
                if inside and not any(apart.intersects(other) for other in used):
                    crossed = sum(place.left() - 1 < x < place.right() + 1 for x in lines)
                    free.append((crossed + ON_CURVE * curves(place), len(free), place))
        if free:
            _, _, place = min(free, key=lambda option: option[:2])
            found[index] = place
            used.append(place)
    return found
