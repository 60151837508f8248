"""Analyse, and what the plan asks of drawing and datasets beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.blocks.inputs import dataset_names
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS, DatasetInfo
from engine.data.datasets import load_dataset
from engine.graph.block_type import BlockType
from engine.graph.problem import Problem, Refused
from engine.training.check_plan import check_plan
from engine.training.plan import DatasetRef
from engine.worker.protocol import Analyse, Analysed


def answer_analyse(message: Analyse, analyser: Analyser, types: Mapping[str, BlockType]) -> Analysed:
    """The analysis of the drawing, and the problems of its plan and datasets."""
    names = dataset_names(message.graph, types)
    analysis = analyser.analyse(message.graph)
    datasets, rows, missing = _known(names, message.datasets)
    problems = check_plan(message.graph, message.plan, datasets, types, analysis, training_rows=rows)
    # a dataset that is known but not here has a sentence of its own
    kept = (problem for problem in problems if problem.facts.get("dataset") not in missing)
    return Analysed(id=message.id, analysis=analysis, problems=(*missing.values(), *kept))


def _known(
    names: tuple[str, ...], refs: tuple[DatasetRef, ...]
) -> tuple[Mapping[str, DatasetInfo], Mapping[str, int], Mapping[str, Problem]]:
    """What is known of the datasets, how many samples of each are to train on, and by name why some are not here."""
    by_name = {ref.name: ref for ref in refs}
    datasets: dict[str, DatasetInfo] = dict(DATASETS)
    rows: dict[str, int] = {}
    missing: dict[str, Problem] = {}
    for name in names:
        ref = by_name.get(name, DatasetRef(name=name))
        if ref.folder is None and name not in DATASETS:
            continue
        try:
            dataset = load_dataset(ref)
        except Refused as refused:
            missing[name] = refused.problem
            continue
        rows[name] = len(dataset.train)
        if ref.folder is not None:
            datasets[name] = DatasetInfo(
                name=name, title=dataset.title, about="", fields=dataset.fields, rows=dataset.rows
            )
    return MappingProxyType(datasets), rows, missing
