"""A few words for drawing published networks: blocks one behind the other, bodies, and the plan around them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.catalogue import DATASETS
from engine.graph.edits import set_learning, set_weights
from engine.graph.graph import Graph, Initialiser, Learning, Weights
from engine.graph.layout import laid_out
from engine.graph.scope import Scope
from engine.graph.values import Value
from engine.project.drawing import Drawing
from engine.project.project_file import Project
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Supervised, ViewSpec

IMAGENET = ("image: 3×224×224 float32", "label: 1000 classes")


class Sketch:
    """A network drawn block by block: `add` wires each to the `last` one. Ids are numbers behind a prefix."""

    def __init__(self, prefix: str = "b", inside: bool = False) -> None:
        self.drawing = Drawing(BLOCK_TYPES, inside)
        self.last = ""
        self._prefix = prefix
        self._count = 0
        if inside:
            self.add("entry", "Entry")

    @classmethod
    def of(cls, dataset: str, fields: tuple[str, ...] = (), first: str = "") -> Sketch:
        """With an Input that shows `dataset`, or promises `fields`; the chain begins at the field `first`."""
        sketch = cls()
        fields = fields or tuple(field.text for field in DATASETS[dataset].fields)
        sketch.drawing.add("input", "input", dataset=dataset, fields=fields)
        sketch.last = f"input.{first or fields[0].partition(':')[0]}"
        return sketch

    def add(
        self,
        type: str,
        name: str = "",
        *,
        body: Graph | None = None,
        after: str | None = None,
        weights: Weights | None = None,
        start: Mapping[str, Initialiser] | None = None,
        **parameters: Value,
    ) -> str:
        """One more block behind `after`, else behind the last; returns its id."""
        self._count += 1
        id = self.drawing.add(f"{self._prefix}{self._count:02d}", type, name=name, body=body, **parameters)
        source = self.last if after is None else after
        if source:
            prediction = BLOCK_TYPES[type].prediction
            self.drawing.wire(source, f"{id}.{prediction.port}" if prediction is not None else id)
        scope = Scope(types=BLOCK_TYPES)
        if start is not None:
            self.drawing.graph = set_learning(self.drawing.graph, scope, id, Learning(initialisers=start))
        if weights is not None:
            self.drawing.graph = set_weights(self.drawing.graph, scope, id, weights)
        self.last = id
        return id

    def join(self, type: str, *ends: str, name: str = "", **parameters: Value) -> str:
        """A block that merges `ends`, in the order of its ports."""
        if len(ends) > 2:
            parameters["inputs"] = len(ends)
        id = self.add(type, name, after="", **parameters)
        for end, port in zip(ends, "abcdefgh", strict=False):
            self.drawing.wire(end, f"{id}.{port}")
        return id

    def convolution(self, filters: Value, size: int, name: str = "", **more: Value) -> str:
        """A square convolution. `stride` and `padding` may be whole numbers; no padding given: it keeps the size."""
        for key in ("stride", "padding"):
            amount = more.get(key)
            if isinstance(amount, int):
                more[key] = (amount, amount)
        padding = more.pop("padding", None)
        if padding == (0, 0):
            more["padding"] = "none"
        elif padding is not None:
            more.update(padding="custom", padding_size=padding)
        more["kernel_size"] = (size, size)
        return self.add("conv2d", name, out_channels=filters, **more)

    def pool(self, size: int = 2, stride: int | None = None, padding: int = 0, type: str = "max_pool2d") -> str:
        """A square pooling."""
        more: dict[str, Value] = {"padding": (padding, padding)} if padding else {}
        if stride is not None and stride != size:
            more["stride"] = (stride, stride)
        return self.add(type, kernel_size=(size, size), **more)

    def dense(self, units: int, name: str = "", **more: Value) -> str:
        """A Dense."""
        return self.add("dense", name, out_features=units, **more)

    def body(self) -> Graph:
        """What was drawn inside a container, closed by an Exit."""
        self.add("exit", "Exit")
        return self.drawing.graph

    def loss(self, type: str, target: str, **parameters: Value) -> str:
        """A loss behind the last block, its target wired to the port `target`."""
        id = self.add(type, **parameters)
        self.drawing.wire(target, f"{id}.target")
        return id

    def project(
        self,
        title: str,
        about: str,
        tries: tuple[str, ...],
        *,
        stages: tuple[Supervised | ContrastiveDivergence, ...] = (Supervised(epochs=10),),
        batch_size: int = 64,
        views: tuple[tuple[str, str | None], ...] = (("loss", None),),
    ) -> Project:
        """The drawing laid out, as a project with a plan."""
        dataset = str(self.drawing.graph.blocks["input"].parameters.get("dataset", ""))
        settings = Settings(
            plan=Plan(stages=stages, batch_size=batch_size),
            datasets=(DatasetRef(dataset),) if dataset else (),
            views=tuple(
                ViewSpec(id=f"view-{number}", kind=kind, block=block) for number, (kind, block) in enumerate(views, 1)
            ),
            title=title,
            about=grouped(about),
            tries=tuple(map(grouped, tries)),
        )
        graph = laid_out(self.drawing.graph, BLOCK_TYPES)
        return Project(graph, settings)


def grouped(text: str) -> str:
    """A text with its numbers as the window writes them: thin spaces in place of commas."""
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "\N{THIN SPACE}", text)


def he_start() -> dict[str, Initialiser]:
    """He's start of the weights."""
    return {"weight": Initialiser("he-normal")}
