"""What the window and the worker say to each other: length-prefixed msgpack frames of frozen structs."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO, Literal, Union

import msgspec

from engine.data.fields import Field
from engine.graph.analysis import Analysis
from engine.graph.graph import Graph
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec
from engine.graph.tidying import Arrangement
from engine.graph.values import Plain, Value
from engine.training.commands import Command
from engine.training.events import Array, Event
from engine.training.plan import DatasetRef, Plan, TrainingRequest

LARGEST_FRAME = 1 << 31


# --- from the window ----------------------------------------------------------------------------
class Analyse(Plain, frozen=True, tag="analyse"):
    """Answered by Analysed. Also checks the plan against the drawing and the datasets."""

    id: int
    graph: Graph
    plan: Plan
    datasets: tuple[DatasetRef, ...] = ()


class AllowCode(Plain, frozen=True, tag="allow-code"):
    """Where blocks find their own Python files, None for a project without a folder, and the SHA-256 of what may run.

    `folder` is in the bytes of the file system: its name need not be Unicode. Takes the place of what was said before;
    no answer.
    """

    folder: bytes | None
    hashes: tuple[str, ...]


class AskShapes(Plain, frozen=True, tag="ask-shapes"):
    """Answered by Shapes: what each candidate block type would make of a tensor `spec`.

    `parameters` has, by type, the values that are not its defaults.
    """

    id: int
    spec: TensorSpec
    candidates: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Value]] = {}


class OpenSession(Plain, frozen=True, tag="open-session"):
    """Hold this drawing with fresh weights from the plan's seed, or those of `weights` where they fit: no loop.

    Answered by SessionOpened; views can then measure.
    """

    id: int
    graph: Graph
    plan: Plan
    datasets: tuple[DatasetRef, ...]
    weights: str | None = None


class Run(Plain, frozen=True, tag="run"):
    """Train; answered by events that carry the request's run id. `fresh` false goes on from the session's weights."""

    request: TrainingRequest
    fresh: bool = True


class Predict(Plain, frozen=True, tag="predict"):
    """Answered by Predicted: the network's outputs for the inputs given, by Input block id and field."""

    id: int
    inputs: Mapping[str, Array]


class DescribeDataset(Plain, frozen=True, tag="describe-dataset"):
    """Answered by DatasetDescribed."""

    id: int
    dataset: DatasetRef
    pictures: int = 16


class Download(Plain, frozen=True, tag="download"):
    """Fetch a dataset; answered by DownloadProgress … and Downloaded."""

    id: int
    name: str


class CancelDownload(Plain, frozen=True, tag="cancel-download"):
    """Give up the download `id`; what arrived is kept."""

    id: int


class ExportWeights(Plain, frozen=True, tag="export-weights"):
    """Write the session's weights as safetensors with readable keys; answered by Done."""

    id: int
    path: str


class WriteSource(Plain, frozen=True, tag="write-source"):
    """Answered by SourceWritten: the drawing as PyTorch, its class called after `title`."""

    id: int
    graph: Graph
    title: str


class Export(Plain, frozen=True, tag="export"):
    """Write the drawing to a file, with those weights of the session that fit; answered by Exported.

    ONNX needs all weights: what the session lacks is drawn from `seed`.
    """

    id: int
    kind: Literal["python", "onnx"]
    path: str
    graph: Graph
    title: str
    seed: int = 0


class LayOut(Plain, frozen=True, tag="lay-out"):
    """Lay out one body, the project's variables in it; answered by LaidOut, unless a newer one or CancelLayout comes.

    `sizes` are the widths and heights that blocks are drawn with; `only` the ids to lay out, all without any.
    """

    id: int
    body: Graph
    sizes: Mapping[str, tuple[int, int]] = {}
    only: tuple[str, ...] = ()


class CancelLayout(Plain, frozen=True, tag="cancel-layout"):
    """Give up the layout `id`."""

    id: int


class Quit(Plain, frozen=True, tag="quit"):
    """Stop at the next step, write a checkpoint, end."""


ToWorker = Union[  # noqa: UP007
    AllowCode,
    Analyse,
    AskShapes,
    OpenSession,
    Run,
    Predict,
    DescribeDataset,
    Download,
    CancelDownload,
    ExportWeights,
    WriteSource,
    Export,
    LayOut,
    CancelLayout,
    Quit,
    Command,
]


# --- from the worker ----------------------------------------------------------------------------
class Ready(Plain, frozen=True, tag="ready"):
    """The worker is warm. `devices` are torch's names of what is on this machine: `cpu`, `cuda:0` …"""

    devices: tuple[str, ...]
    torch_version: str
    process: int


class Analysed(Plain, frozen=True, tag="analysed"):
    """Answer to Analyse: `problems` are the plan's, the drawing's own stand in the analysis."""

    id: int
    analysis: Analysis
    problems: tuple[Problem, ...] = ()


class Shapes(Plain, frozen=True, tag="shapes"):
    """Answer to AskShapes; a candidate that refuses the tensor is absent."""

    id: int
    specs: Mapping[str, TensorSpec]


class SessionOpened(Plain, frozen=True, tag="session-opened"):
    """Answer to OpenSession: whether saved weights were taken, and what did not work."""

    id: int
    trained: bool = False
    problems: tuple[Problem, ...] = ()


class Predicted(Plain, frozen=True, tag="predicted"):
    """Answer to Predict: outputs by loss or block name, transformed as the loss says."""

    id: int
    outputs: Mapping[str, Array] = {}
    problem: Problem | None = None


class DatasetDescribed(Plain, frozen=True, tag="dataset-described"):
    """Answer to DescribeDataset: fields, numbers of rows (train, validation, test), some pictures in 0…1, labels.

    `name` and `folder` are those that were asked about.
    """

    id: int
    name: str
    folder: str | None = None
    title: str = ""
    fields: tuple[Field, ...] = ()
    rows: tuple[int, int, int] = (0, 0, 0)
    pictures: Array | None = None
    labels: Array | None = None
    problem: Problem | None = None


class DownloadProgress(Plain, frozen=True, tag="download-progress"):
    """Bytes that have arrived, of how many (0: unknown)."""

    id: int
    received: int
    total: int


class Downloaded(Plain, frozen=True, tag="downloaded"):
    """The download is over: done, cancelled, or with a problem."""

    id: int
    folder: str | None = None
    cancelled: bool = False
    problem: Problem | None = None


class SourceWritten(Plain, frozen=True, tag="source-written"):
    """Answer to WriteSource: the file's text, and by the path of each block the lines (first, last) about it."""

    id: int
    text: str = ""
    lines: Mapping[str, tuple[tuple[int, int], ...]] = {}
    problem: Problem | None = None


class Exported(Plain, frozen=True, tag="exported"):
    """Answer to Export: what was written, in a sentence."""

    id: int
    words: str = ""
    problem: Problem | None = None


class LaidOut(Plain, frozen=True, tag="laid-out"):
    """Answer to LayOut: all that differs then."""

    id: int
    arrangement: Arrangement = Arrangement()
    problem: Problem | None = None


class Done(Plain, frozen=True, tag="done"):
    """Answer to a request that has no other answer."""

    id: int
    problem: Problem | None = None


FromWorker = Union[  # noqa: UP007
    Ready,
    Analysed,
    Shapes,
    SessionOpened,
    Predicted,
    DatasetDescribed,
    DownloadProgress,
    Downloaded,
    SourceWritten,
    Exported,
    LaidOut,
    Done,
    Event,
]

_ENCODER = msgspec.msgpack.Encoder()
TO_WORKER: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
FROM_WORKER: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


def frame_of(message: ToWorker | FromWorker) -> bytes:
    """One message in bytes. Raises UnicodeEncodeError for half a character, OverflowError for more than 64 bits."""
    data = _ENCODER.encode(message)
    return struct.pack("<I", len(data)) + data


def write_frame(stream: BinaryIO, message: ToWorker | FromWorker) -> None:
    """Write one message. Raises OSError when the other side is gone, and what `frame_of` raises."""
    stream.write(frame_of(message))
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """The bytes of the next message, or None at the end of the stream, also in the middle of a frame."""
    header = _read_exactly(stream, 4)
    if header is None:
        return None
    (length,) = struct.unpack("<I", header)
    return _read_exactly(stream, length) if length <= LARGEST_FRAME else None


def _read_exactly(stream: BinaryIO, count: int) -> bytes | None:
    parts: list[bytes] = []
    while count:
        part = stream.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
