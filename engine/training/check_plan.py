"""What a plan needs of a drawing and its datasets: all that would make a run fail, said before it starts. No torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from engine.blocks.inputs import promised_fields
from engine.data.fields import Field
from engine.graph.analysis import Analysis, path_key, port_key
from engine.graph.block_type import BlockType, lenient_parameters
from engine.graph.graph import Block, Graph
from engine.graph.problem import Fact, Fix, Problem, Severity
from engine.graph.tensor_spec import TensorSpec
from engine.training.advice import advice
from engine.training.check_learning import learning_problems
from engine.training.flat_graph import FlatGraph, IdPath
from engine.training.plan import MOST_THREADS, ContrastiveDivergence, Plan, Stage, Supervised
from engine.training.pointers import pointer_problems
from engine.training.unused import Unused

Types = Mapping[str, BlockType]
MOST = 2**63 - 1
"""The largest whole number of a plan: torch and the worker's messages count in 64 bits."""

_OF_PAIRS = frozenset({"contrastive", "cosine_embedding"})


class DatasetFacts(Protocol):
    """What is known of a dataset without loading it."""

    @property
    def fields(self) -> Sequence[Field]:
        """Its columns."""
        ...

    @property
    def rows(self) -> int:
        """Its rows in all parts together."""
        ...


def check_plan(
    graph: Graph,
    plan: Plan,
    datasets: Mapping[str, DatasetFacts],
    types: Types,
    analysis: Analysis | None = None,
    *,
    training_rows: Mapping[str, int] | None = None,
    for_run: bool = True,
) -> tuple[Problem, ...]:
    """All problems between plan, drawing and `datasets` (by name), errors first.

    Shapes are taken from `analysis`; without it the checks that need them are left out, as are those that need
    `training_rows` (samples to train on, by dataset) where a set is not named there. `for_run` false: an Input without
    a dataset is advice. Problems that the analysis itself tells are not repeated.
    """
    flat = FlatGraph(graph, types)
    check = _Check(flat, plan, datasets, types, analysis or Analysis(), training_rows or {}, for_run)
    told = {(problem.code, problem.path) for problem in check.analysis.problems}
    found = [problem for problem in check.problems() if (problem.code, problem.path) not in told]
    rank: dict[Severity, int] = {"error": 0, "warning": 1, "advice": 2}
    return tuple(sorted(found, key=lambda problem: rank[problem.severity]))


def setting_problems(plan: Plan) -> Iterator[Problem]:
    """The plan's own numbers that are out of their ranges, whatever is drawn."""
    if not plan.stages:
        yield Problem(code="no-stages")
    whole = [("Batch size", plan.batch_size, 1, MOST), ("Seed", plan.seed, 0, MOST)]
    if plan.threads is not None:
        whole.append(("Threads", plan.threads, 1, MOST_THREADS))
    for index, stage in enumerate(plan.stages):
        whole.append((_label("Epochs", index, plan.stages), stage.epochs, 1, MOST))
        if isinstance(stage, ContrastiveDivergence):
            whole.append((_label("Steps k", index, plan.stages), stage.k, 1, MOST))
    for label, value, least, most in whole:
        if value < least:
            yield _out_of_range(label, value, f"{least} or more")
        elif value > most:
            yield _out_of_range(label, value, f"{least} to {most}")
    for index, stage in enumerate(plan.stages):
        if not (math.isfinite(stage.learning_rate) and stage.learning_rate > 0):
            yield _out_of_range(_label("Learning rate", index, plan.stages), stage.learning_rate, "more than 0")
        if not 0 <= stage.momentum < 1:
            yield _out_of_range(_label("Momentum", index, plan.stages), stage.momentum, "0 to 1, without 1")
        if not (math.isfinite(stage.weight_decay) and stage.weight_decay >= 0):
            yield _out_of_range(_label("Weight decay", index, plan.stages), stage.weight_decay, "0 or more")


class _Check:
    def __init__(
        self,
        flat: FlatGraph,
        plan: Plan,
        datasets: Mapping[str, DatasetFacts],
        types: Types,
        analysis: Analysis,
        training_rows: Mapping[str, int],
        for_run: bool,
    ) -> None:
        self.flat, self.plan, self.datasets, self.types = flat, plan, datasets, types
        self.analysis, self.training_rows, self.for_run = analysis, training_rows, for_run
        self.supervised = any(isinstance(stage, Supervised) for stage in plan.stages)
        self.inputs = flat.of_role("input")
        self.losses = flat.of_role("loss")
        named = (tuple(s.block.split("/")) for s in plan.stages if isinstance(s, ContrastiveDivergence))
        self.pretrained = [path for path in named if path in flat.blocks]
        self.unused = Unused(flat, types, self.analysis, [*self.losses, *self.pretrained])

    def problems(self) -> Iterator[Problem]:
        if not self.flat.blocks:
            return
        yield from setting_problems(self.plan)
        yield from self.stages()
        yield from learning_problems(self.flat.graph, self.types)
        yield from self.data()
        if self.supervised:
            yield from self.losses_and_targets()
            yield from self.what_learns()
        reached = self.flat.upstream([*self.pretrained, *(self.losses if self.supervised else ())])
        yield from pointer_problems(self.flat, self.types, self.analysis, reached, self._classes_of)
        yield from self.batches()
        yield from advice(self.flat, self.types, self.analysis, self.unused)

    def stages(self) -> Iterator[Problem]:
        for index, stage in enumerate(self.plan.stages):
            if not isinstance(stage, ContrastiveDivergence):
                continue
            path = tuple(stage.block.split("/"))
            block = self.flat.blocks.get(path)
            fix = Fix(edit="remove_stage", arguments=(index,))
            if block is None:
                facts: dict[str, Fact] = {"stage": index + 1, "id": stage.block}
                yield Problem(code="stage-block", facts=facts, fixes=(fix,))
            elif not self._has_trait(block, "energy"):
                yield Problem(
                    code="stage-kind", path=path, facts={"stage": index + 1, **self._names(block)}, fixes=(fix,)
                )

    def data(self) -> Iterator[Problem]:
        rows: dict[str, tuple[Block, int]] = {}
        for path in self.inputs:
            block = self.flat.blocks[path]
            parameters = lenient_parameters(self.types[block.type], block, self.flat.variables)
            name = str(parameters.get("dataset") or "")
            if not name:
                severity: Severity = "error" if self.for_run else "advice"
                yield Problem(code="no-dataset", severity=severity, path=path, facts=self._names(block))
                continue
            known = self.datasets.get(name)
            if known is None:
                hint = f"Choose one of {', '.join(sorted(self.datasets))}." if self.datasets else ""
                yield Problem(code="unknown-dataset", path=path, facts={"dataset": name, "hint": hint})
                continue
            given = {field.name: field for field in known.fields}
            for promised in promised_fields(parameters):
                field = given.get(promised.name)
                if field != promised:
                    facts: dict[str, Fact] = {
                        **self._names(block),
                        "promised": promised.text,
                        "dataset": name,
                        "given": field.text if field is not None else f"no {promised.name}",
                    }
                    yield Problem(code="dataset-field", path=path, port=promised.name, facts=facts)
            rows.setdefault(name, (block, self.training_rows.get(name, known.rows)))
        counts = list(rows.items())
        for name, (_, count) in counts[1:]:
            first, (_, first_count) = counts[0]
            if count != first_count:
                different: dict[str, Fact] = {
                    "first": first,
                    "first_rows": first_count,
                    "second": name,
                    "second_rows": count,
                }
                yield Problem(code="rows-differ", path=(rows[name][0].id,), facts=different)

    def losses_and_targets(self) -> Iterator[Problem]:
        if not self.losses:
            energy = next((path for path, block in self.flat.blocks.items() if self._has_trait(block, "energy")), None)
            if energy is None:
                yield Problem(code="no-loss")
            else:
                fix = Fix(edit="add_contrastive_divergence", arguments=("/".join(energy),))
                name = self.flat.blocks[energy].name
                yield Problem(code="no-loss-energy", path=energy, facts={"name": name}, fixes=(fix,))
        for path in self.losses:
            block = self.flat.blocks[path]
            prediction = self.types[block.type].prediction
            yield from self._two_classes(path, block)
            if prediction is None:
                yield from self._codes(path, block)
                continue
            target = self.flat.source_of(path, prediction.target)
            if target is None:
                facts: dict[str, Fact] = {**self._names(block), "port": prediction.target}
                yield Problem(code="no-target", path=path, port=prediction.target, facts=facts)
                continue
            yield from self._classes(path, block, prediction.port, prediction.transform, target)

    def _two_classes(self, path: IdPath, block: Block) -> Iterator[Problem]:
        """A label of many classes where the loss takes 0 or 1: any larger number would be taken for one."""
        prediction = self.types[block.type].prediction
        if block.type not in _OF_PAIRS and (prediction is None or prediction.transform != "sigmoid"):
            return
        target = self.flat.source_of(path, "target")
        classes = self._classes_of(target) if target is not None else None
        if classes is not None and classes > 2:
            more = (
                "Say of each pair 0 or 1." if prediction is None else f"Use a cross-entropy behind {classes} outputs."
            )
            facts: dict[str, Fact] = {**self._names(block), "classes": classes, "hint": more}
            yield Problem(code="two-classes", path=path, port="target", facts=facts)

    def _codes(self, path: IdPath, block: Block) -> Iterator[Problem]:
        """A penalty on the derivative of one port by another is 0 where the one does not depend on the other."""
        if not self._has_trait(block, "needs_gradient"):
            return
        given, code = self.flat.source_of(path, "input"), self.flat.source_of(path, "code")
        if given is None or code is None:
            return
        if given[0] not in self.flat.upstream([code[0]]) or given == code:
            severity: Severity = "error" if len(self.losses) == 1 else "warning"
            yield Problem(code="code-apart", severity=severity, path=path, port="code", facts=self._names(block))

    def _classes(
        self, path: IdPath, block: Block, port: str, transform: str, target: tuple[IdPath, str]
    ) -> Iterator[Problem]:
        classes = self._classes_of(target)
        source = self.flat.source_of(path, port)
        spec = self.analysis.specs.get(port_key(*source)) if source is not None else None
        if transform != "softmax" or classes is None or spec is None or spec.rank < 2:
            return
        outputs = spec.shape[1]
        if isinstance(outputs, int) and outputs < classes:
            facts: dict[str, Fact] = {**self._names(block), "outputs": outputs, "classes": classes}
            yield Problem(code="too-few-outputs", path=path, port=port, facts=facts, fixes=self._widen(source, classes))
        elif isinstance(outputs, int) and outputs > classes:
            facts = {**self._names(block), "outputs": outputs, "classes": classes}
            fixes = self._widen(source, classes)
            yield Problem(code="spare-outputs", severity="advice", path=path, port=port, facts=facts, fixes=fixes)

    def _classes_of(self, source: tuple[IdPath, str]) -> int | None:
        path, port = source
        block = self.flat.blocks[path]
        type = self.types.get(block.type)
        if type is None or type.role != "input":
            return None
        parameters = lenient_parameters(type, block, self.flat.variables)
        return next((field.classes for field in promised_fields(parameters) if field.name == port), None)

    def _widen(self, source: tuple[IdPath, str] | None, classes: int) -> tuple[Fix, ...]:
        if source is None:
            return ()
        path, _ = source
        block = self.flat.blocks[path]
        parameter = self.types[block.type].parameter("out_features")
        if parameter is None:
            return ()
        fix = Fix(
            edit="set_parameter",
            arguments=(block.id, parameter.id, classes),
            body=path[:-1],
            facts={"label": parameter.label, "value": classes},
        )
        return (fix,)

    def what_learns(self) -> Iterator[Problem]:
        if not self.analysis.costs or not self.losses:
            return
        reached = self.unused.reached
        weighted = [path for path, block in self.flat.blocks.items() if block.body is None and self._has_weights(path)]
        # A block whose input is unknown may have weights yet: that an input is missing is said already.
        unknown = any(
            self.flat.blocks[path].body is None and path_key(path) not in self.analysis.costs for path in reached
        )
        if not unknown and not any(path in reached and not self.flat.blocks[path].learning.frozen for path in weighted):
            yield Problem(code="nothing-trains", fixes=self._unfreeze([path for path in weighted if path in reached]))
        for path in weighted:
            if path not in reached:
                facts = self._names(self.flat.blocks[path])
                fixes = self.unused.fixes(path)
                yield Problem(code="not-connected", severity="warning", path=path, facts=facts, fixes=fixes)

    def _unfreeze(self, frozen: Sequence[IdPath]) -> tuple[Fix, ...]:
        """All frozen blocks of the body that has the most of them."""
        if not frozen:
            return ()
        count = Counter(path[:-1] for path in frozen)
        body = max(count, key=lambda body: (count[body], -len(body)))
        ids = tuple(path[-1] for path in frozen if path[:-1] == body)
        name = f"{len(ids)} blocks" if len(ids) > 1 else self.flat.blocks[(*body, *ids)].name
        return (Fix(edit="set_frozen", arguments=(ids, False), body=body, facts={"name": name}),)

    def _has_weights(self, path: IdPath) -> bool:
        cost = self.analysis.costs.get(path_key(path))
        return cost is not None and cost.parameters > 0

    def batches(self) -> Iterator[Problem]:
        counts = [self.training_rows[name] for name in self._dataset_names() if name in self.training_rows]
        batch = self.plan.batch_size
        rows = counts[0] if counts else None
        if rows is not None and batch > rows:
            fix = _batch_fix(rows)
            facts: dict[str, Fact] = {"batch": batch, "rows": rows}
            yield Problem(code="batch-size", severity="warning", facts=facts, fixes=(fix,))
        if not self.supervised or batch < 1:
            return
        which = "first" if batch == 1 else "last" if rows is not None and rows % batch == 1 else None
        if which is None:
            return
        better = next((size for size in range(max(2, batch), batch + 64) if rows is None or rows % size != 1), 2)
        reached = self.flat.upstream(self.losses)
        for path, block in self.flat.blocks.items():
            if path in reached and self._has_trait(block, "batch_statistics") and self._single(path):
                facts = {**self._names(block), "which": which}
                yield Problem(code="batch-norm-single", path=path, facts=facts, fixes=(_batch_fix(better),))

    def _single(self, path: IdPath) -> bool:
        """Whether one sample gives one value a channel at the block's input."""
        source = self.flat.source_of(path, "input")
        spec: TensorSpec | None = self.analysis.specs.get(port_key(*source)) if source is not None else None
        return spec is not None and all(length == 1 for length in spec.shape[2:])

    def _dataset_names(self) -> Iterator[str]:
        for path in self.inputs:
            block = self.flat.blocks[path]
            yield str(lenient_parameters(self.types[block.type], block, self.flat.variables).get("dataset") or "")

    def _has_trait(self, block: Block, trait: str) -> bool:
        type = self.types.get(block.type)
        return type is not None and trait in type.traits

    def _names(self, block: Block) -> dict[str, Fact]:
        type = self.types.get(block.type)
        return {"title": type.title if type is not None else block.type, "name": block.name}


def _batch_fix(value: int) -> Fix:
    return Fix(edit="set_batch_size", arguments=(value,), facts={"value": value})


def _label(words: str, index: int, stages: tuple[Stage, ...]) -> str:
    return words if len(stages) == 1 else f"{words} of stage {index + 1}"


def _out_of_range(label: str, value: float, range: str) -> Problem:
    return Problem(code="setting-range", facts={"label": label, "value": value, "range": range})
