"""`predict`: what a trained network says of an input from a file, or of a row of its dataset."""

from __future__ import annotations

import contextlib
import os
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.fields import Field
from engine.graph.problem import Refused, fault_words, refused
from engine.project.atomic_file import reason_of
from engine.project.project_file import Project

if TYPE_CHECKING:
    import numpy as np

PARTS = ("train", "validation", "test")
NUMBERS = (".npy", ".csv", ".txt")


def predict(project: Project, source: str) -> list[dict[str, Any]]:
    """One object for each sample and loss block; without losses, for each output that nothing reads.

    `source` is a picture (PNG, JPEG), numbers (.npy, .csv), or a row of a part of the dataset such as `test:17`.
    Softmax: `class`, `probabilities`, or `classes` of every pixel or step; sigmoid of one number: `class`,
    `probability`; else `values`. Raises Refused.
    """
    from app.cli.training import trained_session
    from engine.worker import prediction

    session = trained_session(project)
    network = session.network
    samples = {key: _samples(session, key, source) for key in prediction.needed_inputs(network)}
    outputs = prediction.predict(network, session.data, samples)
    ports = prediction.predicted_ports(network)
    return [{"loss": name, **_said(row, ports[name][1])} for name, rows in outputs.items() for row in rows]


def _said(output: np.ndarray, transform: str) -> dict[str, Any]:
    if transform == "softmax" and output.ndim > 1:
        return {"classes": output.argmax(axis=0).tolist()}
    if transform == "softmax":
        return {"class": int(output.argmax()), "probabilities": [round(float(value), 6) for value in output]}
    if transform == "sigmoid" and output.size == 1:
        probability = float(output.flat[0])
        return {"class": int(probability > 0.5), "probability": round(probability, 6)}
    return {"values": [float(value) for value in output.flat]}


def _samples(session: Any, key: str, source: str) -> np.ndarray:
    """The samples for the field `key` as they are in the dataset or the file: not standardised."""
    entry = next(entry for entry in session.network.inputs if entry.key == key)
    dataset = session.data[entry.dataset].dataset
    part, colon, row = source.partition(":")
    if colon and part in PARTS:
        rows = getattr(dataset, part)
        if not row.isdigit() or int(row) >= len(rows):
            hint = f"Use {part}:0 to {part}:{len(rows) - 1}."
            raise refused("no-field-input", file=source, reason="there is no such row", hint=hint)
        found: np.ndarray = dataset.arrays[entry.field][rows[int(row)]][None]
        return found
    return _read(source, next(field for field in dataset.fields if field.name == entry.field))


def _read(source: str, field: Field) -> np.ndarray:
    """Samples×shape float32 from a file. Raises Refused."""
    import numpy as np

    path = Path(source)
    if not os.path.isfile(path):  # which, unlike that of Path, bears a name that is too long
        raise refused("file-missing", file=source)
    if path.suffix not in NUMBERS:
        return _picture(path, field)
    shape = tuple(length for length in field.shape if isinstance(length, int))
    try:
        with warnings.catch_warnings():
            # of a file with nothing but blank lines, of numbers beyond float32 …
            warnings.simplefilter("ignore")
            values = _numbers(path).astype(np.float32, casting="same_kind")
        if not values.size:
            raise _unusable(path, field, "it holds no numbers")
        if "T" in field.shape:
            return values.reshape(1, -1, *shape)
        return values.reshape(-1, *shape)
    except Refused:
        raise
    except OSError as fault:
        raise _unusable(path, field, reason_of(fault)) from fault
    except (ValueError, TypeError, MemoryError) as fault:
        raise _unusable(path, field, fault_words(fault).rstrip(".")) from fault


def _numbers(path: Path) -> np.ndarray:
    """What a file of numbers holds; nothing where it is empty. Raises ValueError, MemoryError, OSError."""
    import numpy as np

    if path.stat().st_size == 0:
        return np.empty(0)
    if path.suffix == ".npy":
        try:
            with path.open("rb") as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
        except (SyntaxError, tokenize.TokenError) as fault:
            raise ValueError("its header cannot be read") from fault
    return np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None, ndmin=2)


def _unusable(path: Path, field: Field, reason: str) -> Refused:
    return refused("no-field-input", file=path.name, reason=reason, hint=f"The network reads {field.text}.")


@contextlib.contextmanager
def _no_words_of_libraries() -> Iterator[None]:
    """The library for PNG writes what it thinks of a bad picture to the process' stderr by itself."""
    stderr = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _picture(path: Path, field: Field) -> np.ndarray:
    """A picture scaled to the field's size, grey or in colour, values 0…1."""
    import numpy as np

    from app.cli.picture import require_qt

    require_qt()
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    with _no_words_of_libraries():
        image = QImage(str(path))
    if image.isNull():
        raise _unusable(path, field, "it is no picture, .npy or .csv file")
    if not field.is_picture:
        raise _unusable(path, field, "the network reads no pictures")
    channels, height, width = (int(length) for length in field.shape)
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    mode = Qt.TransformationMode.SmoothTransformation
    image = image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, mode).convertToFormat(form)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, : width * channels]
    pixels = rows.reshape(height, width, channels).transpose(2, 0, 1)
    return pixels[None].astype(np.float32) / 255
