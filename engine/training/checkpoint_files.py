"""The last checkpoints of a run as files: each new one lets the oldest go."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from pathlib import Path

from engine.graph.problem import Refused
from engine.training.checkpoint import Snapshot, write_checkpoint

KEPT = 2


class CheckpointFiles:
    """Those of the run with id `run` in `folder`; without a folder none are written."""

    def __init__(self, folder: str | None, run: str) -> None:
        self._folder, self._run = folder, run
        self._kept: deque[Path] = deque()
        self.last: str | None = None
        """The path of the newest."""

    def write(self, snapshot: Snapshot, step: int) -> str | None:
        """The path that `snapshot` was written to.

        A disk that is full does not end a run: then it is None, and the last file stays the last.
        """
        if self._folder is None:
            return None
        path = Path(self._folder) / f"{self._run}-{step}.safetensors"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_checkpoint(path, snapshot)
        except Refused:
            return None
        self.last = str(path)
        self._let_go(path)
        return self.last

    def _let_go(self, newest: Path) -> None:
        if newest in self._kept:
            self._kept.remove(newest)
        self._kept.append(newest)
        while len(self._kept) > KEPT:
            with suppress(OSError):
                self._kept.popleft().unlink()
