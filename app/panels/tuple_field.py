"""TupleField: some numbers side by side, linked so that they stay equal."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QWidget

from app.panels.buttons import IconButton
from app.panels.entry_field import EntryField
from app.panels.fields_base import Field, Validate
from app.panels.float_field import FloatField
from app.panels.integer_field import IntegerField
from app.panels.number_field import Compute, NumberField, without_variables
from engine.graph.values import Formula
from graph_editor.theme import FIELD_WIDTH, ICON_IN_FIELD, ROW_HEIGHT, Theme

LINK_WIDTH = 24
GAP = 4


class TupleField(Field):
    """A tuple of whole numbers (or floats, with `floats`), a small field each, with a link behind the first.

    Linked, an edit of one is an edit of all. Fields begin linked when their items are equal. A single number given
    as the value stands for equal items; the value is always a tuple, whose items may be formulas, or None as a whole
    where the tuple is optional.
    """

    def __init__(
        self,
        theme: Theme,
        length: int,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        floats: bool = False,
        optional: bool = False,
        compute: Compute = without_variables,
        validate: Validate | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, validate, parent)
        assert length >= 1, "a tuple has an item"
        self._items: list[NumberField] = []
        for place in range(length):
            item: NumberField
            if floats:
                item = FloatField(theme, minimum, maximum, optional=optional, compute=compute, parent=self)
            else:
                item = IntegerField(
                    theme, minimum, maximum, optional=optional, compute=compute, steppers=False, parent=self
                )
            item.edited.connect(lambda value, place=place: self._item_edited(place, value))
            item.previewed.connect(lambda value, place=place: self._item_previewed(place, value))
            item.error_changed.connect(lambda _: self._gather_errors())
            self._items.append(item)
        self._link = IconButton(
            "ph.link", "Keep the numbers equal", theme, size=ICON_IN_FIELD, side=LINK_WIDTH, parent=self
        )
        self._link.setVisible(length > 1)
        self._link.clicked.connect(lambda: self.set_linked(not self._linked))
        self._linked = True
        self.setFocusProxy(self._items[0])

    def items(self) -> tuple[NumberField, ...]:
        """The small fields."""
        return tuple(self._items)

    def link_button(self) -> IconButton:
        """The button between the first field and the others."""
        return self._link

    def is_linked(self) -> bool:
        """Whether an edit of one item is an edit of all."""
        return self._linked

    def set_linked(self, linked: bool) -> None:
        """Link the items, which changes no value by itself, or part them."""
        self._linked = linked
        self._link.set_icon_name("ph.link" if linked else "ph.link-break")
        text = "Keep the numbers equal" if not linked else "Let the numbers differ"
        self._link.setToolTip(text)
        self._link.setAccessibleName(text)

    def forget(self) -> None:
        super().forget()
        for item in self._items:
            item.forget()
        self.set_linked(True)

    def set_value(self, value: object, silently: bool = True) -> None:
        items = self._tuple(value)
        assert len(items) == len(self._items), f"{len(self._items)} items expected, {len(items)} received"
        if silently and items != self._tuple(self._value):
            self.set_linked(len(set(items)) == 1)
        super().set_value(None if value is None else items, silently)

    def set_unit(self, unit: str) -> None:
        """What each of the numbers counts."""
        for item in self._items:
            item.set_unit(unit)

    def set_compute(self, compute: Compute) -> None:
        """Compute formulas with other project variables from now on."""
        for item in self._items:
            item.set_compute(compute)

    def set_placeholder(self, text: str) -> None:
        """What stands in the fields while they are empty: an item each of `2×2`, otherwise all of it in each."""
        words = text.split("×")
        for place, item in enumerate(self._items):
            item.set_placeholder(words[place] if len(words) == len(self._items) else text)

    def set_changed(self, changed: bool) -> None:
        super().set_changed(changed)
        for item in self._items:
            item.set_changed(changed)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._link.set_theme(theme)
        for item in self._items:
            item.set_theme(theme)

    def set_error(self, text: str | None) -> None:
        for item in self._items:
            item.blockSignals(True)
            item.set_error(text)
            item.blockSignals(False)
        super().set_error(text)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        for place, item in enumerate(self._items):
            item.setAccessibleName(f"{name} {place + 1}")

    def sizeHint(self) -> QSize:
        return QSize(FIELD_WIDTH, ROW_HEIGHT)

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        count = len(self._items)
        gaps = [0.0] + [float(LINK_WIDTH if place == 1 else GAP) for place in range(1, count)]
        width = (self.width() - sum(gaps)) / count
        left = 0.0
        for place, item in enumerate(self._items):
            left += gaps[place]
            item.setGeometry(round(left), 0, round(left + width) - round(left), self.height())
            left += width
        self._link.setGeometry(round(width), (self.height() - LINK_WIDTH) // 2, LINK_WIDTH, LINK_WIDTH)

    def _show_value(self) -> None:
        for item, value in zip(self._items, self._tuple(self._value), strict=True):
            item.set_value(value)

    def _tuple(self, value: object) -> tuple[object, ...]:
        return value if isinstance(value, tuple) else (value,) * len(self._items)

    def _with(self, place: int, value: object) -> tuple[object, ...] | None:
        """The whole after one item took a value; an optional tuple is all numbers or None."""
        for other, item in enumerate(self._items):
            if other != place and (self._linked or value is None or item.value() is None):
                item.set_value(value)
        return None if value is None else tuple(item.value() for item in self._items)

    def _item_edited(self, place: int, value: object) -> None:
        whole = self._with(place, value)
        complaint = self._complaint(whole)
        if complaint:
            self.set_error(complaint)
            return
        self.set_error(None)
        self._commit(whole)

    def _item_previewed(self, place: int, value: object) -> None:
        self._preview(self._with(place, value))

    def _gather_errors(self) -> None:
        first = next((item.error() for item in self._items if item.error()), "")
        Field.set_error(self, first or None)


class ListField(EntryField):
    """A tuple of any length in one line, its items parted by commas: 32, 64. With `texts` they stay as they are."""

    def __init__(
        self, theme: Theme, *, texts: bool = False, validate: Validate | None = None, parent: QWidget | None = None
    ) -> None:
        self._texts = texts
        super().__init__(theme, validate, parent)
        self.set_placeholder("none")

    def _text_of(self, value: object) -> str:
        items = value if isinstance(value, tuple) else () if value is None else (value,)
        return ", ".join(item.text if isinstance(item, Formula) else str(item) for item in items)

    def _show_value(self) -> None:
        super()._show_value()
        # Promises of fields are longer than the field.
        if self._texts:
            items = self._value if isinstance(self._value, tuple) else ()
            self._entry.setToolTip("\n".join(map(str, items)))

    def _read(self, text: str) -> object:
        parts = [part.strip() for part in text.split(",")]
        return tuple(part if self._texts else _number(part) for part in parts if part)


def _number(text: str) -> int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise ValueError(f"needs numbers with commas between them: “{text}” is none")
