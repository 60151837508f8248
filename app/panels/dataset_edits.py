"""Which dataset the Inputs read, changed in drawing and settings together, as one undo step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from app.panels.project_edits import ProjectEdits
from engine.graph.edits import set_parameter
from engine.graph.graph import Block, Graph
from graph_editor.document import Document


def dataset_of(document: Document, block: Block) -> str:
    """The name of the dataset that an Input reads, "" for none."""
    type = document.types[block.type]
    declared = type.parameter("dataset")
    return str(block.parameters.get("dataset", declared.default if declared is not None else "") or "")


def inputs_of(document: Document) -> tuple[Block, ...]:
    """The Inputs of the drawing."""
    types = document.types
    return tuple(
        block for block in document.graph.blocks.values() if block.type in types and types[block.type].role == "input"
    )


def inputs_reading(document: Document, dataset: str) -> tuple[str, ...]:
    """The ids of the Inputs that read a dataset; where none does, of the first."""
    inputs = inputs_of(document)
    reading = tuple(block.id for block in inputs if dataset_of(document, block) == dataset)
    return reading or tuple(block.id for block in inputs[:1])


def reference(document: Document, name: str) -> Any:
    """The settings' reference to a dataset, or None."""
    return next((ref for ref in getattr(document.settings, "datasets", ()) if ref.name == name), None)


def bind_dataset(
    document: Document,
    edits: ProjectEdits | None,
    ids: Sequence[str],
    name: str,
    fields: Sequence[Any],
    folder: str | None = None,
) -> Any:
    """Let the Inputs `ids` that are here read the dataset `name` with `fields`; returns the settings' reference to it.

    Where all of them are gone nothing is done.
    No name leaves the Inputs their promises without a dataset. References that no Input uses go. Raises Refused.
    """
    graph: Graph = document.graph
    here = [id for id in ids if id in graph.blocks]
    if ids and not here:
        return None
    for id in here:
        graph = set_parameter(graph, document.scope, id, "dataset", name)
        if name:
            graph = set_parameter(graph, document.scope, id, "fields", tuple(field.text for field in fields))
    kept = reference(document, name)
    if edits is None:
        document.commit("Choose the dataset", graph)
        return kept
    if name and (kept is None or kept.folder != folder):
        kept = edits.new_dataset(name=name, folder=folder)
    used = [name] if name else []
    for block in inputs_of(document):
        if block.id not in ids:
            used.append(dataset_of(document, block))
    known = {ref.name: ref for ref in document.settings.datasets}
    if name:
        known[name] = kept
    datasets = tuple(known[used_name] for used_name in dict.fromkeys(used) if used_name in known)
    settings = msgspec.structs.replace(document.settings, datasets=datasets)
    document.edit_both("Choose the dataset", graph, settings)
    return kept
