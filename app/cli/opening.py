"""What a command works on: a project file or an example, with the settings given on the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.cli.own_code import permit_code
from engine.blocks.catalogue import BLOCK_TYPES
from engine.blocks.inputs import dataset_names
from engine.data.catalogue import DATASETS
from engine.graph.edits import set_parameter
from engine.graph.graph import Graph
from engine.graph.paths import bodies, within
from engine.graph.problem import Refused, refused
from engine.graph.scope import Scope
from engine.graph.values import Formula
from engine.project.examples import all_example_ids, read_example
from engine.project.project_file import SUFFIX, Project, read_project
from engine.training.plan import MOST_THREADS, OPTIMISERS, DatasetRef, Plan, Settings, unknown_optimiser

replace = msgspec.structs.replace


def open_project(name: str, allow_code: bool = False) -> Project:
    """The project file or example called `name`; its own Python files may run where they were allowed. Raises Refused.

    Opening runs none of them.
    """
    project = _read(name)
    permit_code(project, allow_code)
    return project


def _read(name: str) -> Project:
    there = os.path.exists(name)  # which, unlike that of Path, bears a name that is too long
    if name in all_example_ids() and not there:
        return read_example(name)
    path = Path(name)
    if not there and path.name and path.suffix != SUFFIX and os.path.exists(path.with_suffix(SUFFIX)):
        path, there = path.with_suffix(SUFFIX), True
    if not there and path.suffix != SUFFIX and "/" not in name and "\\" not in name:
        raise refused("example", name=name, known=", ".join(all_example_ids()))
    return read_project(path)


def with_plan(
    project: Project, epochs: int | None, seed: int | None, device: str | None, threads: int | None, data: str | None
) -> Project:
    """The project with the settings that have options of their own. Raises Refused out of range."""
    settings = project.settings
    plan = settings.plan
    if epochs is not None:
        _check("Epochs", epochs, 1, 1_000_000)
        plan = replace(plan, stages=tuple(replace(stage, epochs=epochs) for stage in plan.stages))
    if seed is not None:
        _check("Seed", seed, 0, 2**63 - 1)
        plan = replace(plan, seed=seed)
    if device is not None:
        plan = replace(plan, device=device)
    if threads is not None:
        _check("Threads", threads, 1, MOST_THREADS)
        plan = replace(plan, threads=threads)
    settings = replace(settings, plan=plan)
    if data is not None:
        return _with_data(replace_project(project, settings=settings), data)
    return replace_project(project, settings=settings)


def replace_project(project: Project, graph: Graph | None = None, settings: Settings | None = None) -> Project:
    """The project with another drawing or other settings."""
    import dataclasses

    return dataclasses.replace(project, graph=graph or project.graph, settings=settings or project.settings)


def _with_data(project: Project, data: str) -> Project:
    """Every dataset of the project replaced by the one called `data`, or by the IDX files in the folder `data`."""
    # asked of the drawing, which need not have settings for them
    names = dataset_names(project.graph, BLOCK_TYPES) or ("digits",)
    if data in DATASETS:
        ref = DatasetRef(name=data)
        graph = project.graph
        scope = Scope(types=BLOCK_TYPES, variables=graph.variables)
        for id, block in graph.blocks.items():
            if block.type == "input":
                graph = set_parameter(graph, scope, id, "dataset", data)
        return replace_project(project, graph, replace(project.settings, datasets=(ref,)))
    if not os.path.isdir(data):
        raise refused("unknown-dataset", dataset=data, hint=f"Name a folder, or one of {', '.join(DATASETS)}.")
    refs = tuple(DatasetRef(name=name, folder=str(Path(data).resolve())) for name in names)
    return replace_project(project, settings=replace(project.settings, datasets=refs))


def with_settings(project: Project, assignments: Sequence[str]) -> Project:
    """The project with every `path=value` made: `plan.batch_size=32`, `plan.stages.0.k=5`, `Dense.out_features=32`.

    A block is meant by its id or its name. Raises Refused.
    """
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise refused("setting-unknown", setting=assignment)
        if path.startswith("plan."):
            plan = _plan_with(project.settings.plan, path, text)
            project = replace_project(project, settings=replace(project.settings, plan=plan))
        else:
            project = replace_project(project, graph=_graph_with(project.graph, path, text))
    return project


def _plan_with(plan: Plan, path: str, text: str) -> Plan:
    """Set in the plan's JSON and decoded strictly, so that a wrong name or type is refused with msgspec's own words."""
    tree = msgspec.to_builtins(plan)
    *way, last = path.split(".")[1:]
    node = tree
    try:
        for step in way:
            node = node[int(step)] if isinstance(node, (list, tuple)) else node[step]
        if last not in node:
            raise KeyError(last)
        node[last] = msgspec.to_builtins(_value(text))
        changed = msgspec.convert(tree, Plan)
    except (KeyError, IndexError, TypeError, ValueError) as fault:
        optimiser = unknown_optimiser(fault)
        if optimiser is not None:
            raise refused("optimiser", name=optimiser, known=", ".join(OPTIMISERS)) from fault
        if isinstance(fault, msgspec.ValidationError):
            raise refused("setting-range", label=path, value=text, range=str(fault)) from fault
        raise refused("setting-unknown", setting=path) from fault
    _check("Batch size", changed.batch_size, 1, 1_000_000)
    return changed


def _graph_with(graph: Graph, path: str, text: str) -> Graph:
    name, _, parameter = path.rpartition(".")
    scope = Scope(types=BLOCK_TYPES, variables=graph.variables)
    for body_path, body in bodies(graph):
        for id, block in body.blocks.items():
            if name in (id, block.name):
                return within(graph, body_path, set_parameter, scope, id, parameter, _value(text))
    raise refused("setting-unknown", setting=path)


def _value(text: str) -> object:
    """A number, yes or no, numbers joined by × or commas, text; anything else with an operator is a formula."""
    words = {"true": True, "false": False, "yes": True, "no": False, "none": None}
    if text.casefold() in words:
        return words[text.casefold()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    parts = text.replace("×", ",").replace("x", ",").split(",")
    if len(parts) > 1 and all(part.strip().lstrip("-").isdigit() for part in parts):
        return tuple(int(part) for part in parts)
    return Formula(text) if any(sign in text for sign in "*+/") else text


def _check(label: str, value: float, low: int, high: int) -> None:
    if not low <= value <= high:
        raise refused("setting-range", label=label, value=value, range=f"{low} to {high}")


__all__ = ["Refused", "open_project", "replace_project", "with_plan", "with_settings"]
