"""How the ports of a block are drawn: dots in a canvas ring, prepared by setters and painted as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from PySide6.QtCore import QPointF
from PySide6.QtGui import QBrush, QPainter, QPen

from graph_editor.block_geometry import PortPlace
from graph_editor.canvas_look import CanvasLook
from graph_editor.theme import PORT_ACCEPTS_DIAMETER, PORT_DIAMETER, PORT_HALO_DIAMETER, PORT_RING


class PortState(NamedTuple):
    """How a port is drawn; `hand` is "accepts" or "impossible" while a wire is in the hand."""

    wired: bool = False
    label: bool = False
    faulty: bool = False
    hand: str = ""


PortStates = Mapping[tuple[str, bool], PortState]
"""By port id and whether it is an input; absent ones are empty."""


class Dot(NamedTuple):
    """One port, ready to paint."""

    centre: QPointF
    ring: float
    radius: float
    pen: QPen
    brush: QBrush
    halo: bool


def dots_of(
    places: Iterable[PortPlace], states: PortStates, look: CanvasLook, *, ghost: bool, bypassed: bool
) -> tuple[Dot, ...]:
    """The dots of a block's ports: filled where wired, hollow where empty."""
    dots = []
    radius = PORT_DIAMETER / 2
    for place in places:
        state = states.get((place.id, place.is_input), PortState())
        paint = look.error if state.faulty else look.labels if state.label else look.wire
        if bypassed and not state.wired:
            paint = look.off
        centre = QPointF(place.x, place.y)
        if state.hand == "accepts":
            dots.append(Dot(centre, 0, PORT_ACCEPTS_DIAMETER / 2, look.nothing, look.accent_fill, True))
        elif state.hand == "impossible" or ghost:
            dots.append(Dot(centre, radius + PORT_RING, radius - 1, look.hollow("disabled"), look.canvas, False))
        elif state.wired or state.faulty:
            dots.append(Dot(centre, radius + PORT_RING, radius, look.nothing, paint, False))
        else:
            token = "labels" if state.label else "wire"
            dots.append(Dot(centre, radius + PORT_RING, radius - 1, look.hollow(token), look.canvas, False))
    return tuple(dots)


def paint_dots(painter: QPainter, dots: Iterable[Dot], look: CanvasLook) -> None:
    """Draw the ports."""
    for dot in dots:
        painter.setPen(look.nothing)
        if dot.halo:
            painter.setBrush(look.halo)
            painter.drawEllipse(dot.centre, PORT_HALO_DIAMETER / 2, PORT_HALO_DIAMETER / 2)
        else:
            painter.setBrush(look.canvas)
            painter.drawEllipse(dot.centre, dot.ring, dot.ring)
        painter.setPen(dot.pen)
        painter.setBrush(dot.brush)
        painter.drawEllipse(dot.centre, dot.radius, dot.radius)
