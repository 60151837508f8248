"""What makes a class of widgets abstract: Python refuses to make one that lacks what its subclasses must give."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any

from PySide6.QtCore import QObject


class AbstractWidget(ABCMeta, type(QObject)):  # type: ignore[misc]
    """The metaclass of widgets with abstract methods.

    Qt's classes make their objects without `object.__new__`, which is what looks for abstract methods elsewhere.
    """

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        if cls.__abstractmethods__:
            missing = ", ".join(sorted(cls.__abstractmethods__))
            raise TypeError(f"Can't instantiate abstract class {cls.__name__} without {missing}")
        return super().__call__(*arguments, **named)
