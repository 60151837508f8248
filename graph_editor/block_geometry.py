"""Where the parts of a block stand, from its texts and ports; in scene px, the block's top left corner at 0, 0."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainterPath

from graph_editor.theme import (
    BLOCK_HEIGHT,
    BLOCK_MAX_WIDTH,
    BLOCK_MIN_WIDTH,
    BLOCK_NAME_AT,
    BLOCK_PREVIEW_MIN,
    BLOCK_STRIP,
    PORT_FIRST,
    PORT_HEADER,
    PORT_ROW,
    PORT_UNNAMED_GAP,
    RADIUS_BLOCK,
    SNAP,
)

PADDING_RIGHT = 18
STRIP_MIN_WIDTH = 136
CONTAINER_MIN_WIDTH = 168
PORT_LABEL_AT = 12
PREVIEW_LEFT, PREVIEW_RIGHT, PREVIEW_BOTTOM = 16, 12, 12
LOSS_STRIP, CONTAINER_STRIP = 52, 56
EXPAND_ICON = 12


class PortContent(NamedTuple):
    """A port as the block shows it; without a label it is a dot alone."""

    id: str
    label: str


class BlockContent(NamedTuple):
    """What decides a block's size. `strip` is the height of what is drawn below the texts."""

    name: str
    second: str
    inputs: tuple[PortContent, ...] = ()
    outputs: tuple[PortContent, ...] = ()
    strip: int = 0
    container: bool = False


class PortPlace(NamedTuple):
    """Where a port's dot stands; `label` is empty where none is drawn."""

    id: str
    label: str
    x: float
    y: float
    is_input: bool


class BlockGeometry(NamedTuple):
    """A block measured. Texts are already cut to fit; `preview` is empty without a strip."""

    width: int
    height: int
    name: str
    second: str
    name_width: float
    ports: tuple[PortPlace, ...]
    preview: QRectF

    def port(self, id: str, is_input: bool) -> PortPlace | None:
        """The place of a port."""
        return next((place for place in self.ports if place.is_input == is_input and place.id == id), None)


def snapped(coordinate: float) -> int:
    """The nearest multiple of 8."""
    return round(coordinate / SNAP) * SNAP


def measure(content: BlockContent, name_font: QFontMetricsF, second_font: QFontMetricsF) -> BlockGeometry:
    """The geometry of a block with `content`; ports stand at multiples of 8 below the top."""
    text = max(name_font.horizontalAdvance(content.name), second_font.horizontalAdvance(content.second))
    wanted = BLOCK_NAME_AT + text + PADDING_RIGHT + (EXPAND_ICON + 8 if content.container else 0)
    sides = [content.inputs if _named(content.inputs) else (), content.outputs if _named(content.outputs) else ()]
    labels = [max((second_font.horizontalAdvance(port.label) for port in side), default=0.0) for side in sides]
    wanted = max(wanted, sum(labels) + 2 * PORT_LABEL_AT + (16 if all(labels) else 0))
    least = CONTAINER_MIN_WIDTH if content.container else STRIP_MIN_WIDTH if content.strip else BLOCK_MIN_WIDTH
    width = min(max(math.ceil(wanted / SNAP) * SNAP, least), BLOCK_MAX_WIDTH)
    room = width - BLOCK_NAME_AT - 10 - (EXPAND_ICON + 4 if content.container else 0)
    name = name_font.elidedText(content.name, Qt.TextElideMode.ElideRight, room)
    height = BLOCK_HEIGHT
    ports: list[PortPlace] = []
    for side, is_input in ((content.inputs, True), (content.outputs, False)):
        named = _named(side)
        x = 0.0 if is_input else float(width)
        rows = _rows(side, named)
        ports.extend(
            PortPlace(port.id, port.label if named else "", x, float(row), is_input)
            for port, row in zip(side, rows, strict=True)
        )
        if side:
            height = max(height, rows[-1] + (16 if len(side) > 1 else 24))
    height = math.ceil(height / SNAP) * SNAP
    preview = QRectF()
    if content.strip:
        height += content.strip
        top = height - content.strip
        preview = QRectF(PREVIEW_LEFT, top, width - PREVIEW_LEFT - PREVIEW_RIGHT, content.strip - PREVIEW_BOTTOM)
    return BlockGeometry(
        width=width,
        height=height,
        name=name,
        second=second_font.elidedText(content.second, Qt.TextElideMode.ElideRight, room),
        name_width=name_font.horizontalAdvance(name),
        ports=tuple(ports),
        preview=preview,
    )


def _named(ports: tuple[PortContent, ...]) -> bool:
    return len(ports) > 1 and any(port.label for port in ports)


def _rows(side: tuple[PortContent, ...], named: bool) -> list[int]:
    """How far below the top the ports of a side stand: a first one without a name beside its named ones
    (an input and its optional mask) stays where single ports are, so that chains run straight."""
    if not named:
        return [PORT_FIRST + number * PORT_UNNAMED_GAP for number in range(len(side))]
    alone = not side[0].label
    rows = [PORT_HEADER + PORT_ROW // 2 + number * PORT_ROW for number in range(len(side) - alone)]
    return [PORT_FIRST, *rows] if alone else rows


def strip_height(loss: bool, container: bool, preview: bool) -> int:
    """How much a strip below the text adds."""
    if loss:
        return LOSS_STRIP
    if container:
        return CONTAINER_STRIP
    return BLOCK_PREVIEW_MIN if preview else 0


@lru_cache(maxsize=1024)
def body_path(width: int, height: int) -> QPainterPath:
    """The outline of a block; shared."""
    path = QPainterPath()
    path.addRoundedRect(0, 0, width, height, RADIUS_BLOCK, RADIUS_BLOCK)
    return path


@lru_cache(maxsize=1024)
def shadow_path(width: int, height: int, below: int) -> QPainterPath:
    """What of a block's shadow is seen `below` px under it: filling only that costs a tenth; shared."""
    body = body_path(width, height)
    return body.translated(0, below).subtracted(body)


@lru_cache(maxsize=256)
def strip_path(height: int) -> QPainterPath:
    """The 4-px family strip at a block's left edge, round where the block is; shared."""
    strip = QPainterPath()
    strip.addRect(0, 0, BLOCK_STRIP, height)
    return body_path(BLOCK_MIN_WIDTH, height).intersected(strip)
