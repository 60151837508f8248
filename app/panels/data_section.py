"""The dataset: which one, how it looks, how it is split, and how it comes onto this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.panels.buttons import PlainButton
from app.panels.fields import BooleanField, ChoiceField, FieldRow
from app.panels.inspector_context import InspectorContext
from app.panels.picture_grid import PictureGrid
from app.panels.section import Figure, Section, Sentence
from app.wording import number_words
from graph_editor.theme import SIZE_SMALL, SPACE_4, SPACE_8, SPACE_16, Theme

FOLDER = "folder of IDX files"
IN_FOLDER = "\n"
BAR = 4
LONGEST_NAME = 20


class ProgressLine(QWidget):
    """A line that fills from the left; unknown progress fills none of it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Download")

    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self._share

    def set_share(self, share: float) -> None:
        """Fill to a share of 0 to 1."""
        self._share = min(max(share, 0.0), 1.0)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, BAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.brush("pressed"))
        painter.drawRoundedRect(QRectF(self.rect()), BAR / 2, BAR / 2)
        painter.setBrush(self._theme.brush("accent"))
        painter.drawRoundedRect(QRectF(0, 0, self.width() * self._share, self.height()), BAR / 2, BAR / 2)
        painter.end()


def short_name(folder: str) -> str:
    """The last part of a path, its end left out where it is long."""
    name = Path(folder).name
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


class DownloadArea(QWidget):
    """Download, a folder that is known to hold it, its progress with Cancel, or the sentence that says why not."""

    wanted = Signal()
    cancelled = Signal()
    known_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = Sentence("", theme, "secondary", SIZE_SMALL)
        self.button = PlainButton("Download", theme, "ph.download-simple")
        self.cancel = PlainButton("Cancel", theme)
        self.known = PlainButton("Use its folder", theme, "ph.folder-open")
        self._folder = ""
        # Who takes the keyboard from a button that hides.
        self.home: QWidget | None = None
        self.line = ProgressLine(theme)
        self.button.clicked.connect(self.wanted)
        self.cancel.clicked.connect(self.cancelled)
        self.known.clicked.connect(lambda: self.known_wanted.emit(self._folder))
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_16, SPACE_4, SPACE_16, 0)
        row.setSpacing(SPACE_8)
        row.addWidget(self.button)
        row.addWidget(self.line, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_4)
        layout.addWidget(self.sentence)
        folders = QHBoxLayout()
        folders.setContentsMargins(SPACE_16, SPACE_4, SPACE_16, 0)
        folders.addWidget(self.known)
        layout.addLayout(folders)
        layout.addLayout(row)
        self.show_state("", offer=False)

    def _send_home(self, button: PlainButton) -> None:
        ringed = Qt.FocusReason.OtherFocusReason if button.is_ringed() else Qt.FocusReason.MouseFocusReason
        if self.home is not None:
            self.home.setFocus(ringed)

    def show_state(self, sentence: str, *, offer: bool, share: float | None = None, folder: str = "") -> None:
        """Say `sentence`; offer Download and the known `folder`, or show progress where a share of 0 to 1 is given."""
        self._folder = folder
        if self.known.hasFocus() and not folder:
            self._send_home(self.known)
        self.known.setVisible(bool(folder))
        self.known.set_label(f"Use folder {short_name(folder)}")
        self.known.setToolTip(f"Reads it from where it was read before.\n{folder}")
        running = share is not None
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        goes, comes = (self.button, self.cancel) if running else (self.cancel, self.button)
        comes.setVisible(running or offer)
        if goes.hasFocus() and comes.isVisible():
            # Else the keyboard, and a ring with it, would go on to the next section.
            ringed = Qt.FocusReason.OtherFocusReason if goes.is_ringed() else Qt.FocusReason.MouseFocusReason
            comes.setFocus(ringed)
        elif goes.hasFocus():
            self._send_home(goes)
        goes.hide()
        self.line.setVisible(running)
        if share is not None:
            self.line.set_share(share)
        self.setVisible(bool(sentence) or offer or running or bool(folder))


class DataSection(Section):
    """`chosen(name)`, `folder_wanted()`, `known_wanted(name, folder)`, `download_wanted(name)`, `download_cancelled()`;
    `standardised(bool)`."""

    chosen = Signal(str)
    folder_wanted = Signal()
    download_wanted = Signal(str)
    download_cancelled = Signal()
    standardised = Signal(bool)
    known_wanted = Signal(str, str)

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Data", context.theme, parent=parent)
        self._context = context
        theme = context.theme
        self._name = ""
        self._folder: str | None = None
        self._downloading = False
        self._told = ""
        self._known: Mapping[str, str] = {}
        self._described: dict[tuple[str, str | None], Any] = {}
        labels = {name: info.title for name, info in context.datasets.items()}
        labels |= {"": "None", FOLDER: "Folder of IDX files …"}
        self._labels = labels
        field = ChoiceField(theme, self._choices(), labels=labels)
        self.dataset = FieldRow("Dataset", field, theme, resettable=False, purpose="Whose rows come in.")
        self.dataset.edited.connect(self._edited)
        self.add(self.dataset)
        self.download = DownloadArea(theme)
        self.download.home = field
        self.download.wanted.connect(self._begin)
        self.download.cancelled.connect(self.download_cancelled)
        self.download.known_wanted.connect(lambda folder: self.known_wanted.emit(self._name, folder))
        self.add(self.download)
        self.pictures = PictureGrid()
        self.add(self.pictures)
        figures = QWidget()
        column = QVBoxLayout(figures)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.count = Figure("Samples", "", theme)
        self.split = Figure("Split", "", theme)
        column.addWidget(self.count)
        column.addWidget(self.split)
        self._figures = figures
        self.add(figures)
        purpose = "Subtracts the mean and divides by the deviation of the training part."
        self.standardise = FieldRow("Standardise", BooleanField(theme), theme, default=False, purpose=purpose)
        self.standardise.edited.connect(lambda value: self.standardised.emit(bool(value)))
        self.add(self.standardise)

    def begin(self) -> None:
        """Be as one that was just made: nothing is known of any dataset."""
        self._name, self._folder, self._downloading, self._told = "", None, False, ""
        self._described = {}
        self.pictures.set_pictures(None)
        self.download.show_state("", offer=False)
        self.dataset.forget()
        self.standardise.forget()

    def show_dataset(self, name: str, reference: Any) -> None:
        """Show which dataset is chosen, as the settings refer to it; None: they do not yet."""
        folder = getattr(reference, "folder", None)
        other = (name, folder) != (self._name, self._folder)
        if other:
            self.pictures.set_pictures(None)
            self.download.show_state("", offer=False)
            self._downloading = False
            self._told = ""
        self._name, self._folder = name, folder
        field = self.dataset.field()
        assert isinstance(field, ChoiceField)
        labels = dict(self._labels)
        if folder is not None:
            labels[self._value()] = f"{labels.get(name, name)} in {Path(folder).name}"
        field.set_choices(self._choices(), labels)
        field.setToolTip(folder or "")
        self.dataset.set_value(self._value())
        info = self._context.datasets.get(name)
        self._figures.setVisible(bool(name))
        if self._told != name:
            has_pictures = any(getattr(known, "is_picture", False) for known in info.fields) if info else False
            self._tell(info.rows if info is not None else 0, has_pictures, getattr(reference, "split", ()))
        self.standardise.setVisible(reference is not None)
        self.standardise.set_value(bool(getattr(reference, "standardise", False)))
        if other and (name, folder) in self._described:
            self.show_described(self._described[name, folder])

    def set_known_folders(self, folders: Mapping[str, str]) -> None:
        """By dataset: a folder that it was read from before, to be offered where it is not here."""
        self._known = folders

    def show_described(self, message: Any) -> None:
        """Take what the worker says of a dataset: rows, pictures, or why it cannot be read; an undo may show it."""
        self._described[message.name, message.folder] = message
        if (message.name, message.folder) != (self._name, self._folder) or self._downloading:
            return
        if message.problem is not None:
            info = self._context.datasets.get(self._name)
            offer = bool(info is not None and info.downloadable)
            folder = self._known.get(self._name, "")
            if folder == self._folder:
                folder = ""
            self.download.show_state(message.problem.sentence, offer=offer, folder=folder)
            return
        self.download.show_state("", offer=False)
        self.pictures.set_pictures(message.pictures)
        self._told = self._name
        total = sum(message.rows)
        shares = tuple(part / total for part in message.rows) if total else ()
        self._tell(total, any(field.is_picture for field in message.fields), shares)

    def show_download(self, message: Any) -> None:
        """Take the progress of a download (`received`, `total`), or its end (`folder`, `cancelled`, `problem`)."""
        if hasattr(message, "received"):
            self._downloading = True
            share = message.received / message.total if message.total else 0.0
            words = f"{message.received / 1e6:.1f} MB"
            if message.total:
                words = f"{message.received / 1e6:.1f} of {message.total / 1e6:.1f} MB"
            self.download.show_state(words, offer=False, share=share)
            return
        self._downloading = False
        if message.problem is not None:
            self.download.show_state(message.problem.sentence, offer=True)
        elif message.cancelled:
            self.download.show_state("Cancelled; what has arrived is kept.", offer=True)
        else:
            self.download.show_state("", offer=False)
            # What was said of datasets that were not here holds no longer.
            self._described = {key: told for key, told in self._described.items() if told.problem is None}

    def _choices(self) -> tuple[str, ...]:
        names = tuple(self._context.datasets)
        unknown = (self._value(),) if self._value() not in names and self._name else ()
        return ("", *names, *unknown, FOLDER)

    def _value(self) -> str:
        """What the menu knows the dataset by: its name, and the whole path of its folder where it has one."""
        return self._name if self._folder is None else f"{self._name}{IN_FOLDER}{self._folder}"

    def _tell(self, rows: int, pictures: bool, shares: tuple[float, ...]) -> None:
        label = "Pictures" if pictures else "Samples"
        if label != self.count.label():
            self.count.set_label(label)
        self.count.set_value(number_words(rows) if rows else "–")
        self.split.set_value(" / ".join(f"{100 * share:.0f}" for share in shares) + " %" if shares else "–")

    def _begin(self) -> None:
        self._downloading = True
        self.download.show_state("Connecting …", offer=False, share=0.0)
        self.download_wanted.emit(self._name)

    def _edited(self, value: object) -> None:
        if value == FOLDER:
            self.dataset.set_value(self._value())
            self.folder_wanted.emit()
        elif value != self._value():
            self.chosen.emit(str(value or ""))
