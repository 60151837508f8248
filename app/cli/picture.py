"""`render`: the drawing as a picture, painted by the canvas' own items."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.graph.problem import fault_words, refused
from engine.project.project_file import Project

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

MARGIN = 24
LONGEST_SIDE = 16_000
SMALLEST_SCALE = 0.01
"""A block is about a pixel then."""


def render_project(project: Project, output: Path, theme: str, scale: float) -> None:
    """Paint the drawing into `output` (.png at `scale` pixels a unit, or .svg). Raises Refused."""
    check_place(output, ".png", ".svg")
    if theme not in ("light", "dark"):
        raise refused("setting-range", label="Theme", value=theme, range="light or dark")
    if not 0.1 <= scale <= 8:
        raise refused("setting-range", label="Scale", value=scale, range="0.1 to 8")
    application = offscreen_application()

    from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgGenerator

    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.compile.analyse import Analyser
    from graph_editor.document import Document
    from graph_editor.scene import GraphScene
    from graph_editor.theme import load_theme

    look = load_theme(theme)
    scene = GraphScene(Document(project.graph, BLOCK_TYPES), look)
    scene.set_analysis(Analyser(BLOCK_TYPES).analyse(project.graph))
    scene.moves.finish()
    area = scene.itemsBoundingRect().marginsAdded(QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN))
    scale = min(scale, LONGEST_SIDE / max(area.width(), area.height(), 1))
    spread = f"the drawing is {area.width():,.0f}×{area.height():,.0f} units large"
    if scale < SMALLEST_SCALE:
        raise refused("picture", file=output.name, reason=spread)
    size = QSize(round(area.width() * scale), round(area.height() * scale))
    target = QRectF(0, 0, size.width(), size.height())
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if output.suffix == ".svg":
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(target)
        generator.setTitle(project.settings.title or output.stem)
        painter = QPainter(generator)
    else:
        image = QImage(size, QImage.Format.Format_RGB32)
        if image.isNull():
            raise refused("picture", file=output.name, reason=spread)
        painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.fillRect(target, look.color("canvas"))
    scene.render(painter, target, area)
    painter.end()
    if output.suffix == ".png" and not image.save(buffer, "PNG"):
        raise refused("picture", file=output.name, reason=spread)
    write_bytes(output, bytes(buffer.data().data()))
    scene.deleteLater()
    application.processEvents()


def require_qt() -> None:
    """Raises Refused `qt`, which says what to install, where Qt cannot load."""
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as fault:
        raise refused("qt", reason=fault_words(fault)) from fault


def offscreen_application() -> QApplication:
    """The Qt application, off-screen where none runs yet. Raises Refused `qt` where Qt cannot load."""
    require_qt()
    from PySide6.QtWidgets import QApplication

    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QApplication(["tensorloom"])


def check_place(output: Path, *suffixes: str) -> None:
    """Raises Refused where `output` can be no picture, by its suffix or its folder: known before any work is done."""
    if output.suffix not in suffixes:
        value = output.suffix or "without a suffix"
        raise refused("setting-range", label="Picture", value=value, range=" or ".join(suffixes))
    folder = os.path.dirname(os.path.realpath(output))
    if not os.path.isdir(folder):
        raise refused("no-folder", file=output.name, folder=str(output.parent))
    if not os.access(folder, os.W_OK):
        raise refused("save-failed", file=output.name, reason=os.strerror(errno.EACCES).lower())
    if os.path.isdir(output):
        raise refused("save-failed", file=output.name, reason="there is a folder of that name")


def write_bytes(output: Path, data: bytes) -> None:
    """The file `output`, wholly new or as it was. Raises Refused."""
    from engine.project.atomic_file import write_atomically

    def fill(stream: object) -> None:
        stream.write(data)  # type: ignore[attr-defined]

    write_atomically(output, fill)
