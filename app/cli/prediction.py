"""`predict`: what a trained network says of an input from a file, or of a row of its dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.fields import Field
from engine.graph.problem import refused
from engine.project.project_file import Project

if TYPE_CHECKING:
    import numpy as np

PARTS = ("train", "validation", "test")


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
    if not path.is_file():
        raise refused("file-missing", file=source)
    shape = tuple(length for length in field.shape if isinstance(length, int))
    try:
        if path.suffix == ".npy":
            values = np.load(path, allow_pickle=False)
        elif path.suffix in (".csv", ".txt"):
            values = np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None, ndmin=2)
        else:
            return _picture(path, field)
        values = np.asarray(values, dtype=np.float32)
        if "T" in field.shape:
            return values.reshape(1, -1, *shape)
        return values.reshape(-1, *shape)
    except (ValueError, OSError) as fault:
        hint = f"The network reads {field.text}."
        raise refused("no-field-input", file=path.name, reason=str(fault).splitlines()[0], hint=hint) from fault


def _picture(path: Path, field: Field) -> np.ndarray:
    """A picture scaled to the field's size, grey or in colour, values 0…1."""
    import numpy as np
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    image = QImage(str(path))
    hint = f"The network reads {field.text}."
    if image.isNull():
        raise refused("no-field-input", file=path.name, reason="it is no picture, .npy or .csv file", hint=hint)
    if not field.is_picture:
        raise refused("no-field-input", file=path.name, reason="the network reads no pictures", hint=hint)
    channels, height, width = (int(length) for length in field.shape)
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    mode = Qt.TransformationMode.SmoothTransformation
    image = image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, mode).convertToFormat(form)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, : width * channels]
    pixels = rows.reshape(height, width, channels).transpose(2, 0, 1)
    return pixels[None].astype(np.float32) / 255
