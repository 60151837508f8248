"""Which blocks are near a point or a rectangle: a grid of cells, so that hits and free lanes are arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

CELL = 256
_MANY_CELLS = 256
"""Beyond so many, and more than there are blocks, these are looked at instead: far blocks span millions of cells."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class BlockIndex:
    """The rectangles of the blocks of one body, by id."""

    def __init__(self) -> None:
        self._rectangles: dict[str, Rectangle] = {}
        self._cells: dict[tuple[int, int], set[str]] = {}
        self._bounds: Rectangle | None = None

    def __len__(self) -> int:
        return len(self._rectangles)

    def clear(self) -> None:
        """Forget everything."""
        self._rectangles.clear()
        self._cells.clear()
        self._bounds = None

    def put(self, id: str, rectangle: Rectangle) -> None:
        """Add a block, or move it."""
        known = self._rectangles.get(id)
        if known == rectangle:
            return
        if known is not None:
            self.remove(id)
        self._rectangles[id] = rectangle
        bounds = self._bounds
        if bounds is not None:
            (left, top, right, bottom), (west, north, east, south) = rectangle, bounds
            self._bounds = (min(left, west), min(top, north), max(right, east), max(bottom, south))
        for cell in _cells(*rectangle):
            self._cells.setdefault(cell, set()).add(id)

    def remove(self, id: str) -> None:
        """Forget a block; one that is not here is no fault."""
        rectangle = self._rectangles.pop(id, None)
        if rectangle is None:
            return
        # To look at all 5,000 again for each that moves takes 2 ms a frame.
        if self._bounds is not None and any(one == edge for one, edge in zip(rectangle, self._bounds, strict=True)):
            self._bounds = None
        for cell in _cells(*rectangle):
            members = self._cells[cell]
            members.discard(id)
            if not members:
                del self._cells[cell]

    def rectangle(self, id: str) -> Rectangle:
        """Where a block is."""
        return self._rectangles[id]

    def within(self, left: float, top: float, right: float, bottom: float) -> list[str]:
        """The ids of blocks that touch a rectangle, in the order of their ids."""
        found: set[str] = set()
        rectangles = self._rectangles
        for cell in _cells(left, top, right, bottom):
            for id in self._cells.get(cell, ()):
                one = rectangles[id]
                if one[0] <= right and one[2] >= left and one[1] <= bottom and one[3] >= top:
                    found.add(id)
        return sorted(found)

    def is_free(self, left: float, top: float, right: float, bottom: float, but: Iterable[str] = ()) -> bool:
        """Whether no block, the ones in `but` aside, touches a rectangle."""
        rectangles, cells = self._rectangles, self._cells
        columns = range(int(left // CELL), int(right // CELL) + 1)
        rows = range(int(top // CELL), int(bottom // CELL) + 1)
        if len(columns) * len(rows) > _MANY_CELLS + len(rectangles):
            return not any(
                one[0] < right and one[2] > left and one[1] < bottom and one[3] > top and id not in but
                for id, one in rectangles.items()
            )
        # Cell by cell: a large rectangle of which the first cell tells is not cut into thousands.
        for column in columns:
            for row in rows:
                for id in cells.get((column, row), ()):
                    one = rectangles[id]
                    if one[0] < right and one[2] > left and one[1] < bottom and one[3] > top and id not in but:
                        return False
        return True

    def crowd(self, x: float, y: float) -> int:
        """How many blocks touch the cell of `CELL` × `CELL` px that a point lies in, at once."""
        return len(self._cells.get((int(x // CELL), int(y // CELL)), ()))

    def bounds(self) -> Rectangle | None:
        """The smallest rectangle around all blocks, or None without any."""
        if not self._rectangles:
            return None
        if self._bounds is None:
            lefts, tops, rights, bottoms = zip(*self._rectangles.values(), strict=True)
            self._bounds = (min(lefts), min(tops), max(rights), max(bottoms))
        return self._bounds


def _cells(left: float, top: float, right: float, bottom: float) -> list[tuple[int, int]]:
    columns = range(int(left // CELL), int(right // CELL) + 1)
    rows = range(int(top // CELL), int(bottom // CELL) + 1)
    return [(column, row) for column in columns for row in rows]
