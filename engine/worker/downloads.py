"""Downloads and descriptions of datasets, beside analysis and training."""

from __future__ import annotations

import queue
import threading
import time
import traceback

import msgspec

from engine.data.datasets import load_dataset
from engine.data.download import DownloadCancelled, download
from engine.graph.problem import Problem, Refused, fault_words
from engine.training.events import Array
from engine.worker.outbox import Outbox
from engine.worker.protocol import DatasetDescribed, DescribeDataset, Download, Downloaded, DownloadProgress

_TOLD_EVERY_S = 0.1


class Downloads:
    """Runs each download on a thread of its own; any thread may cancel it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._cancelled: dict[int, threading.Event] = {}
        self._line = threading.Lock()

    def start(self, message: Download) -> None:
        """Begin; progress is told ten times a second, the end by Downloaded."""
        cancelled = self._cancelled[message.id] = threading.Event()
        thread = threading.Thread(target=self._fetch, args=(message, cancelled), name="download", daemon=True)
        thread.start()

    def cancel(self, id: int) -> None:
        """Give the download `id` up, if it still goes; told at once, for a server may not answer."""
        cancelled = self._cancelled.pop(id, None)
        if cancelled is not None:
            cancelled.set()
            self._outbox.send(Downloaded(id=id, cancelled=True))

    def _fetch(self, message: Download, cancelled: threading.Event) -> None:
        told_at = 0.0

        def progress(received: int, total: int) -> None:
            nonlocal told_at
            now = time.monotonic()
            if cancelled.is_set():
                return
            if now - told_at >= _TOLD_EVERY_S or received == total:
                told_at = now
                self._outbox.send(DownloadProgress(id=message.id, received=received, total=total))

        try:
            # One that was given up may still hold the file.
            with self._line:
                folder = download(message.name, progress=progress, cancelled=cancelled.is_set)
            answer = Downloaded(id=message.id, folder=str(folder))
        except DownloadCancelled:
            answer = Downloaded(id=message.id, cancelled=True)
        except Refused as refused:
            answer = Downloaded(id=message.id, problem=refused.problem)
        except Exception as fault:  # noqa: BLE001 -- a fault of ours must not leave the window waiting
            answer = Downloaded(id=message.id, problem=unexpected(fault))
        if self._cancelled.pop(message.id, None) is not None:
            self._outbox.send(answer)


class Descriptions:
    """Describes datasets one after the other on a thread of its own: reading MNIST takes a second."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._asked: queue.SimpleQueue[DescribeDataset] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="describe", daemon=True).start()

    def ask(self, message: DescribeDataset) -> None:
        """Answered by DatasetDescribed."""
        self._asked.put(message)

    def _serve(self) -> None:
        while True:
            message = self._asked.get()
            asked = DatasetDescribed(id=message.id, name=message.dataset.name, folder=message.dataset.folder)
            try:
                answer = describe(message)
            except Refused as refused:
                answer = msgspec.structs.replace(asked, problem=refused.problem)
            except Exception as fault:  # noqa: BLE001 -- a fault of ours must not leave the window waiting
                answer = msgspec.structs.replace(asked, problem=unexpected(fault))
            self._outbox.send(answer)


def describe(message: DescribeDataset) -> DatasetDescribed:
    """Fields, rows, and the first pictures of the training part (M×H×W, or M×H×W×3). Raises Refused."""
    dataset = load_dataset(message.dataset)
    rows = dataset.train[: max(0, message.pictures)]
    pictures = labels = None
    if dataset.picture_field is not None:
        taken = dataset.arrays[dataset.picture_field][rows]
        pictures = Array.of(taken[:, 0] if taken.shape[1] == 1 else taken.transpose(0, 2, 3, 1))
    if dataset.label_field is not None:
        labels = Array.of(dataset.arrays[dataset.label_field][rows])
    return DatasetDescribed(
        id=message.id,
        name=dataset.name,
        folder=message.dataset.folder,
        title=dataset.title,
        fields=dataset.fields,
        rows=(len(dataset.train), len(dataset.validation), len(dataset.test)),
        pictures=pictures,
        labels=labels,
    )


def unexpected(fault: Exception) -> Problem:
    """A fault of ours as a Problem; its traceback goes to stderr, from where the window's error report has it."""
    traceback.print_exception(fault)
    return Problem(code="run-failed", facts={"reason": fault_words(fault)[:200], "hint": ""})
