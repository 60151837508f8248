"""`export`: trained weights in other programs' forms."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from engine.graph.problem import refused
from engine.project.project_file import Project


def export_weights(project: Project, output: Path) -> int:
    """Write the trained weights as safetensors under readable names; returns how many tensors. Raises Refused."""
    from safetensors.torch import save

    from app.cli.training import trained_session
    from engine.project.atomic_file import write_atomically

    state = trained_session(project).network.readable_state()
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})
    if not output.parent.exists():
        raise refused("save-failed", file=output.name, reason=f"there is no folder {output.parent}")
    write_atomically(output, lambda stream: _write(stream, data))
    return len(state)


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
