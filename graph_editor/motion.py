"""Whether things may move by themselves, and how they do."""

from __future__ import annotations

import os

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyle

DURATION_MS = 120
EASING = QEasingCurve.Type.OutCubic
MOTION = "tensorloom_motion"
"""A property of the application that decides: True or False. Absent, the system does."""
REDUCED = "TENSORLOOM_REDUCED_MOTION"
"""An environment variable; anything but nothing and 0 holds everything still."""
_NOBODY_LOOKS = ("offscreen", "minimal")


def is_wanted() -> bool:
    """False where the system, the style, the environment or nobody's looking asks that things hold still."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return False
    said = application.property(MOTION)
    if said is not None:
        return bool(said)
    if os.environ.get(REDUCED, "0") not in ("", "0") or QGuiApplication.platformName() in _NOBODY_LOOKS:
        return False
    hints = QGuiApplication.styleHints()
    # Qt tells it from 6.12 on; before, only as how long widgets may be animated.
    accessibility = getattr(hints, "accessibility", None)
    preference = getattr(accessibility(), "motionPreference", None) if accessibility is not None else None
    if preference is not None and "reduce" in str(preference()).lower():
        return False
    return bool(application.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0)


class Motion(QVariantAnimation):
    """A way that slows down towards its end; `valueChanged(float)` tells from 0 to 1 how much of it is behind."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setDuration(DURATION_MS)
        self.setEasingCurve(EASING)
        self.setStartValue(0.0)
        self.setEndValue(1.0)

    @property
    def is_running(self) -> bool:
        """Whether it is on its way."""
        return bool(self.state() == QVariantAnimation.State.Running)
