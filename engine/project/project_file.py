"""A project as one `.loom` file: drawing, settings, weights and curves in a zip. Opening one runs no code."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.graph.graph import Graph
from engine.graph.graph import decode_graph as decode_plain_graph
from engine.graph.problem import Refused, refused
from engine.graph.values import Plain
from engine.project.archive import HISTORY, LARGEST_JSON, MANIFEST, WEIGHTS, Member, Part, open_archive, write_archive
from engine.project.graph_json import check_json, decode_graph, encode_graph
from engine.project.structure import check_structure
from engine.project.versions import FORMAT, upgraded
from engine.training.plan import OPTIMISERS, Settings, unknown_optimiser

if TYPE_CHECKING:
    import numpy as np

SUFFIX = ".loom"


class Info(Plain, frozen=True, omit_defaults=True):
    """What is said about the file itself: the program that wrote it.

    `edited`: the drawing means another network than the one the weights belong to.
    """

    program: str = ""
    edited: bool = False


class _Manifest(Plain, frozen=True):
    format: int
    graph: msgspec.Raw
    settings: Settings = Settings()
    info: Info = Info()


@dataclass(frozen=True)
class Project:
    """What a project file holds. `curves` are the histories as arrays by name; weights stay in the file at `path`."""

    graph: Graph
    settings: Settings = field(default_factory=Settings)
    info: Info = field(default_factory=Info)
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)
    path: Path | None = None
    has_weights: bool = False

    def weights_file(self, folder: Path) -> Path | None:
        """The weights as a file of their own in `folder`, for the worker; None where there are none.

        Streams, so it costs no memory; call it beside the window. What is there already from before is taken.
        Raises Refused where they are damaged or cannot be written.
        """
        if not self.has_weights or self.path is None:
            return None
        with open_archive(self.path) as archive:
            if WEIGHTS not in archive:
                return None
            target = folder / f"weights-{archive.checksum(WEIGHTS)}.safetensors"
            if not target.exists():
                archive.extract(WEIGHTS, target)
            return target


def write_project(
    path: Path,
    project: Project,
    weights_file: Path | None = None,
    curves: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write `project` to `path`: wholly or not at all, the same bytes from every process.

    `weights_file` is a checkpoint, stored as it is; None keeps those that the project `has_weights` in its own file.
    `curves` None takes the project's own.
    Raises Refused `disk-full` or `save-failed`; the file on disk is then as it was.
    """
    curves = project.curves if curves is None else curves
    parts: dict[str, Part] = {MANIFEST: encode_project(project, path.name)}
    if weights_file is not None:
        parts[WEIGHTS] = weights_file
    elif project.has_weights and project.path is not None:
        parts[WEIGHTS] = Member(project.path, WEIGHTS)
    if curves:
        from engine.project.tensor_file import encode_arrays

        parts[HISTORY] = encode_arrays(curves)
    write_archive(path, parts)


def read_project(path: Path, types: Container[str] | None = None) -> Project:
    """The project at `path`; `types` are the known block types, by default the catalogue's.

    Raises Refused with one sentence for whatever is wrong with the file, which is never touched.
    """
    with open_archive(path) as archive:
        graph, settings, info = decode_project(archive.read(MANIFEST, LARGEST_JSON), path.name, types)
        if WEIGHTS in archive:
            # Here, not above: it brings numpy, 0.1 s, and an example without weights is what most windows open with.
            from engine.project.tensor_file import check_header

            archive.check(WEIGHTS, check_header)
        curves: dict[str, np.ndarray] = {}
        if HISTORY in archive:
            from engine.project.tensor_file import decode_arrays

            try:
                curves = decode_arrays(archive.read(HISTORY))
            except Refused:
                raise
            except ValueError as fault:
                raise refused("file-part", file=path.name, part=HISTORY) from fault
        return Project(
            graph=graph,
            settings=settings,
            info=info,
            curves=curves,
            path=path,
            has_weights=WEIGHTS in archive,
        )


def encode_project(project: Project, file: str) -> bytes:
    """`project.json` of a project. Raises Refused `save-failed` where a value could not be read back."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        program = f"Tensorloom {version('tensorloom')}"
    except PackageNotFoundError:
        program = "Tensorloom"
    try:
        graph = encode_graph(project.graph)
        info = msgspec.structs.replace(project.info, program=program)
        manifest = _Manifest(format=FORMAT, graph=graph, settings=project.settings, info=info)
        data = msgspec.json.encode(manifest, order="sorted")
        kept = msgspec.json.decode(data, type=_Manifest)
    except (ValueError, OverflowError, RecursionError) as fault:
        raise refused("save-failed", file=file, reason=str(fault)) from fault
    if kept.settings != project.settings or not _comes_back(graph, project.graph):
        _check_finite(project, file)
    return data


def _comes_back(data: msgspec.Raw, graph: Graph) -> bool:
    """Whether the JSON is the very drawing; blocks that kept their JSON never are, as plain values."""
    try:
        return decode_plain_graph(bytes(data)) == graph
    except msgspec.MsgspecError:
        return False


def _check_finite(project: Project, file: str) -> None:
    """NaN and infinity become null in JSON: refuse them rather than lose them."""
    stack: list[object] = [msgspec.to_builtins(project.settings), msgspec.to_builtins(project.graph)]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise refused("save-failed", file=file, reason=f"it would hold the number {value}")


def decode_project(data: bytes, file: str, types: Container[str] | None = None) -> tuple[Graph, Settings, Info]:
    """What `project.json` says, upgraded from older versions. Raises Refused."""
    if types is None:
        from engine.blocks.catalogue import BLOCK_TYPES

        types = BLOCK_TYPES
    check_json(data, file)
    data = upgraded(data, file)
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        optimiser = unknown_optimiser(fault)
        known = f"there is no optimiser {optimiser} (known: {', '.join(OPTIMISERS)})"
        raise refused("file-json", file=file, reason=str(fault) if optimiser is None else known) from fault
    graph = decode_graph(manifest.graph, types, file)
    check_structure(graph, file)
    return graph, manifest.settings, manifest.info
