"""The whole drawing in colours alone, drawn in bulk: what is shown far out, and the minimap's picture."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QLineF, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPixmap

from graph_editor.block_index import Rectangle
from graph_editor.canvas_look import CanvasLook
from graph_editor.scene import GraphScene
from graph_editor.scene_moves import USUAL
from graph_editor.theme import SIZE_SMALL

STEP = 200
"""So many blocks or wires are read or drawn between two looks at the clock: 0.5 ms."""


class Overview(QObject):
    """Rectangles by family and lines of one scene, kept until the scene says that it was redrawn: then `forgotten`."""

    forgotten = Signal()

    def __init__(self, scene: GraphScene) -> None:
        super().__init__()
        self._scene = scene
        self._stale = True
        self._rectangles: dict[str, list[QRectF]] = {}
        self._placed: dict[str, tuple[Rectangle, QRectF]] = {}
        self._lines: list[QLineF] = []
        self._names: list[tuple[QPointF, str]] = []
        scene.redrawn.connect(self.forget)

    @property
    def size(self) -> int:
        """How many blocks and wires there are."""
        return len(self._scene.blocks) + len(self._scene.wires)

    def forget(self) -> None:
        """Read the scene again before the next picture."""
        self._stale = True
        self.forgotten.emit()

    def pixmap(self, area: QRectF, scale: float, ratio: float, names: bool = True) -> QPixmap:
        """`area` of the scene as a picture with transparent ground, `scale` px for each scene px."""
        return next(pixmap for pixmap in self.steps(area, scale, ratio, names) if pixmap is not None)

    def steps(self, area: QRectF, scale: float, ratio: float, names: bool = True) -> Iterator[QPixmap | None]:
        """The same in steps of 0.5 ms, which end with the picture; it is begun anew when the scene was redrawn."""
        yield from self._read()
        look = self._scene.look
        pixmap = QPixmap(max(1, round(area.width() * scale * ratio)), max(1, round(area.height() * scale * ratio)))
        pixmap.fill(Qt.GlobalColor.transparent)
        pen = QPen(look.theme.color("wire"), 1)
        pen.setCosmetic(True)
        # A painter does not outlive its step: the view paints between.
        for first in range(0, len(self._lines), STEP):
            painter = _painter(pixmap, area, scale * ratio)
            painter.setPen(pen)
            painter.drawLines(self._lines[first : first + STEP])
            painter.end()
            yield None
        for family, rectangles in self._rectangles.items():
            for first in range(0, len(rectangles), STEP):
                painter = _painter(pixmap, area, scale * ratio)
                painter.setPen(look.nothing)
                painter.setBrush(look.family_brush(family))
                painter.drawRects(rectangles[first : first + STEP])
                painter.end()
                yield None
        if names and self._names:
            painter = QPainter(pixmap)
            self._draw_names(painter, area, scale * ratio, ratio, look)
            painter.end()
        pixmap.setDevicePixelRatio(ratio)
        yield pixmap

    def _draw_names(self, painter: QPainter, area: QRectF, scale: float, ratio: float, look: CanvasLook) -> None:
        painter.resetTransform()
        font = look.theme.font(SIZE_SMALL)
        font.setPixelSize(round(font.pixelSize() * ratio))
        painter.setFont(font)
        painter.setPen(look.secondary)
        for place, name in self._names:
            if area.contains(place):
                painter.drawText((place - area.topLeft()) * scale + QPointF(0, -3 * ratio), name)

    def _read(self) -> Iterator[None]:
        if not self._stale:
            return
        yield from self._let_go()
        found: dict[str, list[QRectF]] = {}
        names: list[tuple[QPointF, str]] = []
        lines: list[QLineF] = []
        index = self._scene.index
        for number, (id, item) in enumerate(tuple(self._scene.blocks.made.items())):
            rectangle = index.rectangle(id)
            one = self._placed.get(id)
            if one is None or one[0] != rectangle:
                left, top, right, bottom = rectangle
                one = self._placed[id] = (rectangle, QRectF(left, top, right - left, bottom - top))
            found.setdefault(item.family, []).append(one[1])
            if item.content.container:
                names.append((one[1].topLeft(), item.content.name))
            if number % STEP == STEP - 1:
                yield
        for number, id in enumerate(tuple(self._scene.blocks.left)):
            self._read_left(id, found)
            if number % STEP == STEP - 1:
                yield
        for number, wire in enumerate(tuple(self._scene.wires.made.values())):
            lines.extend(wire.far_lines)
            if number % STEP == STEP - 1:
                yield
        self._rectangles, self._names, self._lines = found, names, lines
        self._stale = False

    def _let_go(self) -> Iterator[None]:
        """Drop what is read anew, some at a time: 10,000 of Qt's rectangles and lines at once take 15 ms.

        Rectangles of blocks that are still here are kept; after most edits nearly all stay where they were.
        """
        # Nobody draws these: the two pictures that may be read at the same time both begin with reading.
        rectangles, lines = list(self._rectangles.values()), self._lines
        self._rectangles, self._lines = {}, []
        for some in rectangles:
            while some:
                del some[-STEP:]
                yield
        while lines:
            del lines[-STEP:]
            yield
        made = self._scene.blocks.made
        for number, id in enumerate([id for id in self._placed if id not in made]):
            self._placed.pop(id, None)
            if number % STEP == STEP - 1:
                yield

    def _read_left(self, id: str, found: dict[str, list[QRectF]]) -> None:
        """A block whose item is still to be made, as large as blocks usually are."""
        look, type = self._scene.body.blocks[id].look, self._scene.document.types.get(self._scene.body.blocks[id].type)
        family = type.family if type is not None else "merge"
        found.setdefault(family, []).append(QRectF(look.x, look.y, *USUAL))


def _painter(pixmap: QPixmap, area: QRectF, scale: float) -> QPainter:
    painter = QPainter(pixmap)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    return painter
