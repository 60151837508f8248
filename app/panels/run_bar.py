"""The run bar: transport buttons, the plan's four settings, what the run says, its progress, panel toggles."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QElapsedTimer, QEvent, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QToolTip, QWidget

from app.panels.buttons import IconButton, PrimaryButton
from app.panels.fields import ChoiceField, Field, FloatField, IntegerField
from app.panels.label_look import style_label
from app.panels.run_message import MessageLine
from app.panels.run_popup import PlanButton, RunPopup
from app.run_state import RunBarView
from app.wording import device_words
from graph_editor.theme import (
    ROW_HEIGHT,
    RUN_BAR_HEIGHT,
    SIZE_NORMAL,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    Theme,
)

SLOT_WIDTH = 104
BUTTON_GAP = 2
ONE_BUTTON_BELOW = 1200
PROGRESS_HEIGHT = 2
TIP_DROP = 12  # Qt shows tips 16 px below the place given, for the pointer
SWEEP_MS, SWEEP_SHARE = 1400, 0.18
PANELS = ("palette", "views", "inspector")
PANEL_NAMES = {"palette": "Blocks", "views": "Live views", "inspector": "Inspector"}


class RunFields(msgspec.Struct, frozen=True):
    """What the bar's fields show: of the chosen stage epochs and learning rate, of the plan batch size and device."""

    epochs: int
    learning_rate: float
    batch_size: int
    device: str
    devices: tuple[str, ...] = ("cpu",)
    resolved: str = "CPU"
    stage: str = ""

    @property
    def summary(self) -> str:
        """What the one button says where the bar is narrow."""
        stage = f"{self.stage}: " if self.stage else ""
        device = self.resolved if self.device == "auto" else device_words(self.device)
        return f"{stage}{self.epochs} epochs · {self.learning_rate:g} · batch {self.batch_size} · {device}"

    @property
    def labels(self) -> dict[str, str]:
        """How people read the devices; where there is but one, "auto" reads as that one."""
        auto = self.resolved if len(self.devices) == 1 else device_words("auto")
        return {"auto": auto, **{name: device_words(name) for name in self.devices if name != "auto"}}


class RunBar(QWidget):
    """Draws a RunBarView and RunFields; every press is a signal, nothing is decided here."""

    slot_pressed = Signal(str)
    step_pressed = Signal()
    stop_pressed = Signal()
    reset_pressed = Signal()
    link_pressed = Signal(str)
    epochs_edited = Signal(object)
    learning_rate_edited = Signal(object)
    batch_size_edited = Signal(object)
    device_edited = Signal(object)
    panel_toggled = Signal(str, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view: RunBarView | None = None
        self._fields: RunFields | None = None
        self.setFixedHeight(RUN_BAR_HEIGHT)
        self._slot_reason = Qt.FocusReason.OtherFocusReason
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        self.slot = PrimaryButton("Run", theme, "ph.play-fill", parent=self)
        self.slot.setFixedWidth(SLOT_WIDTH)
        self.slot.clicked.connect(lambda: self._view and self.slot_pressed.emit(self._view.slot))
        self.step = IconButton("ph.skip-forward-fill", "Step", theme, colour="text", parent=self)
        self.stop = IconButton("ph.stop-fill", "Stop", theme, colour="text", parent=self)
        self.reset = IconButton("ph.arrow-counter-clockwise", "Reset", theme, colour="text", parent=self)
        for button, words in (
            (self.slot, "Run (Ctrl+R)\nTrain the network that is drawn."),
            (self.step, "Step (Ctrl+Shift+Right)\nOne batch, then wait."),
            (self.stop, "Stop (Ctrl+.)\nEnd at the next step; the weights are kept."),
            (self.reset, "Reset (Ctrl+Shift+R)\nFresh weights from the seed."),
        ):
            button.setToolTip(words)
        self.step.clicked.connect(self.step_pressed)
        self.stop.clicked.connect(self.stop_pressed)
        self.reset.clicked.connect(self.reset_pressed)

        self.epochs = IntegerField(theme, 1, 100_000, steppers=False, parent=self)
        self.learning_rate = FloatField(theme, 0.0, None, logarithmic=True, parent=self)
        self.batch_size = IntegerField(theme, 1, 1_000_000, steppers=False, parent=self)
        self.device = ChoiceField(theme, ("auto",), parent=self)
        self._tips: dict[Field, str] = {}
        for field in (self.epochs, self.learning_rate, self.batch_size, self.device):
            field.error_changed.connect(lambda _, field=field: self._tell_error(field))
        self._labels: list[QLabel] = []
        self._wide: list[QWidget] = []
        self.plan_button = PlanButton(theme, self)
        self.plan_button.clicked.connect(self._open_popup)
        self._popup: RunPopup | None = None
        self.epochs.edited.connect(self.epochs_edited)
        self.learning_rate.edited.connect(self.learning_rate_edited)
        self.batch_size.edited.connect(self.batch_size_edited)
        self.device.edited.connect(self.device_edited)

        self.message = MessageLine(theme, self)
        self.message.link.clicked.connect(lambda: self._view and self.link_pressed.emit(self._view.action))
        self.toggles = {name: PanelToggle(name, theme, self) for name in PANELS}
        for name, toggle in self.toggles.items():
            toggle.toggled.connect(lambda shown, name=name: self.panel_toggled.emit(name, shown))

        self._sweep = QTimer(self)
        self._sweep.setInterval(16)
        self._sweep.timeout.connect(self._repaint_progress)
        self._clock = QElapsedTimer()
        self._lay_out()
        self._widen()
        self.set_theme(theme)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_12, 0, SPACE_12, 0)
        row.setSpacing(0)
        row.addWidget(self.slot)
        row.addSpacing(SPACE_8)
        for button in (self.step, self.stop, self.reset):
            row.addWidget(button)
            row.addSpacing(BUTTON_GAP)
        row.addSpacing(6)
        row.addWidget(_Line(self))
        row.addSpacing(11)
        named = (("Epochs", self.epochs), ("Learning rate", self.learning_rate), ("Batch", self.batch_size))
        self.device.setFixedWidth(76)
        for words, field in (*named, ("Device", self.device)):
            label = QLabel(words, self)
            field.setAccessibleName(words)
            label.setContentsMargins(0, 0, SPACE_8, 0)
            row.addWidget(label)
            row.addWidget(field)
            gap = QWidget(self)
            gap.setFixedWidth(14)
            row.addWidget(gap)
            self._labels.append(label)
            self._wide += [label, field, gap]
        self.epochs_label = self._labels[0]
        row.addWidget(self.plan_button)
        row.addSpacing(SPACE_16)
        row.addWidget(self.message, 1)
        row.addSpacing(14)
        row.addWidget(_Line(self))
        row.addSpacing(11)
        for toggle in self.toggles.values():
            row.addWidget(toggle)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        for part in (self.slot, self.step, self.stop, self.reset, self.plan_button, self.message):
            part.set_theme(theme)
        for field in (self.epochs, self.learning_rate, self.batch_size, self.device, *self.toggles.values()):
            field.set_theme(theme)
        for line in self.findChildren(_Line):
            line.set_theme(theme)
        for label in self._labels:
            style_label(label, theme.font(SIZE_NORMAL), "secondary", theme)
        if self._popup is not None:
            self._popup.set_theme(theme)
        self.update()

    def show_view(self, view: RunBarView) -> None:
        """Draw where the run stands."""
        if view == self._view:
            return
        before, self._view = self._view, view
        self.slot.set_label(view.label)
        self.slot.set_icon_name(view.icon)
        self.slot.set_filled(view.filled)
        had_keyboard, ringed = self.slot.hasFocus(), self.slot.is_ringed()
        self.slot.setEnabled(view.enabled)
        if had_keyboard and not view.enabled:
            # A ring around the button after a click would say that the keyboard was used.
            self._slot_reason = Qt.FocusReason.OtherFocusReason if ringed else Qt.FocusReason.MouseFocusReason
            # Else the keyboard would go on to the Epochs field, and the next digit typed would change it.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        elif view.enabled and self.hasFocus():
            self.slot.setFocus(self._slot_reason)
        self.slot.setAccessibleName(view.label)
        for button, enabled in ((self.step, view.step), (self.stop, view.stop), (self.reset, view.reset)):
            if button.hasFocus() and not enabled:
                # Else it would go from Stop on to Reset, and a space more would throw the weights away.
                ringed = button.is_ringed()
                self._slot_reason = Qt.FocusReason.OtherFocusReason if ringed else Qt.FocusReason.MouseFocusReason
                (self.slot if view.enabled else self).setFocus(self._slot_reason)
            button.setEnabled(enabled)
        if self.message.link.hasFocus() and not view.link:
            # Else it would go on to the switch of a panel, and a space more would hide that.
            ringed = self.message.link.is_ringed()
            self._slot_reason = Qt.FocusReason.OtherFocusReason if ringed else Qt.FocusReason.MouseFocusReason
            (self.slot if view.enabled else self).setFocus(self._slot_reason)
        self.message.show_message(view.message, view.icon_before, view.link)
        if view.sweeping and not self._sweep.isActive():
            self._clock.start()
            if self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self) > 0:
                self._sweep.start()
        elif not view.sweeping:
            self._sweep.stop()
        if before is None or (before.progress, before.progress_colour) != (view.progress, view.progress_colour):
            self._repaint_progress()

    def show_fields(self, fields: RunFields) -> None:
        """Show the plan's settings; text that is being edited stays."""
        if fields == self._fields:
            return
        self._fields = fields
        for field, value in (
            (self.epochs, fields.epochs),
            (self.learning_rate, fields.learning_rate),
            (self.batch_size, fields.batch_size),
        ):
            if field.value() != value:
                field.set_value(value)
        self._widen()
        self.device.set_choices(fields.devices, fields.labels)
        self.device.set_value(fields.device)
        self.plan_button.set_label(fields.summary)
        self.epochs_label.setText(f"{fields.stage}: Epochs" if fields.stage else "Epochs")
        stage = f" of {fields.stage}" if fields.stage else ""
        self._tips = {
            self.epochs: f"Epochs{stage}\nHow often the network sees every sample.",
            self.learning_rate: f"Learning rate{stage}\nWhile training, a new one takes effect at once.",
            self.batch_size: "Batch\nHow many samples each step learns from.",
            self.device: "Device\nWhere the network trains.",
        }
        self._show_tips()
        if self._popup is not None:
            self._popup.show_fields(fields)

    def _widen(self) -> None:
        for field, least in ((self.epochs, 44), (self.learning_rate, 60), (self.batch_size, 44)):
            field.setFixedWidth(max(least, field.whole_width()))

    def _show_tips(self) -> None:
        """There is no room in the bar below a field: on hover it says what is wrong with it, else what it is."""
        for field, words in self._tips.items():
            field.setToolTip(field.error() or words)

    def _tell_error(self, field: Field) -> None:
        """What is wrong stands below the field at once, until the next click."""
        self._show_tips()
        if field.error() and field.isVisible():
            place = field.mapToGlobal(QPoint(0, field.height() - TIP_DROP))
            # After the click that took the text, which would hide it
            QTimer.singleShot(0, field, lambda: QToolTip.showText(place, field.toolTip(), field))

    def set_panel_shown(self, name: str, shown: bool) -> None:
        """Draw whether a panel is on screen."""
        toggle = self.toggles[name]
        toggle.blockSignals(True)
        toggle.setChecked(shown)
        toggle.blockSignals(False)
        toggle.update()

    def is_narrow(self) -> bool:
        """Whether the four fields are folded into one button."""
        return self.width() < ONE_BUTTON_BELOW

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.is_narrow()
        for widget in self._wide:
            widget.setVisible(not narrow)
        self.plan_button.setVisible(narrow)

    def _open_popup(self) -> None:
        if self._popup is None:
            self._popup = RunPopup(self._theme, self.window())
            self._popup.epochs.edited.connect(self.epochs_edited)
            self._popup.learning_rate.edited.connect(self.learning_rate_edited)
            self._popup.batch_size.edited.connect(self.batch_size_edited)
            self._popup.device.edited.connect(self.device_edited)
        if self._fields is not None:
            self._popup.show_fields(self._fields)
        self._popup.open_below(self.plan_button)

    def _repaint_progress(self) -> None:
        self.update(0, self.height() - PROGRESS_HEIGHT, self.width(), PROGRESS_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        painter.fillRect(self.rect(), theme.color("panel"))
        bottom = self.height()
        painter.fillRect(0, bottom - 1, self.width(), 1, theme.color("line"))
        view = self._view
        if view is not None and view.progress is not None:
            left, width = 0.0, view.progress * self.width()
            if view.sweeping:
                width = SWEEP_SHARE * self.width()
                share = (self._clock.elapsed() % SWEEP_MS) / SWEEP_MS if self._sweep.isActive() else 0.4
                left = share * (self.width() + width) - width
            place = QRectF(left, bottom - PROGRESS_HEIGHT, width, PROGRESS_HEIGHT)
            painter.fillRect(place, theme.color(view.progress_colour))
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.update()


class PanelToggle(IconButton):
    """A window with one side filled while that panel is on screen."""

    def __init__(self, panel: str, theme: Theme, parent: QWidget) -> None:
        super().__init__("ph.square", PANEL_NAMES[panel], theme, parent=parent)
        self._panel = panel
        self.setCheckable(True)
        self.setChecked(True)
        self.setToolTip(f"{PANEL_NAMES[panel]}\nShow or hide the panel.")

    def _paint_ground(self, painter: QPainter) -> None:
        self._paint_under_pointer(painter)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        ink = self._theme.color("text" if self.isChecked() else "secondary")
        frame = QRectF(round(self.width() / 2) - 7.5, round(self.height() / 2) - 6.5, 15, 13)
        painter.setPen(self._theme.pen("text" if self.isChecked() else "secondary", 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 2, 2)
        if self._panel == "views":
            side = QRectF(frame.left() + 0.5, frame.bottom() - 4.5, frame.width() - 1, 4.5)
        elif self._panel == "palette":
            side = QRectF(frame.left() + 0.5, frame.top() + 0.5, 4.5, frame.height() - 1)
        else:
            side = QRectF(frame.right() - 5, frame.top() + 0.5, 4.5, frame.height() - 1)
        if self.isChecked():
            painter.fillRect(side, ink)
        else:
            edge = side.topLeft() if self._panel != "palette" else side.topRight()
            other = side.topRight() if self._panel == "views" else side.bottomLeft()
            painter.drawLine(edge, side.bottomRight() if self._panel == "palette" else other)


class _Line(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None
        self.setFixedSize(1, ROW_HEIGHT - 8)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._theme is not None:
            painter = QPainter(self)
            painter.fillRect(self.rect(), self._theme.color("line"))
            painter.end()
