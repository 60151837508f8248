"""The view: zoom, pan, level of detail, dots, overview; it turns mouse and keys into gestures."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from engine.graph.difference import GraphChange
from engine.graph.problem import Problem
from graph_editor.canvas_look import OVERVIEW
from graph_editor.commands import CanvasCommands
from graph_editor.dot_grid import DotGrid
from graph_editor.glide import Glide, middle_of
from graph_editor.interactions.gesture import Gesture
from graph_editor.interactions.hover import WIRE_GRAB, Hover
from graph_editor.interactions.zoom import pinch, turn_wheel
from graph_editor.overview import Overview
from graph_editor.overview_picture import OverviewPicture
from graph_editor.scene import GraphScene
from graph_editor.theme import FIT_MARGIN

LEAST_ZOOM, MOST_ZOOM = 0.02, 4.0


class GraphView(QGraphicsView):
    """Shows one scene. `moved` comes after zoom, pan and resize."""

    moved = Signal()
    search_wanted = Signal(QPointF, object, bool)
    """Where in the scene, the PortRef a wire hangs on or None, whether that is an input."""
    menu_wanted = Signal(QPointF, QPoint)
    keys_menu_wanted = Signal()
    wirings_wanted = Signal()
    problem_wanted = Signal(str)
    reason = Signal(object, bool)
    enter_wanted = Signal(str)
    rename_wanted = Signal(str)
    edit_wanted = Signal(str)
    leave_wanted = Signal()
    fit_wanted = Signal()
    space_tapped = Signal()

    def __init__(self, scene: GraphScene, commands: CanvasCommands, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.graph_scene = scene
        self.commands = commands
        self.overview = Overview(scene)
        self.gesture: Gesture | None = None
        self.lingering: Gesture | None = None
        self._gesture_place: QRect | None = None
        self.pointer = QPoint()
        self._space = self._space_used = False
        self._panning: tuple[int, int] | None = None
        self._hover = Hover(self)
        self._picture = OverviewPicture(self.overview, scene, self)
        self._dots = DotGrid(self)
        self.glide = Glide(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState, False)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        # The background covers all: Qt may then scroll what is painted instead of painting it again.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The drawing of the network. Arrow keys walk along the wires, Tab adds a block.")
        self.grabGesture(Qt.GestureType.PinchGesture)
        scene.redrawn.connect(self._picture.forget)
        scene.moves.opened.connect(self.viewport().update)
        scene.moves.began.connect(self._choose_updates)
        scene.redrawn.connect(self._follow_scene)
        scene.picked.connect(self._update_overview)
        scene.entered.connect(self._picture.drop)
        scene.document.changed.connect(self._drawing_changed)

    # Zoom and pan.

    @property
    def zoom(self) -> float:
        """How many px a scene px has."""
        return float(self.transform().m11())

    def zoom_to(self, zoom: float, around: QPoint | None = None) -> None:
        """Zoom, the place `around` (the middle without one) standing still."""
        self.glide.interrupt()
        zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        if abs(zoom - 1) < 0.02:
            zoom = 1.0
        place = self.viewport().rect().center() if around is None else around
        still = self.mapToScene(place)
        self.resetTransform()
        self.scale(zoom, zoom)
        step = self.mapFromScene(still) - place
        self._show_detail()
        self.pan_by(-step.x(), -step.y())

    def zoom_softly(self, factor: float) -> None:
        """Zoom around the middle, from where a motion that goes on is going to."""
        zoom = min(max(self.glide.zoom * factor, LEAST_ZOOM), MOST_ZOOM)
        self.glide.go(zoom, self.middle())

    def pan_by(self, x: int, y: int) -> None:
        """Move what is shown by px of the screen."""
        self.glide.interrupt()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        self._panning = (0, 0)
        across.setValue(across.value() - x)
        down.setValue(down.value() - y)
        panned, self._panning = self._panning, None
        super().scrollContentsBy(*panned)
        self._update_overview()
        self.moved.emit()

    def scrollContentsBy(self, x: int, y: int) -> None:
        # Both axes in one: after the first of two scrolls what is painted counts as dirty, and all is painted again.
        if self._panning is None:
            super().scrollContentsBy(x, y)
            self._update_overview()
            self.moved.emit()
        else:
            self._panning = (self._panning[0] + x, self._panning[1] + y)

    def show_area(
        self,
        area: QRectF,
        most: float = 1.0,
        margin: int = FIT_MARGIN,
        *,
        least: float = LEAST_ZOOM,
        focus: QPointF | None = None,
        soft: bool = True,
    ) -> None:
        """Go to where `area` is in the middle, `margin` px clear, at most at zoom `most`; not `soft`: at once.

        Where it does not fit at the zoom `least`, that part of it is shown that has `focus` near the middle.
        """
        if area.isEmpty():
            self.zoom_to(1.0)
            self.centerOn(0, 0)
            return
        room = self.viewport().size()
        zoom = min(
            (room.width() - 2 * margin) / max(area.width(), 1),
            (room.height() - 2 * margin) / max(area.height(), 1),
            most,
        )
        zoom = min(max(zoom, least), MOST_ZOOM)
        shown = ((room.width() - 2 * margin) / zoom, (room.height() - 2 * margin) / zoom)
        middle = area.center() if focus is None else middle_of(area, shown, focus)
        self.glide.go(zoom, middle, soft=soft)

    def middle(self) -> QPointF:
        """What of the scene stands in the middle."""
        return self.mapToScene(self.viewport().rect().center())

    def visible_area(self) -> QRectF:
        """What of the scene is shown."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def _show_detail(self) -> None:
        self._picture.show_at(self.zoom)
        self._choose_updates()

    def _follow_scene(self) -> None:
        self._picture.follow(self.zoom)
        self._choose_updates()

    def _choose_updates(self) -> None:
        """In the overview no item is painted: what is made and moved needs none of the 2 ms that its picture takes."""
        scene, modes = self.graph_scene, QGraphicsView.ViewportUpdateMode
        alone = scene.look.detail == OVERVIEW and scene.moves.is_busy
        self.setViewportUpdateMode(modes.NoViewportUpdate if alone else modes.MinimalViewportUpdate)

    def _update_overview(self) -> None:
        # Qt paints no items there: their changes are no reason for it to paint.
        if self.graph_scene.look.detail == OVERVIEW:
            self.viewport().update()

    # What is under the pointer.

    def show_cursor(self, over_port: bool = False) -> None:
        """The pointer's usual shape, here or over a port."""
        shape = Qt.CursorShape.CrossCursor if over_port else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else shape)

    def show_reason(self, problem: Problem | None, offer: bool) -> None:
        """Say at the pointer why something is refused; with `offer` it stays and its fixes can be pressed."""
        self.linger_no_more()
        self.reason.emit(problem, offer)

    def linger_no_more(self) -> None:
        """Stop drawing the refused wire that a popup speaks of."""
        if self.lingering is not None:
            self.lingering = None
            self.viewport().update()

    def begin(self, gesture: Gesture) -> None:
        """Start a gesture; one that runs is cancelled."""
        if self.gesture is not None:
            self.gesture.cancel()
        self._hover.leave()
        self.gesture = gesture

    def paint_gesture(self) -> None:
        """Paint again where the gesture draws now, and where it drew before."""
        area = self.gesture.area() if self.gesture is not None else None
        place = self.mapFromScene(area).boundingRect().adjusted(-24, -24, 24, 24) if area is not None else None
        for rectangle in (self._gesture_place, place):
            if rectangle is not None:
                self.viewport().update(rectangle)
        self._gesture_place = place

    def cancel_gesture(self) -> bool:
        """End the gesture with nothing done; False where none runs."""
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self.show_cursor()
        self.viewport().update()
        return True

    def _drawing_changed(self, change: GraphChange) -> None:
        if self.gesture is not None and not self.gesture.outlives(change):
            self.cancel_gesture()

    # Events.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.glide.interrupt()
        self.pointer = event.position().toPoint()
        at = self.mapToScene(self.pointer)
        self.show_reason(None, offer=True)
        self.graph_scene.focus_block(None)
        button = event.button()
        from graph_editor.interactions.choose import gesture_at
        from graph_editor.interactions.pan import Pan

        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._space):
            self._space_used = True
            self.begin(Pan(self, at))
        elif button == Qt.MouseButton.LeftButton:
            gesture = gesture_at(self, at, event.modifiers())
            if gesture is not None:
                self.begin(gesture)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer = event.position().toPoint()
        at = self.mapToScene(self.pointer)
        if self.gesture is not None:
            self.gesture.move(at, event.modifiers())
            self.paint_gesture()
            self._update_overview()
        elif not event.buttons():
            self._hover.move(at)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pointer = event.position().toPoint()
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.release(self.mapToScene(self.pointer), event.modifiers())
            self.viewport().update()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)
            return
        self.cancel_gesture()
        at = self.mapToScene(event.position().toPoint())
        block = self.graph_scene.block_at(at.x(), at.y())
        if block is not None:
            if block.content.container:
                self.enter_wanted.emit(block.id)
            else:
                self.rename_wanted.emit(block.id)
        elif self.graph_scene.wire_at(at.x(), at.y(), WIRE_GRAB) is None:
            self.search_wanted.emit(at, None, False)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.keys_menu_wanted.emit()
        else:
            self.menu_wanted.emit(self.mapToScene(event.pos()), self.viewport().mapToGlobal(event.pos()))
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn_wheel(self, event)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if pinch(self, event):
            return True
        if event.type() == QEvent.Type.Leave and self.gesture is None:
            self._hover.leave()
        return bool(super().viewportEvent(event))

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            own = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Tab)
            if own or (event.key() == Qt.Key.Key_Escape and self.gesture is not None):
                event.accept()
                return True
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab:
            self.keyPressEvent(event)
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        from graph_editor.interactions.keys import press_key

        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space, self._space_used = True, False
                self.show_cursor()
            event.accept()
        elif press_key(self, event.key(), event.modifiers()):
            event.accept()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            tapped = self._space and not self._space_used
            self._space = False
            self.show_cursor()
            if tapped:
                self.space_tapped.emit()
            event.accept()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._picture.forget()
        self.moved.emit()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.graph_scene.moves.holds_picture:
            return
        if self.graph_scene.look.detail != OVERVIEW:
            super().paintEvent(event)
            return
        # Qt would ask every item for its rectangle, 20 ms for 11,000 of them; the overview needs none.
        painter = QPainter(self.viewport())
        painter.setWorldTransform(self.viewportTransform())
        area = self.mapToScene(event.rect()).boundingRect()
        self.drawBackground(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.drawForeground(painter, area)
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        area = QRectF(rect)
        painter.fillRect(area, self.graph_scene.look.canvas)
        if self.graph_scene.look.detail == OVERVIEW:
            self._picture.paint(painter)
        else:
            self._dots.paint(painter, area, self.graph_scene.look.theme.color("dots"))

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self.graph_scene.look.detail == OVERVIEW:
            self._picture.paint_picked(painter, QRectF(rect))
        if self.gesture is not None:
            self.gesture.paint(painter)
        if self.lingering is not None:
            self.lingering.paint(painter)

    def forget_paints(self) -> None:
        """Paint everything anew: the theme changed."""
        self.overview.forget()
        self._picture.forget()
