"""Trains every example and draws its card for the gallery: `python -m resources.make_gallery`.

Writes `gallery.json` with what the runs reached, and a picture of each for both themes, beside the examples.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
import numpy as np
import torch
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication

from app.charts.pictures import largest, picture
from app.panels.example_card import NAMES, ExampleFacts
from engine.blocks.catalogue import BLOCK_TYPES
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.project.examples import read_example
from engine.training.events import Failed, Finished
from engine.training.loop import train
from engine.training.plan import TrainingRequest
from engine.training.session import Session, open_session
from graph_editor.theme import Theme, load_theme

FOLDER = Path(__file__).parent / "examples"
WIDTH, HEIGHT, RATIO = 144, 128, 2
ORDER = (
    "moons-boundary",
    "digits-dense",
    "digits-residual",
    "digits-autoencoder",
    "digits-rbm",
    "sequence-lstm",
    "digits-convnet",
)

Arrays = Mapping[str, np.ndarray]
Draw = Callable[[QPainter, Theme, Session], None]


class Undisturbed:
    """A control that says nothing."""

    def take(self) -> tuple[()]:
        """Nothing."""
        return ()

    def wait(self) -> tuple[()]:
        """Nothing."""
        return ()


def trained(id: str) -> tuple[Session, Finished]:
    """The example after its own plan, seed 0, on the CPU."""
    project = read_example(id)
    plan = msgspec.structs.replace(project.settings.plan, device="cpu")
    request = TrainingRequest(run=id, graph=project.graph, plan=plan, datasets=project.settings.datasets)
    session = open_session(request, BLOCK_TYPES)
    for event in train(request, Undisturbed(), session):
        if isinstance(event, Failed):
            raise SystemExit(event.problem.sentence)
    assert isinstance(event, Finished)
    return session, event


def asked(session: Session, kind: str, block: str) -> Arrays:
    """One measurement."""
    return measure(session, Ask(id=f"gallery-{kind}", kind=kind, block=block))  # type: ignore[arg-type]


def tiles(painter: QPainter, images: list[QImage], columns: int, rows: int, size: float, gap: float) -> None:
    """Pictures in a centred grid, each pixel sharp."""
    left = (WIDTH - columns * size - (columns - 1) * gap) / 2
    top = (HEIGHT - rows * size - (rows - 1) * gap) / 2
    for index, image in enumerate(images[: columns * rows]):
        x = left + (index % columns) * (size + gap)
        y = top + (index // columns) * (size + gap)
        painter.drawImage(QRectF(x, y, size, size), image)


def weights(block: str) -> Draw:
    """Weight pictures in the signed map, strongest first."""

    def draw(painter: QPainter, theme: Theme, session: Session) -> None:
        filters = asked(session, "filters", block)["filters"]
        strongest = np.argsort(-np.square(filters).sum(axis=(1, 2)), kind="stable")
        limit = float(np.quantile(np.abs(filters), 0.98)) or largest(filters)
        tiles(painter, [picture(filters[index], "signed", theme, limit) for index in strongest[:15]], 5, 3, 22, 5)

    return draw


def boundary(painter: QPainter, theme: Theme, session: Session) -> None:
    """The probability field and the points of both classes."""
    found = asked(session, "boundary", "loss")
    first, second, paper = (
        np.array(colour.getRgb()[:3]) for colour in (theme.class_color(0), theme.class_color(1), theme.color("block"))
    )
    share = found["grid"][::-1, :, None]
    colours = np.where(share < 0.5, first, second)
    sure = np.abs(share - 0.5) * 2
    pixels = np.ascontiguousarray(paper + (colours - paper) * (0.15 + 0.45 * sure)).astype(np.uint8)
    image = QImage(pixels.tobytes(), pixels.shape[1], pixels.shape[0], 3 * pixels.shape[1], QImage.Format.Format_RGB888)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, WIDTH, HEIGHT), image)
    x0, x1, y0, y1 = found["extent"]
    painter.setPen(QPen(theme.color("block"), 0.8))
    for (x, y), label in list(zip(found["points"], found["labels"], strict=True))[:160]:
        painter.setBrush(theme.class_color(int(label)))
        at = QPointF((x - x0) / (x1 - x0) * WIDTH, HEIGHT - (y - y0) / (y1 - y0) * HEIGHT)
        painter.drawEllipse(at, 2.2, 2.2)


def rebuilt(painter: QPainter, theme: Theme, session: Session) -> None:
    """Four digits, and what comes back from eight numbers."""
    found = asked(session, "predictions", "loss")
    size, gap = 28.0, 6.0
    left = (WIDTH - 4 * size - 3 * gap) / 2
    painter.setPen(QPen(theme.color("secondary"), 1.2))
    for index in range(4):
        x = left + index * (size + gap)
        painter.drawImage(QRectF(x, 22, size, size), picture(found["pictures"][index], "grey", theme))
        painter.drawImage(QRectF(x, 78, size, size), picture(found["rebuilt"][index].clip(0, 1), "grey", theme))
        middle = x + size / 2
        painter.drawPolyline([QPointF(middle - 4, 62), QPointF(middle, 66), QPointF(middle + 4, 62)])


def skip(painter: QPainter, theme: Theme, session: Session) -> None:
    """A residual block: the body, the skip above it, and the sum."""
    y = 74.0
    painter.setPen(QPen(theme.color("wire"), 2))
    painter.drawLine(QPointF(0, y), QPointF(WIDTH, y))
    arc = QPainterPath(QPointF(14, y))
    arc.lineTo(14, 48)
    arc.quadTo(14, 40, 22, 40)
    arc.lineTo(112, 40)
    arc.quadTo(120, 40, 120, 48)
    arc.lineTo(120, y)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(arc)
    painter.setPen(Qt.PenStyle.NoPen)
    for x, family in ((24, "convolution"), (54, "activation"), (84, "convolution")):
        painter.setBrush(theme.family_color(family))
        painter.drawRoundedRect(QRectF(x, y - 11, 22, 22), 3, 3)
    painter.setPen(QPen(theme.color("wire"), 2))
    painter.setBrush(theme.color("block"))
    painter.drawEllipse(QPointF(120, y), 9, 9)
    painter.drawLine(QPointF(116, y), QPointF(124, y))
    painter.drawLine(QPointF(120, y - 4), QPointF(120, y + 4))


def wave(painter: QPainter, theme: Theme, session: Session) -> None:
    """A wave of the test part and the network's own continuation, each step fed back."""
    given = session.gather(("input/sequence",), "test", 0, 8)[0]
    window = given[int(given.std(dim=1).flatten().argmax())][None]
    cut = session.network.slice(("dense/output",))
    session.network.root.eval()
    values = window.flatten().tolist()
    length = len(values)
    with torch.no_grad():
        for _ in range(length // 2):
            (following,) = cut.module(window)
            values.append(float(following))
            window = torch.cat((window[:, 1:], following.reshape(1, 1, 1)), dim=1)
    largest_value = max(map(abs, values)) or 1.0
    points = [
        QPointF(8 + index * (WIDTH - 16) / (len(values) - 1), HEIGHT / 2 - value / largest_value * 36)
        for index, value in enumerate(values)
    ]
    border = points[length - 1].x()
    painter.fillRect(QRectF(border, 0, WIDTH - border, HEIGHT), theme.color("pressed"))
    for part, colour in ((points[:length], theme.class_color(0)), (points[length - 1 :], theme.class_color(1))):
        painter.setPen(
            QPen(QColor(colour), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.drawPolyline(part)


def clusters(painter: QPainter, theme: Theme, session: Session) -> None:
    """The latent space by class."""
    found = asked(session, "latent", "flatten")
    low, high = found["points"].min(axis=0), found["points"].max(axis=0)
    painter.setPen(Qt.PenStyle.NoPen)
    for (x, y), label in zip((found["points"] - low) / (high - low), found["labels"], strict=True):
        painter.setBrush(theme.class_color(int(label)))
        painter.drawEllipse(QPointF(10 + x * (WIDTH - 20), 10 + (1 - y) * (HEIGHT - 20)), 2, 2)


DRAWINGS: dict[str, Draw] = {
    "moons-boundary": boundary,
    "digits-dense": weights("hidden"),
    "digits-residual": skip,
    "digits-autoencoder": rebuilt,
    "digits-rbm": weights("rbm"),
    "sequence-lstm": wave,
    "digits-convnet": clusters,
}


def figure(test: Mapping[str, float]) -> str:
    """What the card says: `97.8 %`, `error 0.014`."""
    if "accuracy" in test:
        return f"{100 * test['accuracy']:.0f} %"
    if "reconstruction_error" in test:
        return f"error {test['reconstruction_error']:.2g}"
    return f"error {test['loss']:.1g}"


def main() -> None:
    """Make the gallery."""
    application = QApplication([])
    entries: list[dict[str, Any]] = []
    for id in ORDER:
        session, end = trained(id)
        name, line = NAMES[id]
        facts = ExampleFacts(
            id=id, name=name, line=line, figure=figure(end.test), seconds=round(end.seconds, 1), picture=id
        )
        entries.append(msgspec.to_builtins(facts))
        for theme in (load_theme("light"), load_theme("dark")):
            image = QImage(WIDTH * RATIO, HEIGHT * RATIO, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(RATIO)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            DRAWINGS[id](painter, theme, session)
            painter.end()
            image.save(str(FOLDER / f"{id}-{theme.name}.png"))
    (FOLDER / "gallery.json").write_bytes(msgspec.json.format(msgspec.json.encode(entries), indent=1))
    del application


if __name__ == "__main__":
    main()
