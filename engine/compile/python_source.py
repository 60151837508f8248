"""Writes a drawing as one Python file: the classes, loss and loader that a person would have written in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import torch

from engine.compile.analyse import Analyser
from engine.compile.network import Network
from engine.compile.probing import construct
from engine.compile.source_classes import ClassWriter
from engine.compile.source_constructors import constructor_arguments
from engine.compile.source_families import ClassText
from engine.compile.source_idioms import IDIOMS, loss_function
from engine.compile.source_losses import loss_text, output_names
from engine.compile.source_modules import OWN, own_sources
from engine.compile.source_names import attribute_path
from engine.compile.source_own import OWN_BLOCK, own_files
from engine.compile.source_parts import BodyPlan, Owner, Plan
from engine.compile.source_plan import Planner
from engine.compile.source_text import Import, call, docstring, import_lines
from engine.graph.analysis import path_key
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.problem import Refused
from engine.graph.tensor_spec import Dim, TensorSpec

Lines = tuple[int, int]
"""First and last line, counted from 1."""

TIME_STEPS = 32
"""How long the sequences are on which a written file tries itself."""
_RESERVED = {
    *("Tensor", "Path", "compute_loss", "load_weights", "load_model"),
    *("functional", "torch", "nn", "sys", "model"),
}


class Source(msgspec.Struct, frozen=True, eq=False):
    """A written file; `lines` tells which of them speak of the block at each path.

    `name` is the class of the network; `inputs` are the keys of what its forward takes, `outputs` of what it returns,
    called `output_names`; `modules` are the dotted names of its parts.
    """

    text: str
    lines: Mapping[str, tuple[Lines, ...]]
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    output_names: tuple[str, ...]
    modules: frozenset[str]


def write_source(graph: Graph, types: Mapping[str, BlockType], title: str, analyser: Analyser | None = None) -> Source:
    """The drawing as Python, the network's class called after `title`; the same text for equal drawings.

    Its forward returns the predictions, then what else the losses read; without a loss, the outputs that nothing reads.
    Raises Refused with the first error of the drawing, and `export-own` where a block's own file cannot be imported.
    """
    analyser = analyser or Analyser(types)
    analysis = analyser.analyse(graph)
    for problem in analysis.problems:
        if problem.severity == "error":
            raise Refused(problem)
    files = own_files(graph, types)
    plan = Planner(graph, analyser.records(graph), types).plan()
    return _FileWriter(plan, types, title, analysis.specs, files).write()


class _FileWriter:
    def __init__(
        self,
        plan: Plan,
        types: Mapping[str, BlockType],
        title: str,
        specs: Mapping[str, TensorSpec],
        files: frozenset[str],
    ) -> None:
        self._files = files
        self._plan, self._types, self._title, self._specs = plan, types, title, specs
        self._lines: list[str] = []
        self._marks: dict[str, list[Lines]] = {}

    def write(self) -> Source:
        """The whole file."""
        plan = self._plan
        own = own_sources(self._own_modules())
        taken = (
            _RESERVED
            | self._files
            | set(own.names.values())
            | {(name or module).rpartition(" as ")[2] for module, name in own.imports}
        )
        writer = ClassWriter(plan, own.names, taken)
        classes = writer.write(self._title, f"{self._title}: {self._shapes()}")
        loss = loss_text(plan, lambda use: writer.expression(use.type)) if plan.losses else None
        imports: set[Import] = {("sys", ""), ("torch", ""), ("safetensors.torch", "load_model"), ("pathlib", "Path")}
        imports |= writer.imports | own.imports | (loss.imports if loss is not None else set())
        self._lines = docstring(f"{self._title}, drawn in Tensorloom", 0)
        self._lines += ["", "from __future__ import annotations", "", *import_lines(imports)]
        for number, definition in enumerate(own.definitions):
            lines = definition.splitlines()
            if number == 0 and not lines[0].startswith(("class ", "def ", "@")):
                self._lines += ["", *lines]
            else:
                self._section(lines)
        for text in classes:
            self._class(text)
        if loss is not None:
            first = self._section(loss.lines)
            for key, start, end in loss.marks:
                self._mark(key, first + start - 1, first + end - 1)
        name = classes[-1].name
        self._section(self._loader(name))
        self._section(self._trial(name))
        return Source(
            text="\n".join(self._lines) + "\n",
            lines={key: tuple(sorted(set(lines))) for key, lines in sorted(self._marks.items())},
            name=name,
            inputs=tuple(tensor.key for tensor in plan.root.entries),
            outputs=tuple(tensor.key for tensor in plan.root.returns),
            output_names=tuple(output_names(plan).values()),
            modules=frozenset(attribute_path(plan, owner) for owner in plan.declared),
        )

    def _own_modules(self) -> list[str]:
        """Our own classes that the file calls, in the order in which it first does."""
        found: dict[str, None] = {}

        def visit(body: BodyPlan) -> None:
            for step in body.steps:
                if step.inner is not None:
                    for inner in step.copies or (step.inner,):
                        visit(inner)
                elif step.type.module not in IDIOMS:
                    found[OWN_BLOCK if "own_code" in step.type.traits else step.type.module] = None

        visit(self._plan.root)
        for loss in self._plan.losses:
            options = constructor_arguments(loss.type, loss.record.parameters, loss.record.inputs)
            if loss_function(loss.type.module, options) is None:
                found[loss.type.module] = None
        return [module for module in found if module.startswith(OWN)]

    def _section(self, lines: tuple[str, ...] | list[str]) -> int:
        """Add lines behind two empty ones. Returns the number of the first."""
        self._lines += ["", "", *lines]
        return len(self._lines) - len(lines) + 1

    def _class(self, text: ClassText) -> None:
        first = self._section(text.lines)
        for path, marks in text.marks.items():
            # Without the number of a copy, the drawing shows what is the same in all of them.
            shown = tuple(step for step in path if isinstance(step, str))
            for place in {path, shown}:
                if place:
                    self._mark(path_key(place), first, first + len(text.lines) - 1)
                for id, start, end in marks:
                    self._mark(path_key((*place, id)), first + start - 1, first + end - 1)

    def _mark(self, key: str, first: int, last: int) -> None:
        self._marks.setdefault(key, []).append((first, last))

    def _shapes(self) -> str:
        """`image N×1×8×8 to logits N×10`."""
        names = output_names(self._plan)
        given = ", ".join(f"{tensor.port.port} {self._specs[tensor.key]}" for tensor in self._plan.root.entries)
        made = ", ".join(f"{name} {self._specs[tensor.key]}" for tensor, name in names.items())
        return f"{given or 'nothing'} to {made}"

    def _loader(self, name: str) -> list[str]:
        load = ["    load_model(model, path)"]
        if self._has_more_weights():
            load = [
                "    missing, _ = load_model(model, path, strict=False)",
                "    if missing:",
                '        raise ValueError(f"{path} lacks {min(missing)}")',
            ]
        return [
            f"def load_weights(path: str | Path) -> {name}:",
            '    """The network with the weights of a safetensors file, ready to predict."""',
            f"    model = {name}()",
            *load,
            "    return model.eval()",
        ]

    def _has_more_weights(self) -> bool:
        """Whether a block has weights, or other numbers that are saved, and no part in the file."""
        for path, records in self._plan.records.items():
            for id, record in records.items():
                type = self._types[record.block.type]
                is_out = Owner(path, id) not in self._plan.declared and type.role in ("layer", "loss")
                if is_out and type.module and not record.block.bypassed and record.block.weights is None:
                    with torch.device("meta"):
                        if construct(type, record.parameters, record.inputs).state_dict():
                            return True
        return False

    def _trial(self, name: str) -> list[str]:
        zeros = [_zeros(self._specs[tensor.key]) for tensor in self._plan.root.entries]
        lines = ['if __name__ == "__main__":', f"    model = {name}().eval()", "    with torch.no_grad():"]
        names = list(output_names(self._plan).values())
        lines += call(f"{', '.join(names)} = model", zeros, indent=8)
        return [*lines, *(f'    sys.stdout.write(f"{{tuple({name}.shape)}}\\n")' for name in names)]


def _zeros(spec: TensorSpec) -> str:
    """A batch of one sample, all zero."""
    shape = [length.at(TIME_STEPS) if isinstance(length, Dim) else length for length in spec.shape]
    kind = "" if spec.dtype == "float32" else f", dtype=torch.{spec.dtype}"
    return f"torch.zeros({', '.join(map(str, shape))}{kind})"


def source_state(source: Source, network: Network) -> dict[str, torch.Tensor]:
    """The weights of `network` that the written file has, under the names that it gives them."""
    return {
        name: tensor
        for name, tensor in network.readable_state().items()
        if any(name[:end] in source.modules for end, sign in enumerate(name) if sign == ".")
    }
