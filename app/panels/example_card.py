"""A card of the gallery: picture, name, one line, measured figure and time; a press opens the example."""

from __future__ import annotations

from importlib.resources import files

import msgspec
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.buttons import Button
from graph_editor.theme import RADIUS_BLOCK, SEMIBOLD, SIZE_NORMAL, SIZE_SMALL, SPACE_8, SPACE_12, Theme

TEXT_HEIGHT = 61


class ExampleFacts(msgspec.Struct, frozen=True):
    """One entry of `resources/examples/gallery.json`: `figure` and `seconds` were measured by a real run.

    `picture` names files beside it: `{picture}-light.png`, `{picture}-dark.png`, drawn at 2×.
    """

    id: str
    name: str
    line: str = ""
    figure: str = ""
    seconds: float | None = None
    picture: str = ""

    @property
    def result(self) -> str:
        """`97.8 % in 3 s`."""
        if self.seconds is None:
            return self.figure
        time = f"in {max(1, round(self.seconds))} s"
        return f"{self.figure} {time}" if self.figure else time


NAMES = {
    "moons-boundary": ("Decision boundary", "Two moons, 2-D"),
    "digits-convnet": ("Convolution", "Reads handwritten digits"),
    "digits-dense": ("Dense digits", "What 64 weights see"),
    "digits-residual": ("Residual digits", "Skip connection"),
    "digits-autoencoder": ("Autoencoder", "Rebuilt from few values"),
    "digits-rbm": ("RBM", "Learns without labels"),
    "sequence-lstm": ("LSTM", "Continues a wave"),
}


def read_gallery() -> tuple[ExampleFacts, ...]:
    """The shipped examples in the gallery's order, with what was measured where that is known."""
    folder = files("resources") / "examples"
    measured: dict[str, ExampleFacts] = {}
    file = folder / "gallery.json"
    if file.is_file():
        entries = msgspec.json.decode(file.read_bytes(), type=tuple[ExampleFacts, ...])
        measured = {entry.id: entry for entry in entries}
    shipped = {entry.name.removesuffix(".loom") for entry in folder.iterdir() if entry.name.endswith(".loom")}
    known = [*measured, *(id for id in NAMES if id not in measured), *sorted(shipped - measured.keys() - NAMES.keys())]
    found = []
    for id in known:
        if id in shipped:
            name, line = NAMES.get(id, (id.replace("-", " ").capitalize(), ""))
            found.append(measured.get(id) or ExampleFacts(id=id, name=name, line=line))
    return tuple(found)


def read_references() -> tuple[ExampleFacts, ...]:
    """The published networks that come along, with their numbers of parameters."""
    file = files("resources") / "examples" / "reference" / "references.json"
    return msgspec.json.decode(file.read_bytes(), type=tuple[ExampleFacts, ...]) if file.is_file() else ()


class ExampleCard(Button):
    """Drawn at any size: the picture takes what the text leaves."""

    radius = RADIUS_BLOCK

    def __init__(self, facts: ExampleFacts, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(facts.name, theme, parent=parent)
        self.facts = facts
        self._pictures: dict[str, QImage | None] = {}
        self._scaled_for: tuple[str, QSize, float] | None = None
        self._in_card = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"{facts.name}. {facts.line} {facts.result}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(144, 173)

    def minimumSizeHint(self) -> QSize:
        return QSize(112, TEXT_HEIGHT + 48)

    def _picture(self) -> QImage | None:
        name = self._theme.name
        if name not in self._pictures:
            self._pictures[name] = None
            if self.facts.picture:
                file = files("resources") / "examples" / f"{self.facts.picture}-{name}.png"
                if file.is_file():
                    image = QImage.fromData(file.read_bytes())
                    self._pictures[name] = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        return self._pictures[name]

    def _paint_ground(self, painter: QPainter) -> None:
        theme = self._theme
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme.pen("secondary" if self.underMouse() else "line"))
        painter.setBrush(theme.brush("pressed" if self.isDown() else "block"))
        painter.drawRoundedRect(frame, self.radius, self.radius)
        top = QRectF(1, 1, self.width() - 2, self.height() - TEXT_HEIGHT - 1)
        clip = QPainterPath()
        clip.addRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), self.radius - 1, self.radius - 1)
        painter.save()
        painter.setClipPath(clip)
        painter.drawPixmap(top.topLeft(), self._scaled(top.size().toSize()))
        painter.restore()
        painter.fillRect(QRectF(1, top.bottom(), self.width() - 2, 1), theme.color("line"))

    def _scaled(self, size: QSize) -> QPixmap:
        """The picture as it stands in the card; to scale it at each paint would take 0.5 ms."""
        ratio = self.devicePixelRatioF()
        key = (self._theme.name, size, ratio)
        if key != self._scaled_for:
            pixmap = QPixmap(size * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(self._theme.color("field"))
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_picture(painter, QRectF(QPointF(0, 0), size))
            painter.end()
            self._scaled_for, self._in_card = key, pixmap
        return self._in_card

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        picture = self._picture()
        if picture is None or picture.isNull():
            self._paint_plain(painter, place)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipRect(place, Qt.ClipOperation.IntersectClip)
        wide, high = place.width() / picture.width(), place.height() / picture.height()
        # All of it is shown; beside it its edges go on, so that one that reaches them fills the place.
        scale = min(wide, high)
        width, height = picture.width() * scale, picture.height() * scale
        target = QRectF(place.center().x() - width / 2, place.center().y() - height / 2, width, height)
        last = picture.width() - 1
        left = QRectF(place.left(), target.top(), target.left() - place.left() + 1, height)
        right = QRectF(target.right() - 1, target.top(), place.right() - target.right() + 1, height)
        painter.drawImage(left, picture, QRectF(0, 0, 1, picture.height()))
        painter.drawImage(right, picture, QRectF(last, 0, 1, picture.height()))
        painter.drawImage(target, picture)

    def _paint_plain(self, painter: QPainter, place: QRectF) -> None:
        size = 32
        icon = "ph.atom" if "rbm" in self.facts.id else "ph.share-network"
        pixmap = self._theme.icon_pixmap(icon, "secondary", size, self.devicePixelRatioF())
        painter.drawPixmap(place.center() - QPointF(size / 2, size / 2), pixmap)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        theme = self._theme
        top = self.height() - TEXT_HEIGHT
        room = self.width() - 2 * SPACE_12 + SPACE_8
        lines = [(self.facts.name, theme.font(SIZE_NORMAL, SEMIBOLD), "text", 20)]
        lines += [(text, theme.font(SIZE_SMALL), "secondary", at) for text, at in self._lines()]
        for text, font, ink, at in lines:
            painter.setFont(font)
            painter.setPen(theme.color(ink))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(SPACE_12, top + at), shown)

    def _lines(self) -> list[tuple[str, int]]:
        return [(text, at) for text, at in ((self.facts.line, 38), (self.facts.result, 52)) if text]
