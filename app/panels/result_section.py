"""What the selected blocks give and cost, from the last analysis; and how their weights look now."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.inspector_context import InspectorContext
from app.panels.section import Figure, Section, Sentence
from app.wording import THIN, number_words
from engine.graph.analysis import Analysis, Cost, path_key
from graph_editor.theme import SIZE_SMALL, SPACE_16

UNKNOWN = "–"
TALLEST = 192
SEES = "The pixels or steps of the input, first to last, that one output number depends on, in an input without borders"
UNTOLD = {
    "own-code": "Your own code may look anywhere",
    "free-length": "It depends on how long the sequence is",
    "loop-in-loop": "It runs over time inside another block that does",
    "reshaped": "Its places were laid out anew across the sides of the picture",
    "too-large": "There are too many numbers to follow each of them",
    "undeclared": "Where this block looks is not known",
}
"""Why it is not told what a block sees."""


def bytes_words(count: int) -> str:
    """Bytes with an SI prefix: 40 B, 4.1 kB, 12 MB."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit * 0.9995:
            scaled = count / limit
            return f"{scaled:.1f}{THIN}{unit}" if scaled < 9.95 else f"{scaled:.0f}{THIN}{unit}"
    return f"{count}{THIN}B"


def field_words(field: tuple[int | None, ...]) -> str:
    """A receptive field: 5×5, 9 of a sequence, or `the whole input`."""
    if all(size is None for size in field):
        return "the whole input"
    return "×".join("all" if size is None else str(size) for size in field)


class ResultSection(Section):
    """Output shapes, what one number sees, parameters, multiply-adds and memory of one block; of several the sums."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Result", context.theme, parent=parent)
        self.rows.setSpacing(0)
        self._context = context
        self._outputs: dict[str, Figure] = {}
        blocks = context.blocks()
        if len(blocks) == 1 and blocks[0].type in context.types:
            ports = context.types[blocks[0].type].ports_of(blocks[0], context.document.graph.variables).outputs
            for port in ports:
                label = "Output" if len(ports) == 1 else port.label or port.id
                figure = Figure(label[:1].upper() + label[1:], UNKNOWN, context.theme, self.body)
                self._outputs[port.id] = figure
                self.add(figure)
        costless = all(
            block.type in context.types and context.types[block.type].role in ("input", "boundary") for block in blocks
        )
        self.parameters = Figure("Parameters", UNKNOWN, context.theme, self.body)
        self.multiply_adds = Figure("Multiply-adds", UNKNOWN, context.theme, self.body)
        self.activations = Figure("Activations", UNKNOWN, context.theme, self.body)
        self.training = Figure("Training memory", UNKNOWN, context.theme, self.body)
        self.training.setToolTip("What is kept of each sample until its gradients are computed")
        self._costs = (self.parameters, self.multiply_adds, self.activations, self.training)
        self.sees = Figure("Sees", UNKNOWN, context.theme, self.body)
        self.sees.hide()
        self.add(self.sees)
        for figure in self._costs:
            self.add(figure)
            figure.setVisible(not costless)
        self._sees_something = not costless and len(blocks) == 1

    def output(self, port: str) -> Figure:
        """The figure of an output's shape. Raises KeyError."""
        return self._outputs[port]

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Show what is known; None: nothing is."""
        costs: list[Cost] = []
        start = path_key((*self._context.body_path, ""))
        for block in self._context.blocks():
            key = start + block.id
            cost = analysis.costs.get(key) if analysis is not None else None
            if cost is not None:
                costs.append(cost)
            for port, figure in self._outputs.items():
                spec = analysis.specs.get(f"{key}/{port}") if analysis is not None else None
                figure.set_value(UNKNOWN if spec is None else str(spec))
                figure.setToolTip("" if spec is None else spec.dtype)
        self._show_field(analysis)
        if not costs:
            for figure in self._costs:
                figure.set_value(UNKNOWN)
            return
        self.parameters.set_value(number_words(sum(cost.parameters for cost in costs)))
        self.multiply_adds.set_value(number_words(sum(cost.multiply_adds for cost in costs)))
        held = bytes_words(sum(cost.activation_bytes for cost in costs))
        self.activations.set_value(f"{held}/sample")
        self.training.set_value(f"{bytes_words(sum(cost.training_bytes for cost in costs))}/sample")

    def _show_field(self, analysis: Analysis | None) -> None:
        blocks = self._context.blocks()
        field: tuple[int | None, ...] = ()
        why = ""
        if analysis is not None and self._sees_something and blocks:
            key = path_key((*self._context.body_path, blocks[0].id))
            field, why = analysis.receptive_fields.get(key, ()), UNTOLD.get(analysis.fields_untold.get(key, ""), "")
        self.sees.setVisible(bool(field or why))
        self.sees.set_value(field_words(field) if field else "not known" if why else UNKNOWN)
        self.sees.setToolTip(why or SEES)


class Picture(QWidget):
    """An image as wide as the panel allows, sharp pixels, at most 192 px high."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_image(self, image: QImage | None) -> None:
        """Show another image, or none."""
        self._image = image
        self.setFixedHeight(self._size().height() if image is not None else 0)
        self.update()

    def image(self) -> QImage | None:
        """What it shows."""
        return self._image

    def _size(self) -> QSize:
        assert self._image is not None
        room = QSize(max(self.width() - 2 * SPACE_16, 32), TALLEST)
        return self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)

    def resizeEvent(self, event: object) -> None:
        if self._image is not None:
            self.setFixedHeight(self._size().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter = QPainter(self)
        size = self._size()
        smooth = self._image.width() > size.width() * self.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(QRectF(SPACE_16, 0, size.width(), size.height()), self._image)
        painter.end()


class WeightsSection(Section):
    """Weights now: a picture of them and one line; hidden while there is neither."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Weights now", context.theme, ruled=False, parent=parent)
        self.picture = Picture()
        self.words = Sentence("", context.theme, "secondary", SIZE_SMALL)
        self.add(self.picture)
        self.add(self.words)
        self.show_weights(None, "")

    def show_weights(self, image: QImage | None, text: str) -> None:
        """Show a picture and a line such as `Norm 1.21 · changed 38 % since the start`."""
        self.picture.set_image(image)
        self.picture.setVisible(image is not None)
        self.words.setText(text)
        self.words.setVisible(bool(text))
        self.setVisible(image is not None or bool(text))
