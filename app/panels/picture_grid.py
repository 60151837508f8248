"""Sixteen pictures of a dataset, eight in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from graph_editor.theme import SPACE_16

if TYPE_CHECKING:
    import numpy as np

COLUMNS, GAP, MOST = 8, 3, 16


class PictureGrid(QWidget):
    """Square cells with round corners; hidden while there are no pictures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: tuple[QImage, ...] = ()
        self._made: tuple[Any, tuple[QImage, ...]] = (None, ())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def images(self) -> tuple[QImage, ...]:
        """What it shows."""
        return self._images

    def set_pictures(self, array: Any) -> None:
        """Show an array message of M×H×W or M×H×W×3 in 0…1; None or another shape: nothing."""
        if array is not None and array is not self._made[0]:
            # The same pictures come again whenever the page is shown.
            self._made = array, images_of(array)
        self._images = self._made[1] if array is not None else ()
        self.setVisible(bool(self._images))
        self.setFixedHeight(self._height())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self._height())

    def sizeHint(self) -> QSize:
        return QSize(200, self._height())

    def _cell(self) -> float:
        return (self.width() - 2 * SPACE_16 - (COLUMNS - 1) * GAP) / COLUMNS

    def _height(self) -> int:
        rows = -(-len(self._images) // COLUMNS)
        return round(rows * (self._cell() + GAP)) if rows else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell = self._cell()
        for index, image in enumerate(self._images):
            row, column = divmod(index, COLUMNS)
            place = QRectF(SPACE_16 + column * (cell + GAP), row * (cell + GAP), cell, cell)
            smooth = image.width() > cell
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            clip = QPainterPath()
            clip.addRoundedRect(place, 3, 3)
            painter.setClipPath(clip)
            painter.drawImage(place, image)
        painter.end()


def images_of(array: Any) -> tuple[QImage, ...]:
    """An array message as grey or RGB images; () where it is none or holds no pictures."""
    if array is None:
        return ()
    import numpy as np

    values = np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape)[:MOST]
    if values.ndim == 3:
        values = values[..., np.newaxis]
    if values.ndim != 4 or values.shape[3] not in (1, 3):
        return ()
    bytes_ = (np.clip(np.nan_to_num(values.astype(np.float32)), 0, 1) * 255).round().astype(np.uint8)
    return tuple(_image(picture) for picture in bytes_)


def _image(picture: np.ndarray) -> QImage:
    height, width, channels = picture.shape
    data = picture.tobytes()
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    return QImage(data, width, height, width * channels, form).copy().convertToFormat(QImage.Format.Format_RGB32)
