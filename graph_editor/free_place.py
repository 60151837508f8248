"""Where a new block goes: as near to where it is wanted as can be, clear of other blocks, and in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtWidgets import QWidget

from graph_editor.block_geometry import snapped
from graph_editor.block_index import BlockIndex, Rectangle
from graph_editor.theme import CANVAS_INSET, SNAP
from graph_editor.view import GraphView

BESIDE = 24
"""What a block that has to make way leaves free around it, in scene px."""
TRIES = 1200
"""In a view that is full of blocks a place is not looked for any longer: 5 ms."""

Corner = tuple[int, int]


def free_corner(index: BlockIndex, wanted: QRectF, shown: QRectF, covered: Iterable[QRectF] = ()) -> Corner:
    """The top left corner of a new block of the size of `wanted`, a multiple of 8 each way.

    There where nothing is in the way; else the nearest place inside `shown` that is `BESIDE` px clear of blocks and not
    under `covered`; in a view without room the nearest outside it, and where all is full below everything.
    """
    width, height = wanted.width(), wanted.height()
    covered = tuple(covered)
    fits = width <= shown.width() and height <= shown.height()

    def at(x: float, y: float, beside: float) -> bool:
        place = QRectF(x, y, width, height)
        if any(place.intersects(one) for one in covered):
            return False
        return index.is_free(x - beside, y - beside, x + width + beside, y + height + beside)

    x, y = snapped(wanted.x()), snapped(wanted.y())
    if fits:
        x, y = _inside(x, shown.left(), shown.right() - width), _inside(y, shown.top(), shown.bottom() - height)
    if at(x, y, 0):
        return x, y
    outside: Corner | None = None
    for across, down in _steps():
        corner = (x + across, y + down)
        if not at(*corner, BESIDE):
            continue
        if not fits or shown.contains(QRectF(*corner, width, height)):
            return corner
        outside = outside or corner
    if outside is not None:
        return outside
    bounds: Rectangle | None = index.bounds()
    return x, (snapped(bounds[3] + BESIDE) + SNAP if bounds is not None else y)


def shown_area(view: GraphView) -> QRectF:
    """What of the scene is in sight, a little inside the view's edges."""
    inset = CANVAS_INSET
    return view.mapToScene(view.viewport().rect().adjusted(inset, inset, -inset, -inset)).boundingRect()


def covered_areas(view: GraphView, panels: Iterable[QWidget]) -> list[QRectF]:
    """What of the scene lies under `panels` of the window that are shown, and a little beside them."""
    inset = CANVAS_INSET
    places = [_over(view, panel).adjusted(-inset, -inset, inset, inset) for panel in panels if panel.isVisible()]
    return [view.mapToScene(place).boundingRect() for place in places]


def _over(view: GraphView, panel: QWidget) -> QRect:
    return QRect(view.viewport().mapFromGlobal(panel.mapToGlobal(QPoint(0, 0))), panel.size())


def reveal(view: GraphView, area: QRectF, beside: QWidget | None = None) -> None:
    """Move what is shown by as little as brings `area` into sight, left of the panel `beside` where that shows."""
    shown = shown_area(view)
    if beside is not None and beside.isVisible():
        left = view.mapToScene(_over(view, beside).topLeft()).x()
        shown.setRight(max(min(shown.right(), left), shown.left()))
    across = _lacking(area.left(), area.right(), shown.left(), shown.right())
    down = _lacking(area.top(), area.bottom(), shown.top(), shown.bottom())
    if across or down:
        middle = view.middle()
        middle.setX(middle.x() + across)
        middle.setY(middle.y() + down)
        view.glide.go(view.zoom, middle)


def _inside(at: int, low: float, high: float) -> int:
    """The nearest multiple of 8 between the two; below `low` where none is."""
    if at > high:
        return int(high // SNAP) * SNAP
    return -int(-low // SNAP) * SNAP if at < low else at


def _lacking(first: float, last: float, low: float, high: float) -> float:
    if first < low or last - first > high - low:
        return first - low
    return max(last - high, 0.0)


@lru_cache(maxsize=1)
def _steps() -> tuple[Corner, ...]:
    def ring() -> Iterator[tuple[int, int]]:
        reach = 40
        for across in range(-reach, reach + 1):
            for down in range(-reach, reach + 1):
                yield across * BESIDE, down * BESIDE

    # Of places equally far the lower, then the right one: drawings grow that way.
    nearest = sorted(ring(), key=lambda step: (step[0] ** 2 + step[1] ** 2, -step[1], -step[0]))
    return tuple(nearest[1 : TRIES + 1])
