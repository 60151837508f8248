"""Zooming and panning by the wheel, by two fingers and by pinching."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture

if TYPE_CHECKING:
    from graph_editor.view import GraphView

WHEEL_STEP = 1.0015


def turn_wheel(view: GraphView, event: QWheelEvent) -> None:
    """The wheel zooms around the pointer; two fingers pan, with Ctrl they zoom; with Shift the wheel pans sideways."""
    pixels, angle, modifiers = event.pixelDelta(), event.angleDelta(), event.modifiers()
    fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not pixels.isNull()
    if fingers and not modifiers & Qt.KeyboardModifier.ControlModifier:
        view.pan_by(pixels.x(), pixels.y())
    elif modifiers & Qt.KeyboardModifier.ShiftModifier:
        view.pan_by((angle.x() or angle.y()) // 2, 0)
    else:
        view.zoom_to(view.zoom * WHEEL_STEP ** angle.y(), event.position().toPoint())


def pinch(view: GraphView, event: QEvent) -> bool:
    """Zoom by a pinch on a trackpad or a touch screen; False for any other event."""
    if isinstance(event, QNativeGestureEvent):
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        view.zoom_to(view.zoom * (1 + event.value()), event.position().toPoint())
        return True
    if isinstance(event, QGestureEvent):
        gesture = event.gesture(Qt.GestureType.PinchGesture)
        if isinstance(gesture, QPinchGesture):
            place = view.viewport().mapFromGlobal(gesture.centerPoint().toPoint())
            view.zoom_to(view.zoom * gesture.scaleFactor(), place)
            return True
    return False
