"""Whether this machine has a screen, and what to say where Qt cannot load."""

from __future__ import annotations

import os
import sys

PACKAGES = "libgl1 libegl1 libglib2.0-0 libxkbcommon0 libfontconfig1 libdbus-1-3"
WINDOW_PACKAGES = (
    "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0"
    " libxcb-shape0 libxcb-xkb1"
)


def has_display() -> bool:
    """Whether there is a screen to show a window on, or Qt is told to draw off-screen."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def is_off_screen() -> bool:
    """Whether nobody would see a window."""
    return not has_display() or os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal")


def qt_words(fault: ImportError) -> str | None:
    """One sentence where Qt itself cannot load; None for any other missing module."""
    text = str(fault)
    if ".so" not in text and "PySide6" not in text and "DLL" not in text:
        return None
    if sys.platform != "linux":
        return f"Qt cannot be loaded: {text}. Install Tensorloom again."
    return (
        f"Qt cannot be loaded ({text}): install its libraries with apt-get install {PACKAGES},"
        f" and for a window under X also {WINDOW_PACKAGES}."
    )
