"""Datasets: asks the worker what they hold, and has it fetch those that are not here yet."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.panels.dataset_edits import dataset_of, inputs_of
from app.worker_link import WorkerLink
from engine.graph.problem import Problem
from engine.training.plan import DatasetRef
from engine.worker.protocol import (
    CancelDownload,
    DatasetDescribed,
    DescribeDataset,
    Download,
    Downloaded,
    DownloadProgress,
)
from graph_editor.document import Document


class DataDesk(QObject):
    """`described(DatasetDescribed)`; `download_changed(message)` with DownloadProgress and, at the end, Downloaded.

    `arrived()` when data may be here that could not be read before.
    """

    described = Signal(object)
    download_changed = Signal(object)
    arrived = Signal()

    def __init__(self, document: Document, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._link = link
        self._download = 0
        self._missing: set[tuple[str, str | None]] = set()
        link.on(DatasetDescribed, self._take_described)
        link.on(DownloadProgress, self._take)
        link.on(Downloaded, self._take)
        link.died.connect(lambda words: self._lose_download())

    def describe(self, dataset: DatasetRef) -> None:
        """Ask for fields, rows and some pictures; answered by `described`."""
        self._link.send(DescribeDataset(id=self._link.next_id(), dataset=dataset))

    def describe_name(self, name: str) -> None:
        """Ask about a dataset by its name, from where the project reads it."""
        known = (dataset for dataset in self._document.settings.datasets if dataset.name == name)
        self.describe(next(known, DatasetRef(name=name)))

    def describe_all(self) -> None:
        """Ask about every dataset of the project: the settings need not know of one that an Input reads."""
        known = self._document.settings.datasets
        for dataset in known:
            self.describe(dataset)
        named = {dataset_of(self._document, block) for block in inputs_of(self._document)}
        for name in sorted(named - {dataset.name for dataset in known} - {""}):
            self.describe(DatasetRef(name=name))

    def download(self, name: str) -> None:
        """Fetch a dataset; answered by `download_changed`."""
        self._download = self._link.next_id()
        if self._link.alive:
            self._link.send(Download(id=self._download, name=name))
        else:
            self._lose_download()

    def cancel_download(self) -> None:
        """Give up the download; what arrived is kept."""
        self._link.send(CancelDownload(id=self._download))

    def _take_described(self, message: DatasetDescribed) -> None:
        self.described.emit(message)
        place = (message.name, message.folder)
        if message.problem is not None:
            self._missing.add(place)
        elif place in self._missing:
            self._missing.remove(place)
            self.arrived.emit()

    def _take(self, message: DownloadProgress | Downloaded) -> None:
        if message.id != self._download:
            return
        self.download_changed.emit(message)
        if isinstance(message, Downloaded):
            self._download = 0
            self.arrived.emit()
            if message.problem is None and not message.cancelled:
                self.describe_all()

    def _lose_download(self) -> None:
        if self._download:
            self.download_changed.emit(Downloaded(id=self._download, problem=Problem(code="download-lost")))
            self._download = 0
