"""`export`: a project as Python, ONNX or plain weights."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.graph.problem import refused
from engine.project.project_file import Project


def export_project(project: Project, kind: str, output: Path) -> str:
    """Write the project in another program's form; returns a sentence on what was written. Raises Refused.

    Needs no data. Untrained, Python comes without a file of weights, ONNX with those of the plan's seed.
    """
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.compile.compiler import compile_graph
    from engine.training.checkpoint import read_checkpoint
    from engine.worker.exporting import KINDS, export_network, fresh_weights

    chosen = next((known for known in KINDS if known == kind), None)
    if chosen is None:
        raise refused("setting-range", label="Export format", value=kind, range=", ".join(KINDS))
    network = compile_graph(project.graph, BLOCK_TYPES, seed=project.settings.plan.seed)
    missing, learnt = sorted(network.state()), False
    with tempfile.TemporaryDirectory(prefix="tensorloom-") as folder:
        weights = project.weights_file(Path(folder))
        if weights is not None:
            loaded, missing = network.load_state(read_checkpoint(weights).known_weights)
            learnt = bool(loaded)
    if chosen == "safetensors" and (missing or not learnt):
        raise refused("no-weights", file=project.path.name if project.path is not None else "The example")
    title = project.path.stem if project.path is not None else output.stem
    said = export_network(network, BLOCK_TYPES, chosen, output, title, trained=not missing)
    return said + (fresh_weights(network, len(missing), learnt=learnt) if chosen == "onnx" else "")
