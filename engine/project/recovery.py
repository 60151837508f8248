"""What survives a kill: the drawing, settings and curves of each window, in the user's state folder."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from engine.graph.graph import Graph
from engine.graph.problem import Refused, refused
from engine.graph.values import Plain
from engine.project.archive import HISTORY, MANIFEST, open_archive, write_archive
from engine.project.atomic_file import reason_of, remove_leftovers
from engine.project.project_file import Project, encode_project, read_project
from engine.training.plan import Settings

if TYPE_CHECKING:
    import numpy as np

VARIABLE = "TENSORLOOM_STATE_FOLDER"

_DRAWING = "drawing.loom"
_DAMAGED = "drawing-damaged.loom"
_BESIDE = "recovery.json"
_MOST_WINDOWS = 64


class Beside(Plain, frozen=True):
    """What a window knows beside its project.

    `file` is where the project was saved or opened, None for a drawing without a file; `changed` whether it differs
    from that file; `checkpoint` the last one the worker wrote; `from_file` whether its weights are still the file's;
    `closed` whether the window was closed, and not killed; `example` the one that a drawing without a file began as;
    `edited` whether the drawing means another network than the one the weights belong to; `run` the one that trained
    the weights, or trains them now and has written none yet.
    """

    file: str | None = None
    changed: bool = False
    checkpoint: str | None = None
    from_file: bool = False
    closed: bool = False
    example: str | None = None
    edited: bool = False
    run: str | None = None


@dataclass(frozen=True)
class Recovered:
    """What was written last: `project.curves` are those received until then, `checkpoints` the folder of weights."""

    project: Project
    beside: Beside
    checkpoints: Path

    @cached_property
    def checkpoint(self) -> Path | None:
        """The newest checkpoint of the run, else the one the window knew, where it still is.

        A run keeps its last files only, and its worker writes one more after a kill of the window.
        """
        known = Path(self.beside.checkpoint) if self.beside.checkpoint is not None else None
        later = self._newest_of(self.beside.run) if self.beside.run else None
        if later is not None or known is None or known.is_file():
            return later or known
        run, _, step = known.stem.rpartition("-")
        return self._newest_of(run) if run and step.isdecimal() and not self.beside.from_file else None

    @property
    def is_later(self) -> bool:
        """Whether the checkpoint was written after all that the window heard of."""
        found, known = self.checkpoint, self.beside.checkpoint
        return found is not None and (known is None or found.name != Path(known).name)

    def _newest_of(self, run: str) -> Path | None:
        files = self.checkpoints.glob(f"{escape(run)}-*.safetensors")
        steps = {file: file.stem.rpartition("-")[2] for file in files}
        counted = {file: int(step) for file, step in steps.items() if step.isdecimal()}
        return max(counted, key=counted.__getitem__, default=None)


def state_folder() -> Path:
    """Where the program keeps what survives it: TENSORLOOM_STATE_FOLDER, or the system's place for such files."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    from platformdirs import user_state_dir

    return Path(user_state_dir("tensorloom", appauthor=False))


class RecoveryFolder:
    """The part of the state folder that belongs to one window, locked while it lives.

    The first window gets `window-1`, a second one beside it `window-2`; a kill frees the lock, so that the next start
    gets the first folder that nobody holds, with what was left in it.
    Raises Refused `state-folder` where no folder can be made.
    """

    def __init__(self, path: Path | None = None) -> None:
        base = state_folder() if path is None else path
        self._lock: BinaryIO | None = None
        try:
            for number in range(1, _MOST_WINDOWS + 1):
                self.path = base / f"window-{number}"
                self.checkpoints = self.path / "checkpoints"
                self.checkpoints.mkdir(parents=True, exist_ok=True)
                self._lock = _locked(self.path / "lock")
                if self._lock is not None:
                    # nobody else writes here, so what is unfinished was left by a kill
                    remove_leftovers(self.path / _DRAWING, older_than_s=0)
                    return
        except OSError as fault:
            raise refused("state-folder", folder=str(base), reason=reason_of(fault)) from fault
        raise refused("state-folder", folder=str(base), reason=f"{_MOST_WINDOWS} windows are open")

    def write(
        self,
        graph: Graph,
        settings: Settings,
        curves: Mapping[str, np.ndarray] | None = None,
        beside: Beside = Beside(),  # noqa: B008 -- frozen
    ) -> None:
        """Keep this, in place of what was kept. Raises Refused where it cannot be written."""
        parts = {
            MANIFEST: encode_project(Project(graph=graph, settings=settings), _DRAWING),
            # escaped: the path of a file need not be Unicode, and msgspec refuses such a text
            _BESIDE: json.dumps(msgspec.to_builtins(beside), sort_keys=True).encode(),
        }
        if curves:
            from engine.project.tensor_file import encode_arrays

            parts[HISTORY] = encode_arrays(curves)
        write_archive(self.path / _DRAWING, parts)

    def read(self, types: Container[str] | None = None) -> Recovered | None:
        """What was kept last, or None. Raises Refused where it is damaged: then it is put aside, once."""
        path = self.path / _DRAWING
        if not path.exists():
            return None
        try:
            project = read_project(path, types)
            with open_archive(path) as archive:
                data = archive.read(_BESIDE, 1 << 20) if _BESIDE in archive else b"{}"
            try:
                beside = msgspec.convert(json.loads(data), Beside)
            except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
                raise refused("file-json", file=_DRAWING, reason=str(fault)) from fault
        except Refused:
            with suppress(OSError):
                os.replace(path, self.path / _DAMAGED)
            raise
        return Recovered(project, beside, self.checkpoints)

    def clear(self) -> None:
        """Forget the drawing; checkpoints stay until pruned."""
        with suppress(OSError):
            (self.path / _DRAWING).unlink(missing_ok=True)

    def prune_checkpoints(self, keep: Iterable[Path] = (), newest: int = 2) -> None:
        """Delete all files of the checkpoint folder but `keep` and the `newest`."""
        kept = {path.resolve() for path in keep}
        with suppress(OSError):
            files = sorted(
                (file for file in self.checkpoints.iterdir() if file.is_file()),
                key=lambda file: (file.stat().st_mtime_ns, file.name),
            )
            for file in files[: max(0, len(files) - newest)]:
                if file.resolve() not in kept:
                    with suppress(OSError):
                        file.unlink()

    def close(self) -> None:
        """Let another window have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _locked(path: Path) -> BinaryIO | None:
    """The lock file, open and held until it is closed or the process ends; None where another holds it."""
    stream = path.open("ab")
    try:
        try:
            import fcntl
        except ImportError:
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        return None
    return stream
